/* SPDX-License-Identifier: ISC */
#include "refer_give.h"
#include "base/clock.h"
#include "base/id.h"
#include "dial.h"
#include "dialogue.h"
#include "ended.h"
#include "join.h"
#include "renegotiate.h"
#include "wire/sdp_offer.h"

static void remember(struct refer *t, const struct call *c)
{
	t->was_caller = c->r.caller;
	t->was_callee = c->r.callee;
	t->was_who = c->r.who;
	t->was_spoken = c->r.spoken;
	t->was_emergency = c->r.emergency;
	t->was_paid = c->r.ceiling.begun;
	memcpy(t->was_from, c->r.from, sizeof t->was_from);
	memcpy(t->was_to, c->r.to, sizeof t->was_to);
}

/* Who goes on, as the record says it: a user by name, an outside party by the number that it has in this call. */
static void name_caller(struct call *c, const struct leg *party)
{
	char name[USER_NAME_MAX + 1];

	if (party->r.user != NOBODY)
		span_cstr(span_str(leg_name(party, name)), c->r.from, sizeof c->r.from);
	else if (party->r.id == c->r.callee)
		memcpy(c->r.from, c->r.to, sizeof c->r.from);
}

/* A phone that was called had an offer of ours: of its codecs those stand that it took. */
static void keep_codecs(struct leg *l)
{
	struct sdp ours, theirs;

	if (leg_owes_answer(l)) /* its ACK will say */
		return;
	leg_local(l, &ours);
	leg_remote(l, &theirs);
	sdp_keep_codecs(&ours, ended_codecs(&theirs));
	leg_set_local(l, &ours);
}

static void new_part(struct call *c, uint64_t answered_ms)
{
	c->r.answered_ms = answered_ms;
	c->r.start_wall_ms = clock_wall_ms();
	c->recorded = false;
	c->best = REFUSE_NONE;
	c->best_text = NULL;
}

/* The party is the caller from here on. */
static void lead(struct call *c, struct leg *party)
{
	uint8_t who = refer_who(c, party);

	name_caller(c, party);
	c->r.who = who;
	c->r.caller = party->r.id;
	c->calls_back = 0; /* it was answered */
	c->r.spoken = c->keyed = 1;
	new_part(c, 0);
	keep_codecs(party);
	dialogue_quiet(c, 0); /* one of them may hear music already, on hold */
	dialogue_quiet(c, 1);
}

static void go_on(struct call *c, struct leg *party, const struct dest *to, uint64_t stays)
{
	lead(c, party);
	call_lead_to(c, to);
	c->r.emergency =
	    c->r.emergency && to->number.class == NUMBER_EMERGENCY; /* who was helped, and goes on elsewhere */
	c->r.callee = stays;
	c->r.hears[0] = c->r.hears[1] = RELAY_HEARS_NOTHING;
	call_relay(c);
	dialogue_loop(c, party->r.side, "music");
	call_event(c, CALL_TRANSFERRED, NULL);
}

void refer_give_on(struct refer *t, struct call *c, struct leg *party, const struct dest *to)
{
	call_write_record(c);
	remember(t, c);
	go_on(c, party, to, t->leg);
}

void refer_go_on(struct call *c, struct leg *party, const struct dest *to)
{
	call_write_record(c);
	go_on(c, party, to, 0);
}

void refer_give_alone(struct call *c, struct leg *party)
{
	call_write_record(c);
	lead(c, party);
	c->r.emergency = 0;
	c->r.callee = ID_NONE;
	c->r.answered_ms = child_now();
	c->recorded = true; /* nobody talks until somebody has come */
	c->r.hears[0] = c->r.hears[1] = RELAY_HEARS_NOTHING;
	call_relay(c);
	dialogue_loop(c, party->r.side, "music");
	renegotiate_alone(c, party);
	call_save(c);
}

const char *refer_give_judge(struct call *c, struct leg *party, struct leg *late)
{
	keep_codecs(party);
	return join_late(c, party, late);
}

void refer_give_place(struct call *c, struct leg *party, struct leg *late)
{
	char name[USER_NAME_MAX + 1];

	call_write_record(c);
	lead(c, party);
	c->r.emergency = 0;
	span_cstr(span_str(leg_name(late, name)), c->r.to, sizeof c->r.to);
	join_late_stands(c, late);
}

enum call_event refer_turn(const struct call *c, enum call_event event)
{
	const struct refer *t = c->transfer ? refer_get(c->transfer) : NULL;
	const struct leg *l = t ? leg_get(t->leg) : NULL;

	if (!l || t->way != REFER_BY_US || t->state != REFER_DIALLING || l->r.state != LEG_UP)
		return event;
	return event == CALL_REFUSED || event == CALL_TOLD_WHY || event == CALL_TIME_OUT || event == CALL_MEDIA_FAILED
	           ? CALL_RETURNED
	           : event;
}

void refer_give_back(struct call *c)
{
	struct refer *t = refer_get(c->transfer);
	const enum refusal why = c->best ? (enum refusal)c->best : REFUSE_NO_ANSWER;
	const uint64_t reached = c->r.callee; /* who answered, and can't be joined to */
	struct leg *l;

	if (!t)
		return;
	t->code = refusal_row(why)->code;
	dial_stop(c, 0);
	timer_cancel(&child_wheel, &c->ring);
	if (!t->was_paid)
		account_end(&c->r.ceiling, &c->r.account);
	c->r.caller = t->was_caller;
	c->r.callee = t->was_callee;
	c->r.who = t->was_who;
	c->r.spoken = t->was_spoken;
	c->r.emergency = t->was_emergency;
	memcpy(c->r.from, t->was_from, sizeof c->r.from);
	memcpy(c->r.to, t->was_to, sizeof c->r.to);
	new_part(c, child_now());
	join_again(c);
	dialogue_holds(c);
	renegotiate_soon(c, 0);
	call_save(c);
	if (reached != t->was_caller && reached != t->was_callee && (l = leg_get(reached)))
		leg_hang_up(l, why);
	refer_event(t, REFER_FAILS);
}
