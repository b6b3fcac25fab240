/* SPDX-License-Identifier: ISC */
#include "refer.h"
#include "base/log.h"
#include "base/pool.h"
#include "emergency.h"
#include "park.h"
#include "refer_meet.h"
#include "refer_out.h"
#include "share.h"
#include <stdlib.h>

static struct pool pool;
static struct refer *table;
static struct share share;

enum { LEAST = 4 };

static uint32_t transfers_max(void)
{
	return child_site()->max_calls / 8 + 16;
}

void refer_init(void)
{
	table = calloc(transfers_max(), sizeof *table);
	if (!table || !pool_init(&pool, child_node(), transfers_max(), 0))
		log_fatal("no memory for transfers");
	share_init(&share, transfers_max(), share_most(transfers_max(), LEAST));
}

struct refer *refer_get(uint64_t id)
{
	int64_t at = pool_index(&pool, id);
	return at < 0 ? NULL : &table[at];
}

/* --- the machine --- */

static void do_meet(struct refer *t)
{
	if (!refer_meet_join(t))
		refer_event(t, REFER_FAILS);
	else if (refer_meet_stands(t))
		refer_answered(call_get(t->onward));
}

static void tell_ringing(struct refer *t)
{
	t->code = 180;
	refer_send_notify(t, false);
}

static void tell_ok(struct refer *t)
{
	t->code = 200;
	refer_send_notify(t, true);
}

static void tell_failed(struct refer *t)
{
	if (t->way == REFER_TO_PARK)
		park_failed(t->id);
	if (t->code < 300)
		t->code = 480;
	refer_send_notify(t, true);
	if (t->way == REFER_TO_LINE)
		refer_out_failed(t);
}

static void do_wait(struct refer *t)
{
	timer_set(&child_wheel, &t->timer, child_now() + REFER_PART_MS);
}

static void end_call(uint64_t id)
{
	struct call *c = call_get(id);

	if (c)
		call_event(c, CALL_CALLEE_LEFT, NULL);
}

static void do_part(struct refer *t)
{
	struct leg *l = leg_get(t->leg);
	uint64_t first = t->call, second = t->second_call;

	if (t->way == REFER_BY_US) {
		if (l)
			leg_hang_up(l, REFUSE_NONE);
		return;
	}
	if (t->way == REFER_TO_LINE) {
		refer_out_part(t);
		return;
	}
	end_call(first);
	end_call(second);
}

static void free_transfer(struct refer *t)
{
	struct call *c = call_get(t->onward);

	if (c && c->transfer == t->id)
		c->transfer = 0;
	timer_cancel(&child_wheel, &t->timer);
	share_release(&share, t->by);
	pool_release(&pool, t->id);
}

/* In the order of enum refer_effect. */
static void (*const effect[])(struct refer *t) = {
    do_meet, tell_ringing, tell_ok, tell_failed, refer_meet_turn_away, do_wait, do_part, free_transfer};

void refer_event(struct refer *t, enum refer_event event)
{
	struct refer_step step = refer_step((enum refer_state)t->state, event);
	uint64_t id = t->id;

	t->state = step.next;
	for (unsigned i = 0; step.effects >> i; i++)
		if (step.effects >> i & 1 && refer_get(id))
			effect[i](t);
}

static void on_time(struct timer *timer, uint64_t now_ms)
{
	(void)now_ms;
	refer_event((struct refer *)(void *)((char *)timer - offsetof(struct refer, timer)), REFER_TIME_OUT);
}

struct refer *refer_new(struct leg *l, struct request *r, enum refer_way way)
{
	const uint32_t by = share_of_leg(l);
	const bool may = share_has_room(&share, by);
	const uint64_t id = may ? pool_take(&pool, false) : ID_NONE;

	if (id == ID_NONE) {
		if (r)
			reply_refuse(r->reply, may ? REFUSE_FULL : REFUSE_SHARE);
		return NULL;
	}
	share_add(&share, by);
	struct refer *t = &table[id_index(id)];
	*t = (struct refer){.id = id,
	    .by = by,
	    .leg = l->r.id,
	    .call = l->r.call,
	    .user = l->r.person,
	    .cseq = r ? r->m->cseq : 0,
	    .code = 100,
	    .way = (uint8_t)way,
	    .timer.fire = on_time};
	return t;
}

