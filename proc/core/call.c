/* SPDX-License-Identifier: ISC */
#include "call_int.h"
#include "change.h"
#include "desk.h"
#include "dial.h"
#include "dialogue.h"
#include "emergency.h"
#include "join.h"
#include "judge.h"
#include "late.h"
#include "mail.h"
#include "media.h"
#include "outside.h"
#include "park.h"
#include "record.h"
#include "refer.h"
#include "renegotiate.h"

enum {
	WAIT_MS = 20000,  /* for a phone whose connection broke a moment ago */
	RENEW_MS = 40000, /* the relay's deadline is three times as long */
	AGAIN_MS = 500,   /* a wish that media could not be told, or has not answered */
	ANSWER_PATIENCE_MS = 2000,
	CUT_EVERY_MS = 1000,
	WARN_MS = 60000, /* before a ceiling cuts the call */
};

static uint64_t last_wait_ms; /* when a call last began to wait for a phone */

bool call_changes(uint64_t id)
{
	const struct call *c = call_get(id);

	return c && c->change.active;
}

struct leg *call_other(struct call *c, struct leg *l)
{
	return leg_get(l->r.id == c->r.caller ? c->r.callee : c->r.caller);
}

/* --- ends --- */

void call_write_record(struct call *c)
{
	uint64_t talked = c->r.answered_ms ? child_now() - c->r.answered_ms : 0;

	emergency_talked(c);
	if (!c->recorded)
		record_call(c->r.from, c->r.to, c->r.start_wall_ms, talked);
}

void call_settle(struct call *c)
{
	call_write_record(c);
	emergency_over(c);
	account_end(&c->r.ceiling, &c->r.account);
}

static void do_end(struct call *c)
{
	struct leg *caller = leg_get(c->r.caller), *callee;
	uint64_t target[CALL_TARGETS_MAX], callee_id = c->r.callee;
	uint8_t n = c->targets;
	enum refusal why = (enum refusal)c->best;
	const char *text = c->best_text;

	memcpy(target, c->target, sizeof target);
	if (c->desk)
		desk_over(c);
	late_fails(c, why);
	call_settle(c);
	dialogue_end(c);
	media_close(c);
	change_abandon(c);
	/* the legs find no call any more from here on */
	call_drop(c);
	if (caller) {
		caller->refusal_text = text;
		leg_hang_up(caller, why);
	}
	for (uint8_t i = 0; i < n; i++)
		if ((callee = leg_get(target[i])))
			leg_hang_up(callee, why);
	if ((callee = leg_get(callee_id)))
		leg_hang_up(callee, why);
}

static void do_refuse(struct call *c)
{
	struct leg *caller = leg_get(c->r.caller);

	if (caller)
		leg_refuse(caller, c->best ? (enum refusal)c->best : REFUSE_NO_ANSWER, c->best_text);
}

/* --- what the machine wants --- */

static void do_ring(struct call *c)
{
	struct leg *caller = leg_get(c->r.caller);

	if (!caller || c->r.callee) /* early media rings by itself */
		return;
	if (c->r.spoken)
		dialogue_loop(c, caller->r.side, "tone:ringback");
	else
		leg_ring(caller, 180);
}

static void do_wait(struct call *c)
{
	struct leg *caller = leg_get(c->r.caller);

	if (c->dest.kind == DEST_PARK) {
		park_wait(c);
		return;
	}
	last_wait_ms = child_now();
	timer_set(&child_wheel, &c->ring, child_now() + WAIT_MS);
	if (caller)
		leg_ring(caller, 182);
}

static void do_dial(struct call *c)
{
	if (c->dest.kind == DEST_PARK) {
		call_event(c, CALL_ABSENT, NULL);
		return;
	}
	if (!c->r.answered_ms && !c->r.ended)
		call_relay(c); /* whoever answers may speak before media can hear of it */
	if (c->desk) {
		desk_ring(c);
		return;
	}
	dial_ask_all(c);
	if (c->r.state != PHASE_DIALLING || c->targets)
		return;
	if (outside_may_soon(c))
		do_ring(c);
	else
		dial_nobody(c);
}

