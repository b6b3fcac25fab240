/* SPDX-License-Identifier: ISC */
#include "leg.h"
#include "base/log.h"
#include "base/map.h"
#include "base/pool.h"
#include "base/rand.h"
#include "call.h"
#include "hotdesk.h"
#include "ipc/left_out.h"
#include "kept.h"
#include "leg_fork.h"
#include "leg_late.h"
#include "leg_send.h"
#include "mark.h"
#include "owed.h"
#include "media.h"
#include "session.h"
#include "share.h"
#include "trunk.h"
#include <stdio.h>
#include <stdlib.h>

enum {
	CSEQ_LEAP = 1 << 12,
	CALLS_LEAST = 8,                    /* of one phone */
	LEGS_LEAST = CALL_TARGETS_MAX + 32, /* a call to the largest group, and others beside it */
};

static struct pool pool;
static struct map by_tag; /* our own tag is unique */
static struct leg *table;
static struct arena_table *store;
static struct share calls, legs;

static bool tag_matches(const void *owner, uint32_t slot, struct span key)
{
	(void)owner;
	return span_eq(span_str(table[slot].r.local_tag), key);
}

struct arena_shape leg_shape(const struct site *s)
{
	/* two for each call, and the phones that ring beside the one that answers */
	return (struct arena_shape){sizeof(struct leg_record) + LEG_BODY_MAX, 3 * s->max_calls + 64};
}

struct leg *leg_get(uint64_t id)
{
	int64_t at = pool_index(&pool, id);
	return at < 0 ? NULL : &table[at];
}

void leg_each(void (*visit)(struct leg *l, void *arg), void *arg)
{
	for (uint32_t i = 0; i < pool.cap; i++)
		if (pool_id_at(&pool, i) != ID_NONE)
			visit(&table[i], arg);
}

static uint32_t slot_of(const struct leg *l)
{
	return id_index(l->r.id);
}

static bool is_over(const struct leg *l)
{
	return l->r.state == LEG_LEAVING || l->r.state == LEG_OWING || l->r.state == LEG_IN_CLOSING;
}

/* Where edge and core go together nobody cancels what rings: the next core ends it. */
static bool rings(const struct leg *l)
{
	return l->r.state == LEG_OUT_EARLY || l->r.state == LEG_OUT_LEAVING;
}

static bool worth_keeping(const struct leg *l)
{
	return l->r.state == LEG_UP || l->r.state == LEG_IN_ANSWERED || is_over(l) || rings(l);
}

void leg_save(struct leg *l)
{
	l->r.trunk_is = mark_of_trunk(l->r.trunk);
	l->r.media_is = mark_of_media(l->r.listener);
	if (worth_keeping(l))
		arena_put_parts(store, slot_of(l), span_of(&l->r, sizeof l->r), leg_body(l));
	else if (arena_get(store, slot_of(l)))
		arena_clear(store, slot_of(l));
}

static void later_fires(struct timer *t, uint64_t now_ms);

/* A leg of no call shares the tag of the one beside which it answered. */
static void enter(struct leg *l)
{
	l->later.fire = later_fires;
	if (l->r.call != ID_NONE)
		map_put(&by_tag, span_str(l->r.local_tag), slot_of(l));
}

/* What of it is wrong leaves nothing behind. */
static bool take_over(struct leg *l, const struct leg_record *r)
{
	const uint64_t id = kept_id(r->id);

	l->r = *r;
	l->r.id = id;
	if (l->r.session_s > SESSION_MAX_S) /* of a build that took any */
		l->r.session_s = 0;
	l->by = NOBODY;
	if (leg_adopt_body(l, (const uint8_t *)(r + 1)) && pool_adopt(&pool, id))
		return true;
	leg_text_free(l);
	memset(l, 0, sizeof *l);
	return false;
}

/* An address that nobody speaks at any more is no place for a talk, and a call that was another node's is no call of ours: its phone
 * hears BYE. */
static bool may_talk_on(struct leg *l)
{
	if (!mark_find_media(l->r.media_is, &l->r.listener)) {
		l->r.listener = 0;
		return false;
	}
	return l->r.call == ID_NONE || id_node(l->r.call) == child_node();
}

/* Who is beyond the limits is on nobody's list. */
static bool has_place(const struct leg_record *r)
{
	return kept_fits(r->user, r->device) && kept_fits(r->person, NOBODY);
}