bool refer_is_of(const struct leg *l)
{
	for (uint32_t i = 0; i < pool.cap; i++)
		if (pool_id_at(&pool, i) != ID_NONE && (table[i].leg == l->r.id || table[i].call == l->r.call))
			return true;
	return false;
}

struct refer *refer_of_visitor(uint64_t leg)
{
	for (uint32_t i = 0; i < pool.cap; i++)
		if (pool_id_at(&pool, i) != ID_NONE && table[i].visitor == leg)
			return &table[i];
	return NULL;
}

/* --- what the phones say about it --- */

static struct refer *of_party(uint64_t leg)
{
	for (uint32_t i = 0; i < pool.cap; i++)
		for (int p = 0; pool_id_at(&pool, i) != ID_NONE && p < table[i].parties; p++)
			if (table[i].party[p].leg == leg)
				return &table[i];
	return NULL;
}

static void declined(uint64_t leg, uint16_t code)
{
	struct refer *t = of_party(leg);

	if (!t)
		return;
	t->code = code;
	refer_event(t, REFER_DECLINED);
}

/* Nobody hears silence for as long as a phone has that did not hang up. */
static void hurry(struct refer *t)
{
	const uint64_t until_ms = child_now() + REFER_GONE_MS;

	if ((t->state == REFER_ASKING || t->state == REFER_HALF) && t->timer.due_ms > until_ms)
		timer_set(&child_wheel, &t->timer, until_ms);
}

bool refer_left(struct call *c, const struct leg *l)
{
	bool waits = false;

	for (uint32_t i = 0; i < pool.cap; i++) {
		struct refer *t = &table[i];
		if (pool_id_at(&pool, i) == ID_NONE)
			continue;
		for (int p = 0; p < t->parties; p++)
			if (t->party[p].leg == l->r.id && !t->party[p].came)
				hurry(t);
		waits = waits || (t->mine == l->r.id && refer_out_waits(t, c));
	}
	return waits;
}

void refer_on_notify(struct leg *l, struct request *r)
{
	const struct msg_request *m = r->m;

	if (m->package != PACKAGE_REFER || !of_party(l->r.id)) {
		reply_refuse(r->reply, REFUSE_NO_DIALOG);
		return;
	}
	reply_code(r->reply, 200);
	if (m->frag >= 300)
		declined(l->r.id, m->frag);
}

void refer_on_answer(const struct ask *a, const struct msg_response *m, const struct ipc_view *v)
{
	(void)v;
	if (m->code >= 300)
		declined(a->owner, 603);
}

void refer_on_notified(const struct ask *a, const struct msg_response *m, const struct ipc_view *v)
{
	(void)a;
	(void)m;
	(void)v; /* a phone that does not want to hear of it is told no less */
}

/* --- the fresh INVITE --- */

/* Only the user who was sent there, on the phone that was; a token that is not known, was used or is another's are alike. */
static struct refer *token_of(const struct request *r, struct refer_party **party)
{
	for (uint32_t i = 0; i < pool.cap; i++)
		for (int p = 0; pool_id_at(&pool, i) != ID_NONE && p < table[i].parties; p++) {
			struct refer_party *at = &table[i].party[p];
			if (at->came || at->user != r->user || at->device != r->flow->device ||
			    !span_eq(span_str(at->token), REQUEST_STR(r, target_user)))
				continue;
			*party = at;
			return &table[i];
		}
	return NULL;
}

enum refusal refer_find(struct request *r, struct dest *to, uint64_t *transfer)
{
	struct refer_party *p;
	struct refer *t = token_of(r, &p);