void call_relay(struct call *c)
{
	const enum media_told told = media_relay(c);
	const bool again = c->answers || (told == MEDIA_LATER && media_ready());

	timer_set(&child_wheel, &c->renew, child_now() + (told == MEDIA_NEVER ? 0 : again ? AGAIN_MS : RENEW_MS));
}

void call_relay_and_answer(struct call *c, struct leg *l, const struct sdp *answer)
{
	leg_set_local(l, answer);
	c->answers |= (uint8_t)(1u << l->r.side);
	c->answer_by_ms = child_now() + ANSWER_PATIENCE_MS;
	call_relay(c);
}

static void answer_all(struct call *c)
{
	struct leg *legs[2] = {leg_get(c->r.caller), leg_get(c->r.callee)};
	uint8_t answers = c->answers;
	struct sdp answer;

	c->answers = 0;
	for (size_t i = 0; i < 2; i++) {
		if (!legs[i] || !(answers >> legs[i]->r.side & 1))
			continue;
		leg_local(legs[i], &answer);
		leg_answer(legs[i], &answer);
	}
}

void call_relayed(uint64_t call, uint32_t wish)
{
	struct call *c = call_get(call);

	if (!c || !c->answers || wish != c->wish)
		return;
	answer_all(c);
	timer_set(&child_wheel, &c->renew, child_now() + RENEW_MS);
}

static void connect_legs(struct call *c, struct leg *callee)
{
	struct leg *caller = leg_get(c->r.caller);

	dial_stop(c, callee->r.id);
	c->r.callee = callee->r.id;
	if (!caller) {
		call_fail(c, REFUSE_CANCELLED, NULL);
		return;
	}
	const char *why = join_legs(c, caller, callee);
	if (why) {
		call_fail_media(c, REFUSE_OFFER, why);
		return;
	}
	account_answer(&c->r.ceiling, &c->r.account);
	if (c->r.ceiling.begun) {
		call_save(c);
		timer_set(&child_wheel, &c->cut, child_now() + CUT_EVERY_MS);
	}
	if (c->r.spoken) { /* whoever was answered before sends no ACK for this, and may hold */
		dialogue_holds(c);
		renegotiate_soon(c, 0);
	}
	refer_answered(c);
}

/* --- the state machine --- */

/* In the order of enum call_effect. */
static void (*const effect[])(struct call *c) = {do_ring, do_dial, NULL, NULL, do_refuse, do_end, dialogue_begin,
    dialogue_tell, judge_call, do_wait, refer_give_back};

void call_event(struct call *c, enum call_event event, struct leg *l)
{
	struct call_step step = call_step((enum call_phase)c->r.state, refer_turn(c, event));
	uint64_t id = c->r.id;

	c->r.state = step.next;
	if (step.next == PHASE_TALKING)
		dialogue_leave_seats(c);
	refer_watch(c, &step);
	if (l && step.effects & CALL_DO_CONNECT)
		connect_legs(c, l);
	if (step.effects & CALL_DO_HANG_UP_OTHERS)
		leg_hang_up(l, REFUSE_NONE);
	for (unsigned i = 0; step.effects >> i; i++)
		if (step.effects >> i & 1 && effect[i] && call_get(id))
			effect[i](c);
}

static void fail(struct call *c, enum call_event event, enum refusal why, const char *text)
{
	c->best = (uint8_t)why;
	c->best_text = text;
	call_event(c, event, NULL);
}

void call_fail(struct call *c, enum refusal why, const char *text)
{
	fail(c, CALL_FAILED, why, text);
}

void call_fail_media(struct call *c, enum refusal why, const char *text)
{
	fail(c, CALL_MEDIA_FAILED, why, text);
}

static struct call *call_of_ring(struct timer *t)
{
	return (struct call *)(void *)((char *)t - offsetof(struct call, ring));
}