static void adopt(void)
{
	for (uint32_t i = 0; i < store->count; i++) {
		const struct leg_record *r = arena_get(store, i);
		struct leg *l = &table[i];
		if (!r)
			continue;
		const bool ok = kept_leg_ok(r);
		uint8_t trunk = r->trunk;
		if (arena_marks(store, i) >= ARENA_MARKS_MAX ||
		    (ok && (!has_place(r) || !mark_find_trunk(r->trunk_is, &trunk)))) {
			arena_clear(store, i);
			left_out_count(LEFT_OUT_LEG);
			continue;
		}
		if (id_index(r->id) != i || !ok || !take_over(l, r)) {
			kept_leave_out(store, i);
			continue;
		}
		l->r.trunk = trunk;
		/* an ACK that was missing is not missed any more, but for what it answers; whether a BYE was heard is not known */
		l->r.state = is_over(l) || rings(l) || !may_talk_on(l) ? LEG_OWING : LEG_UP;
		l->invite.cseq = l->r.remote_cseq;
		/* requests since the last save are not known, and CSeq must rise (RFC 3261 12.2.1.1) */
		l->r.local_cseq += CSEQ_LEAP;
		if (l->r.line)
			(void)trunk_line_take(l->r.trunk, true);
		enter(l);
		leg_save(l);
		if (l->r.state == LEG_OWING)
			owed_begin(l);
		else
			session_adopt(l, EDGES_ARE_BACK_MS);
	}
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Of one phone: a call to the largest group in any case, as the phones that ring beside others' calls have slots of their own. */
static uint32_t legs_most(uint32_t slots)
{
	const uint32_t beside = smaller(slots - 2 * child_site()->max_calls, LEGS_LEAST);

	return slots / 8 > beside ? slots / 8 : beside;
}

void leg_open(struct arena_table *t)
{
	store = t;
	table = calloc(t->count, sizeof *table);
	const uint32_t most = leg_shape(child_site()).count;
	if (!table || !pool_init(&pool, child_node(), t->count, 0) || !map_init(&by_tag, t->count, tag_matches, NULL))
		log_fatal("no memory for legs");
	const uint32_t calls_max = site_calls(child_site());
	pool_limit(&pool, most, pool_share(most));
	share_init(&legs, most, legs_most(most));
	share_init(&calls, calls_max, share_most(calls_max, CALLS_LEAST));
	leg_text_init(t->count + LEG_LATE_MAX);
	leg_fork_init();
	adopt();
}

static uint64_t take_id(enum pool_claim claim)
{
	uint64_t id = pool_take(&pool, claim);

	return id == ID_NONE && owed_make_room(claim == POOL_HELP) ? pool_take(&pool, claim) : id;
}

static struct leg *take(uint64_t call, enum pool_claim claim, uint32_t by)
{
	if (claim == POOL_HELP)
		by = NOBODY;
	if (claim == POOL_BACK && !share_left(&legs, by))
		by = share_of_back();
	if (!share_take(&legs, by))
		return NULL;
	uint64_t id = take_id(claim);
	if (id == ID_NONE) {
		share_release(&legs, by);
		return NULL;
	}
	struct leg *l = &table[id_index(id)];
	l->r.id = id;
	l->r.call = call;
	l->r.claim = (uint8_t)claim;
	l->by = by;
	l->later.fire = later_fires;
	return l;
}

/* On the account of who calls. */
static uint32_t account_of(uint64_t call)
{
	const struct call *c = call_get(call);
	const struct leg *caller = c ? leg_get(c->r.caller) : NULL;

	return caller ? caller->by : NOBODY;
}

static struct leg *leg_new(uint64_t call, enum pool_claim claim, uint32_t by)
{
	struct leg *l = take(call, claim, by);

	if (!l)
		return NULL;
	memcpy(l->r.token, "leg-", 4);
	rand_hex(l->r.token + 4, 12);
	rand_hex(l->r.local_tag, 8);
	l->r.learn_epoch = rand_u32() & ~(uint32_t)RELAY_EPOCH_ANSWERS;
	enter(l);
	return l;
}

bool leg_may_begin(uint32_t who)
{
	return share_has_room(&calls, who);
}

bool leg_has_plenty(const struct leg *caller)
{
	const uint32_t own = smaller(REGISTRAR_TARGETS_MAX, child_site()->max_calls);

	return caller->r.claim == POOL_HELP ||
	       (pool.used + 2 * call_room() < pool.limit && share_left(&legs, caller->by) > own);
}

bool leg_has_spare(uint32_t nth)
{
	return pool.used + pool.limit / (nth < REGISTRAR_TARGETS_MAX ? 4 : 2) < pool.limit;
}

static void begins(struct leg *l)
{
	l->begins = l->by != NOBODY && !l->r.trunk;
	if (l->begins)
		share_add(&calls, l->by);
}

void leg_begins_again(struct leg *l)
{
	if (!l || l->r.claim == POOL_HELP)
		return;
	l->by = share_of_leg(l);
	share_add(&legs, l->by);
	begins(l);
}

void leg_leaves_share(struct leg *l)
{
	share_release(&legs, l->by);
	if (l->begins)
		share_release(&calls, l->by);
	l->by = NOBODY;
	l->begins = false;
}

static void leg_free(struct leg *l)
{
	timer_cancel(&child_wheel, &l->repeat);
	timer_cancel(&child_wheel, &l->later);
	session_stop(l);
	if (!leg_late_keep(l))
		ask_done(l->invite_ref);
	ask_done(l->change_ref);
	ask_done(l->refresh_ref);
	map_del(&by_tag, span_str(l->r.local_tag), slot_of(l));
	if (arena_get(store, slot_of(l)))
		arena_clear(store, slot_of(l));
	if (l->r.line)
		trunk_line_release(l->r.trunk);
	leg_leaves_share(l);
	pool_release(&pool, l->r.id);
	leg_text_free(l);
	memset(l, 0, sizeof *l);
}

const char *leg_name(const struct leg *l, char buf[USER_NAME_MAX + 1])
{
	const struct user *u = directory_user(l->r.person);
	struct number outside;

	if (u)
		return u->name;
	if (l->r.trunk) {
		const struct span number = leg_text(l, LEG_REMOTE_USER);
		bool known = trunk_canon(l->r.trunk, number, &outside);
		span_cstr(span_head(known ? span_str(outside.text) : number, USER_NAME_MAX), buf, USER_NAME_MAX + 1);
		return buf;
	}
	snprintf(buf, USER_NAME_MAX + 1, "phone-%u", l->r.device);
	return buf;
}

/* The fields that every request of the phone in this dialog may bring anew. */
static bool take_dialog(struct leg *l, const struct request *r)
{
	return leg_set_text(l, LEG_CALL_ID, REQUEST_STR(r, call_id)) &&
	       leg_set_text(l, LEG_REMOTE_TAG, REQUEST_STR(r, from_tag)) &&
	       leg_set_text(l, LEG_TARGET, REQUEST_STR(r, contact)) &&
	       leg_set_text(l, LEG_ROUTE_SET, REQUEST_STR(r, route_set));
}

/* As its phone says it is, whoever works there. */
static struct span own_name(const struct leg *l, char buf[USER_NAME_MAX + 1])
{
	const struct user *u = directory_user(l->r.user);

	return span_str(u ? u->name : leg_name(l, buf));
}

struct leg *leg_new_in(struct request *r, uint64_t call)
{
	const struct call *c = call_get(call);
	struct leg *l = leg_new(call, c ? call_claim(c) : POOL_USUAL, share_of_flow(r->flow));
	char name[USER_NAME_MAX + 1];

	if (!l)
		return NULL;
	l->r.state = LEG_IN_CALLING;
	l->r.user = r->user;
	l->r.person = r->flow->trunk ? NOBODY : hotdesk_person(r->user, r->flow->device);
	l->r.device = r->flow->trunk ? NOBODY : r->flow->device;
	l->r.trunk = r->flow->trunk;
	l->r.clear = r->flow->trunk && trunk_conf_of(r->flow->trunk)->media == TRUNK_RTP;
	l->r.flow = r->flow->id;
	l->r.listener = r->flow->listener;
	l->r.seen = r->flow->remote;
	l->r.remote_cseq = r->m->cseq;
	begins(l);
	l->r.allow = r->m->allow;
	l->reliable = (r->m->required & SIP_TAG_100REL) != 0;
	l->invite = r->reply;
	l->rseq = rand_u32() & 0x7fffff;
	if (!take_dialog(l, r) || !r->m->contact.len || !r->m->from_tag.len ||
	    !leg_set_text(l, LEG_LOCAL_USER, REQUEST_STR(r, target_user)) ||
	    !leg_set_text(l, LEG_REMOTE_USER, own_name(l, name))) {
		leg_free(l);
		return NULL;
	}
	return l;
}

/* Over a flow that is there (NULL: none is), from one name to the other. */
static struct leg *new_out(const struct flow *f, uint64_t call, enum pool_claim claim, struct span from, struct span to)
{
	struct leg *l = f ? leg_new(call, claim, account_of(call)) : NULL;
	char call_id[33];

	if (!l)
		return NULL;
	rand_hex(call_id, 16);
	l->r.state = LEG_OUT_SENT;
	l->r.side = 1;
	l->r.flow = f->id;
	l->r.listener = f->listener;
	l->r.seen = f->remote;
	if (!leg_set_text(l, LEG_CALL_ID, span_str(call_id)) || !leg_set_text(l, LEG_LOCAL_USER, from) ||
	    !leg_set_text(l, LEG_REMOTE_USER, to)) {
		leg_free(l);
		return NULL;
	}
	return l;
}

struct leg *leg_new_out(
    const struct registration *to, uint64_t call, enum pool_claim claim, const char *from_user, const char *to_user)
{
	struct leg *l = new_out(flow_get(to->flow), call, claim, span_str(from_user), span_str(to_user));

	if (!l)
		return NULL;
	l->r.user = to->user;
	l->r.person = hotdesk_person(to->user, to->device);
	l->r.device = to->device;
	if (!leg_set_text(l, LEG_TARGET, span_str(to->contact))) {
		leg_free(l);
		return NULL;
	}
	return l;
}

struct leg *leg_new_trunk(uint8_t trunk, uint64_t call, bool emergency, struct span from, struct span number)
{
	char spelled[NUMBER_MAX + 1];

	trunk_spell(trunk, number, spelled);
	struct leg *l = new_out(trunk_flow(trunk), call, emergency, from, span_str(spelled));

	if (!l)
		return NULL;
	l->r.user = l->r.person = l->r.device = NOBODY;
	l->r.trunk = trunk;
	l->r.clear = trunk_conf_of(trunk)->media == TRUNK_RTP;
	l->r.ends = l->r.clear ? RELAY_ENDED_CLEAR : RELAY_ENDED_SDES;
	l->r.line = trunk_line_take(trunk, emergency);
	if (!l->r.line) {
		leg_free(l);
		return NULL;
	}
	return l;
}

/* Requests in its dialog are answered with 481: our tag leads to the leg whose INVITE it was. */
struct leg *leg_new_beside(const struct leg *l, const struct msg_response *m, const struct ipc_view *v)
{
	struct leg *beside = take(ID_NONE, (enum pool_claim)l->r.claim, l->by);

	if (!beside)
		return NULL;
	const uint64_t id = beside->r.id;
	beside->r = l->r;
	beside->r.id = id;
	beside->r.call = ID_NONE;
	beside->r.state = LEG_OUT_LEAVING;
	beside->r.invite_cseq = m->cseq;
	beside->r.line = beside->r.has_local = beside->r.has_remote = 0;
	memset(beside->r.end, 0, sizeof beside->r.end);
	if (!leg_set_text(beside, LEG_CALL_ID, leg_text(l, LEG_CALL_ID)) ||
	    !leg_set_text(beside, LEG_REMOTE_TAG, ipc_str(v, m->to_tag)) ||
	    !leg_set_text(beside, LEG_TARGET, ipc_str(v, m->contact)) ||
	    !leg_set_text(beside, LEG_ROUTE_SET, ipc_str(v, m->route_set)) ||
	    !leg_set_text(beside, LEG_LOCAL_USER, leg_text(l, LEG_LOCAL_USER)) ||
	    !leg_set_text(beside, LEG_REMOTE_USER, leg_text(l, LEG_REMOTE_USER))) {
		leg_free(beside);
		return NULL;
	}
	return beside;
}

struct flow *leg_flow(const struct leg *l)
{
	struct flow *f = flow_get(l->r.flow);

	if (f)
		return f;
	if (l->r.trunk)
		return trunk_flow(l->r.trunk);
	const struct registration *r = registrar_get(l->r.user, l->r.device);
	return r ? flow_get(r->flow) : NULL;
}

/* --- the state machine --- */

static void do_refuse(struct leg *l)
{
	enum refusal why = l->refusal ? (enum refusal)l->refusal : REFUSE_CALLEE_FAILED;
	reply_refuse_dialog(
	    l->invite, why, l->refusal_text ? l->refusal_text : refusal_row(why)->text, span_str(l->r.local_tag));
}

static void do_487(struct leg *l)
{
	reply_refuse_dialog(l->invite, REFUSE_CANCELLED, refusal_row(REFUSE_CANCELLED)->text, span_str(l->r.local_tag));
}

void leg_keep_dialog(struct leg *l)
{
	session_stop(l);
	leg_forget_media(l);
	arena_clear(store, slot_of(l));
	leg_save(l);
}

static void do_bye(struct leg *l)
{
	leg_keep_dialog(l);
	leg_send_bye(l);
}

static void do_bye_ok(struct leg *l)
{
	reply_code(l->request, 200);
}

static void do_no_dialog(struct leg *l)
{
	reply_refuse(l->request, REFUSE_NO_DIALOG);
}

static void tell_up(struct leg *l)
{
	session_start(l);
	call_leg_up(l);
}

static void tell_accepted(struct leg *l)
{
	session_start(l);
	call_leg_accepted(l);
}

/* In the order of enum leg_effect: one bit, one function. */
static void (*const effect[])(struct leg *l) = {
    leg_send_ok,
    do_refuse,
    do_487,
    leg_send_ack,
    leg_send_cancel,
    leg_stop_repeat,
    do_bye,
    do_bye_ok,
    do_no_dialog,
    call_leg_rings,
    tell_accepted,
    call_leg_rejected,
    call_leg_left,
    tell_up,
    leg_free,
    owed_begin,
};

void leg_event(struct leg *l, enum leg_event event)
{
	struct leg_step step = leg_step((enum leg_state)l->r.state, event);
	uint64_t id = l->r.id;

	l->r.state = step.next;
	leg_save(l);
	for (unsigned i = 0; step.effects >> i; i++)
		if (step.effects >> i & 1 && leg_get(id))
			effect[i](l);
}

static void later_fires(struct timer *t, uint64_t now_ms)
{
	struct leg *l = (struct leg *)(void *)((char *)t - offsetof(struct leg, later));

	(void)now_ms;
	leg_event(l, (enum leg_event)l->later_event);
}

void leg_event_later(struct leg *l, enum leg_event event, uint32_t ms)
{
	l->later_event = (uint8_t)event;
	timer_set(&child_wheel, &l->later, child_now() + ms);
}

/* --- what the call wants --- */

/* Who transferred the call there: always whom the exchange authenticated (R4). */
static void put_referrer(const struct leg *l, struct link *edge, struct msg_send *m)
{
	const struct call *c = call_get(l->r.call);
	const struct user *by = c && c->dest.route == ROUTE_TRANSFER ? directory_user(c->dest.payer) : NULL;

	if (by)
		m->referred_by = ipc_put(edge, span_str(by->name));
}

static void put_place(const struct leg *l, struct link *edge, struct msg_send *m)
{
	const struct pidf_place *said = call_place_said(l);

	m->civic = ipc_put(edge, call_place(l));
	m->doubt = call_doubts_place(l);
	if (said)
		m->place = ipc_put_part(edge, said, sizeof *said);
}

void leg_invite(struct leg *l, const struct sdp *offer, const char *display)
{
	struct link *edge;
	struct msg_send *m = leg_begin_request(l, SIP_INVITE, ASK_INVITE, &edge);

	if (!m) {
		l->rejected = 503;
		leg_event_later(l, LEG_REJECTS, 0);
		return;
	}
	l->invite_ref = m->ref;
	l->rseq = l->prack_rseq = 0; /* RFC 3262 3: of each INVITE */
	l->forks = l->agreed = l->updated = 0;
	leg_set_local(l, offer);
	m->from_display = ipc_put(edge, span_str(display));
	if (l->r.trunk) {
		m->number = ipc_put(edge, leg_text(l, LEG_REMOTE_USER));
		put_place(l, edge, m);
	} else {
		put_referrer(l, edge, m);
	}
	m->supported = SIP_TAG_100REL;
	session_put_request(l, m);
	m->sdp = ipc_put_part(edge, offer, sizeof *offer);
	ipc_end(edge);
}

void leg_ring(struct leg *l, uint16_t code)
{
	/* one that must be acknowledged would have to bring our offer (RFC 3262 5) */
	if (l->r.state == LEG_IN_CALLING && !(l->reliable && leg_owes_answer(l)))
		leg_send_provisional(l, code);
}

void leg_answer(struct leg *l, const struct sdp *answer)
{
	leg_set_local(l, answer);
	/* RFC 3262 3: no 2xx before the PRACK of what described the session */
	l->answers = l->r.state == LEG_IN_CALLING && l->ringing && l->early;
	if (!l->answers)
		leg_event(l, LEG_ANSWER);
}

void leg_refuse(struct leg *l, enum refusal why, const char *text)
{
	l->refusal = (uint8_t)why;
	l->refusal_text = text;
	leg_event(l, LEG_REFUSE);
}

void leg_hang_up(struct leg *l, enum refusal why)
{
	if (why)
		l->refusal = (uint8_t)why;
	leg_event(l, LEG_HANG_UP);
}

/* --- what the phone's transactions bring --- */

void leg_cancel(struct reply invite)
{
	/* few legs are in this state at once, and a CANCEL is rare */
	for (uint32_t i = 0; i < pool.cap; i++) {
		struct leg *l = &table[i];
		if (pool_id_at(&pool, i) == ID_NONE || l->invite.txn != invite.txn || l->invite.edge != invite.edge)
			continue;
		leg_event(l, LEG_CANCELS);
		return;
	}
}

void leg_edge_lost(uint32_t edge)
{
	for (uint32_t i = 0; i < pool.cap; i++)
		if (pool_id_at(&pool, i) != ID_NONE && table[i].r.state == LEG_IN_CALLING &&
		    table[i].invite.edge == edge)
			leg_event(&table[i], LEG_EDGE_LOST);
}

void leg_device_lost(uint32_t device)
{
	for (uint32_t i = 0; i < pool.cap; i++)
		if (pool_id_at(&pool, i) != ID_NONE && table[i].r.device == device)
			call_leg_left(&table[i]);
}

void leg_user_lost(uint32_t user)
{
	for (uint32_t i = 0; i < pool.cap; i++)
		if (pool_id_at(&pool, i) != ID_NONE && (table[i].r.user == user || table[i].r.person == user))
			call_leg_left(&table[i]);
}

static bool may_be_at(uint32_t user, uint32_t device)
{
	return user == NOBODY || directory_allows(user, device);
}

static bool may_stay(const struct leg *l)
{
	return l->r.trunk || (directory_valid(l->r.device) && may_be_at(l->r.user, l->r.device) &&
				 may_be_at(l->r.person, l->r.device));
}

void leg_check(void)
{
	for (uint32_t i = 0; i < pool.cap; i++)
		if (pool_id_at(&pool, i) != ID_NONE && !may_stay(&table[i]))
			call_leg_left(&table[i]);
}

/* One that gave its call on in the life before was to be hung up on. */
static bool is_of_its_call(const struct leg *l)
{
	const struct call *c = call_get(l->r.call);

	return c && (c->r.caller == l->r.id || c->r.callee == l->r.id);
}

void leg_drop_orphans(void)
{
	for (uint32_t i = 0; i < pool.cap; i++)
		if (pool_id_at(&pool, i) != ID_NONE && table[i].r.state == LEG_UP && !is_of_its_call(&table[i]))
			leg_event_later(&table[i], LEG_HANG_UP, EDGES_ARE_BACK_MS);
}

void leg_mark(uint64_t id)
{
	if (leg_get(id) && arena_get(store, id_index(id)))
		arena_mark(store, id_index(id));
}

void leg_unmark(uint64_t id)
{
	if (id_index(id) < store->count)
		arena_unmark(store, id_index(id));
}

struct leg *leg_find(struct span call_id, struct span ours, struct span theirs)
{
	uint32_t slot;

	if (!map_get(&by_tag, ours, &slot))
		return NULL;
	struct leg *l = &table[slot];
	if (!span_eq(leg_text(l, LEG_CALL_ID), call_id) || !span_eq(leg_text(l, LEG_REMOTE_TAG), theirs))
		return NULL;
	return l;
}

void leg_status(struct proc_status *s)
{
	status_pool(s, "legs", &pool);
	owed_status(s);
	leg_late_status(s);
	leg_text_status(s);
}