	if (!t || t->way == REFER_TO_MEETING || t->way == REFER_TO_LINE) {
		child_event(EVENT_FORGED_DIALOG, SEVERITY_ALARM, r->flow->device, r->user, &r->flow->remote,
		    "an INVITE to a transfer that is not this phone's");
		return REFUSE_NO_NUMBER;
	}
	p->came = true;
	*transfer = t->id;
	if (!route_find(span_str(t->number), SPAN(""), to)) {
		refer_event(t, REFER_FAILS);
		return REFUSE_NO_NUMBER;
	}
	to->route = t->way == REFER_TO_PARK ? ROUTE_PARK : ROUTE_TRANSFER;
	to->kind = t->way == REFER_TO_PARK ? DEST_PARK : to->kind;
	to->payer = t->user;
	return REFUSE_NONE;
}

void refer_comes(uint64_t transfer, struct call *c, struct leg *caller, const struct dest *to)
{
	struct refer *t = refer_get(transfer);

	if (!t)
		return;
	t->onward = c->r.id;
	c->transfer = t->id;
	(void)leg_set_text(caller, LEG_LOCAL_USER, span_str(to->number.text));
	refer_event(t, REFER_COMES);
}

void refer_placed(uint64_t transfer)
{
	struct refer *t = transfer ? refer_get(transfer) : NULL;

	if (t && t->state == REFER_ASKING)
		refer_event(t, REFER_FAILS);
}

bool refer_meets(struct request *r)
{
	struct refer_party *p;
	struct refer *t = token_of(r, &p);

	if (!t || (t->way != REFER_TO_MEETING && t->way != REFER_TO_LINE))
		return false;
	p->came = true;
	if (t->way == REFER_TO_LINE)
		refer_out_comes(t, r);
	else
		refer_meet_comes(t, r);
	return true;
}

void refer_on_replaces(struct request *r)
{
	const struct leg *l = leg_find(
	    REQUEST_STR(r, replaces_call_id), REQUEST_STR(r, replaces_to_tag), REQUEST_STR(r, replaces_from_tag));

	if (l && l->r.user == r->user) {
		reply_refuse_because(r->reply, REFUSE_NOT_ALLOWED, "a call is taken over by the pickup code");
		return;
	}
	child_event(EVENT_FORGED_DIALOG, SEVERITY_ALARM, r->flow->device, r->user, &r->flow->remote,
	    "an INVITE in place of a call that is not the user's");
	reply_refuse(r->reply, REFUSE_NO_DIALOG);
}

/* --- the call that it leads to --- */

void refer_watch(struct call *c, const struct call_step *step)
{
	struct refer *t = c->transfer ? refer_get(c->transfer) : NULL;
	const enum refusal why = (enum refusal)c->best;

	if (!t)
		return;
	const uint64_t stays = t->way == REFER_BY_US ? t->leg : ID_NONE;
	if (step->effects & CALL_DO_RING)
		refer_event(t, REFER_RINGS);
	if (step->effects & (CALL_DO_REFUSE | CALL_DO_TELL | CALL_DO_END)) {
		t->code = c->best ? refusal_row((enum refusal)c->best)->code : 487;
		refer_event(t, t->way == REFER_TO_MEETING ? REFER_VISITOR_LEFT : REFER_FAILS);
	}
	/* whoever transferred is not among the legs of the call once its target sends media */
	struct leg *l = step->effects & CALL_DO_END ? leg_get(stays) : NULL;
	if (l)
		leg_hang_up(l, why);
}

void refer_answered(struct call *c)
{
	struct refer *t = c->transfer ? refer_get(c->transfer) : NULL;

	if (!t)
		return;
	if (t->call != c->r.id)
		emergency_goes_on(call_get(t->call), c);
	if (t->way == REFER_TO_MEETING)
		emergency_goes_on(call_get(t->second_call), c);
	refer_event(t, REFER_ANSWERED);
}

void refer_acknowledged(struct call *c)
{
	const struct refer *t = c->transfer ? refer_get(c->transfer) : NULL;

	if (t && t->way == REFER_TO_MEETING && refer_meet_stands(t))
		refer_answered(c);
}

void refer_status(struct proc_status *s)
{
	status_pool(s, "transfers", &pool);
}