static void on_ring_end(struct timer *t, uint64_t now_ms)
{
	struct call *c = call_of_ring(t);

	(void)now_ms;
	if (c->slowed) { /* held up long enough */
		c->slowed = 0;
		call_event(c, CALL_ALLOWED, NULL);
		return;
	}
	if (c->dest.kind == DEST_PARK) {
		park_over(c);
		return;
	}
	if (c->mail_asks) {
		mail_late(c);
		return;
	}
	if (c->r.state == PHASE_TELLING) {
		call_event(c, CALL_TIME_OUT, NULL);
		return;
	}
	if (outside_waits_on(c))
		return;
	c->best = c->r.state == PHASE_WAITING ? REFUSE_OFFLINE : REFUSE_NO_ANSWER;
	dial_over(c, CALL_TIME_OUT);
}

static void on_renew(struct timer *t, uint64_t now_ms)
{
	struct call *c = (struct call *)(void *)((char *)t - offsetof(struct call, renew));

	if (!media_would_take(c)) { /* its own event, as whoever changed the call is not done with it */
		call_fail_media(c, REFUSE_OFFER, "what the phones agreed on can't be relayed");
		return;
	}
	if (c->answers && now_ms >= c->answer_by_ms)
		answer_all(c); /* media says what becomes of the call, or the phones do */
	call_relay(c);
}

static void on_impatient(struct timer *t, uint64_t now_ms)
{
	(void)now_ms;
	change_timed_out((struct call *)(void *)((char *)t - offsetof(struct call, patience)));
}

/* Every second of a call that costs: what it may still cost (R17). A step that can't be paid is left before it begins. */
static void on_cut(struct timer *t, uint64_t now_ms)
{
	struct call *c = (struct call *)(void *)((char *)t - offsetof(struct call, cut));
	uint64_t left_ms = account_tick(&c->r.ceiling, &c->r.account);

	if (left_ms == 0) {
		call_fail(c, REFUSE_CEILING, NULL);
		return;
	}
	/* who is on hold hears it when the music is over */
	if (left_ms <= WARN_MS && !c->r.warned && dialogue_warn(c))
		c->r.warned = 1;
	call_save_charged(c);
	timer_set(&child_wheel, t, now_ms + (left_ms < CUT_EVERY_MS ? left_ms : CUT_EVERY_MS));
}

void call_set_timers(struct call *c)
{
	c->ring.fire = on_ring_end;
	c->renew.fire = on_renew;
	c->patience.fire = on_impatient;
	c->cut.fire = on_cut;
}

/* --- of an earlier life --- */

void call_goes_on(struct call *c)
{
	call_set_timers(c);
	timer_set(&child_wheel, &c->renew, child_now() + RENEW_MS);
	if (c->r.ceiling.begun)
		timer_set(&child_wheel, &c->cut, child_now() + CUT_EVERY_MS);
}

static void on_half_lost(struct timer *t, uint64_t now_ms)
{
	(void)now_ms;
	call_fail(call_of_ring(t), REFUSE_CALLEE_FAILED, "half of the call was lost in a restart");
}

void call_lost_half(struct call *c)
{
	c->ring.fire = on_half_lost;
	timer_set(&child_wheel, &c->ring, child_now() + EDGES_ARE_BACK_MS);
}

/* --- from elsewhere --- */

enum pool_claim call_claim(const struct call *c)
{
	return c->r.emergency ? POOL_HELP : c->calls_back ? POOL_BACK : POOL_USUAL;
}

static void try_again(struct call *c, void *user)
{
	if (c->r.state == PHASE_WAITING && dial_wants(c, *(const uint32_t *)user) && dial_can_ring(c))
		call_event(c, CALL_PHONE_BACK, NULL);
}

void call_phone_back(uint32_t user)
{
	if (child_now() > last_wait_ms + WAIT_MS) /* nearly every registration: nobody waits for anyone */
		return;
	call_each(try_again, &user);
}
