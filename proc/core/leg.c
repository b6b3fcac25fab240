/* SPDX-License-Identifier: ISC */
#include "leg_int.h"
#include "base/pool.h"
#include "base/rand.h"
#include "call.h"
#include "change.h"
#include "hotdesk.h"
#include "leg_send.h"
#include "owed.h"
#include "session.h"
#include "share.h"
#include "trunk.h"
#include <stdio.h>

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
	leg_begins(l);
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
	struct leg *l = f ? leg_new(call, claim, leg_account_of(call)) : NULL;
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
	struct leg *beside = leg_take(ID_NONE, (enum pool_claim)l->r.claim, l->by);

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
	leg_forget_kept(l);
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

void leg_later_fires(struct timer *t, uint64_t now_ms)
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

static void cancelled(struct leg *l, void *arg)
{
	const struct reply *invite = arg;

	if (l->invite.txn == invite->txn && l->invite.edge == invite->edge)
		leg_event(l, LEG_CANCELS);
}

void leg_cancel(struct reply invite)
{
	/* few legs are in this state at once, and a CANCEL is rare */
	leg_each(cancelled, &invite);
}

/* One without an answer to our offer in it. It may have gone with edge, as what would repeat the 200 has; who is back is asked. */
static bool waits_for_ack(const struct leg *l)
{
	return timer_is_set(&l->repeat) && l->repeat.fire == leg_repeat_ok && !l->offers && !leg_owes_answer(l);
}

static void edge_lost(struct leg *l, void *arg)
{
	const uint32_t *edge = arg;

	change_edge_lost(l, *edge);
	if (l->invite.edge != *edge)
		return;
	if (l->r.state == LEG_IN_CALLING)
		leg_event(l, LEG_EDGE_LOST);
	else if (waits_for_ack(l))
		leg_event(l, LEG_ACKS);
}

void leg_edge_lost(uint32_t edge)
{
	leg_each(edge_lost, &edge);
}

static void device_lost(struct leg *l, void *arg)
{
	const uint32_t *device = arg;

	if (l->r.device == *device)
		call_leg_left(l);
}

void leg_device_lost(uint32_t device)
{
	leg_each(device_lost, &device);
}

static void user_lost(struct leg *l, void *arg)
{
	const uint32_t *user = arg;

	if (l->r.user == *user || l->r.person == *user)
		call_leg_left(l);
}

void leg_user_lost(uint32_t user)
{
	leg_each(user_lost, &user);
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

static void check(struct leg *l, void *arg)
{
	(void)arg;
	if (!may_stay(l))
		call_leg_left(l);
}

void leg_check(void)
{
	leg_each(check, NULL);
}

/* One that gave its call on in the life before was to be hung up on. */
static bool is_of_its_call(const struct leg *l)
{
	const struct call *c = call_get(l->r.call);

	return c && (c->r.caller == l->r.id || c->r.callee == l->r.id);
}

static void drop_orphan(struct leg *l, void *arg)
{
	(void)arg;
	if (l->r.state == LEG_UP && !is_of_its_call(l))
		leg_event_later(l, LEG_HANG_UP, EDGES_ARE_BACK_MS);
}

void leg_drop_orphans(void)
{
	leg_each(drop_orphan, NULL);
}
