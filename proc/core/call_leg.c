/* SPDX-License-Identifier: ISC */
/* What the legs of a call tell it. */
#include "call.h"
#include "change.h"
#include "desk.h"
#include "dial.h"
#include "emergency.h"
#include "forward.h"
#include "join.h"
#include "late.h"
#include "outside.h"
#include "refer.h"
#include "renegotiate.h"
#include "settings.h"

static struct call *call_of(const struct leg *l)
{
	return call_get(l->r.call);
}

void call_leg_rings(struct leg *l)
{
	struct call *c = call_of(l);
	bool first = c && (c->r.state == PHASE_DIALLING || c->r.state == PHASE_RINGING);

	if (first && l->r.trunk)
		join_early(c, l);
	if (c)
		call_event(c, CALL_RINGS, l);
}

static bool takes_no_offer(uint16_t code)
{
	return code == 488 || code == 606 || code == 415;
}

static void strike(struct call *c, const struct leg *l)
{
	dial_strike(c, l->r.id);
	if (c->r.callee == l->r.id && c->r.state != PHASE_TALKING)
		c->r.callee = 0; /* its early media is over */
}

/* Somebody of the call is asked still, or was just now. */
static bool is_asked_on(struct call *c, struct leg *l)
{
	return (l->r.trunk ? outside_unfit(c, l) : dial_wider(c, l) || dial_again(c, l)) || c->targets > 0;
}

/* A 200 whose description can't be used: it is hung up on, and a phone is asked again by the other method, as after a 488; instead of a
 * trunk, the next. */
static bool again_otherwise(struct call *c, struct leg *l)
{
	const char *why = c->r.state == PHASE_TALKING ? NULL : join_misfit(l);

	if (!why)
		return false;
	leg_hang_up(l, REFUSE_OFFER);
	strike(c, l);
	if (is_asked_on(c, l))
		return true;
	if (!c->r.emergency) {
		c->best = REFUSE_OFFER;
		c->best_text = why;
	}
	dial_over(c, CALL_REFUSED);
	return true;
}

void call_leg_accepted(struct leg *l)
{
	struct call *c = call_of(l);

	if (!c)
		leg_hang_up(l, REFUSE_CANCELLED);
	else if (c->desk)
		desk_answered(c, l);
	else if (!again_otherwise(c, l))
		call_event(c, CALL_ANSWERED, l);
}

void call_leg_rejected(struct leg *l)
{
	struct call *c = call_of(l);

	if (!c)
		return;
	const bool was_heard = c->r.callee == l->r.id;
	strike(c, l);
	if (takes_no_offer(l->rejected) && c->r.state != PHASE_TALKING && (dial_wider(c, l) || dial_again(c, l)))
		return;
	if (l->r.trunk && outside_again(c, l, was_heard))
		return;
	dial_note(c, l);
	if (forward_redirect(c, l))
		return;
	if (l->rejected >= 600)
		dial_stop_person(c, l->r.person);
	if (c->targets == 0)
		dial_over(c, CALL_REFUSED);
}

void call_leg_left(struct leg *l)
{
	struct call *c = call_of(l);

	if (!c)
		return;
	uint64_t id = l->r.id, call = c->r.id;
	if (refer_left(c, l)) {
		leg_hang_up(l, REFUSE_NONE);
	} else if (id == c->r.caller) {
		call_event(c, CALL_CALLER_LEFT, l);
	} else if (id == c->r.callee) {
		call_event(c, CALL_CALLEE_LEFT, l);
	} else if (late_is(c, l)) {
		late_fails(c, REFUSE_NONE);
	} else { /* one that was asked and is not to be asked any more */
		leg_hang_up(l, REFUSE_NONE);
		if (call_get(call) && dial_strike(c, id) && c->targets == 0) {
			if (!c->best)
				c->best = REFUSE_OFFLINE;
			dial_over(c, CALL_REFUSED);
		}
	}
}

void call_leg_up(struct leg *l)
{
	struct call *c = call_of(l);

	if (!c)
		return;
	call_save(c);
	renegotiate_soon(c, 0);
}

static void fail_of(struct leg *l, enum refusal why, const char *text)
{
	struct call *c = call_of(l);

	if (!c)
		leg_hang_up(l, why);
	else if (late_is(c, l))
		late_fails(c, why);
	else
		call_fail(c, why, text);
}

void call_leg_silent(struct leg *l)
{
	fail_of(l, REFUSE_NO_ACK, "the phone no longer answers for the call");
}

void call_leg_not_refreshed(struct leg *l)
{
	fail_of(l, REFUSE_NO_ACK, "the phone refuses to go on with the session");
}

void call_leg_unheard(struct leg *l)
{
	struct call *c = call_of(l);

	if (!c)
		leg_refuse(l, REFUSE_NO_PRACK, NULL);
	else
		call_fail(c, REFUSE_NO_PRACK, NULL);
}

/* The caller whose place goes along: of a call for help, to a trunk that takes it. */
static const struct leg *who_needs_help(const struct leg *l)
{
	const struct call *c = call_of(l);
	bool told = c && c->r.emergency && !(c->placeless >> l->r.trunk & 1);

	return told ? leg_get(c->r.caller) : NULL;
}

bool call_doubts_place(const struct leg *l)
{
	const struct leg *caller = who_needs_help(l);

	return caller && settings_device_away(caller->r.device, &caller->r.seen);
}

struct span call_place(const struct leg *l)
{
	const struct leg *caller = who_needs_help(l);

	return span_str(caller ? settings_of_device(caller->r.device)->location : "");
}

const struct pidf_place *call_place_said(const struct leg *l)
{
	return who_needs_help(l) ? emergency_place(call_of(l)) : NULL;
}

bool call_may_refresh(struct leg *l)
{
	struct call *c = call_of(l);
	/* a caller who hears the exchange may vanish as well, and voice need not notice */
	return c && (c->r.state == PHASE_TALKING || c->r.spoken) && !c->change.active && !l->offers &&
	       !change_is_open(l);
}
