/* SPDX-License-Identifier: ISC */
#include "forward.h"
#include "callback.h"
#include "dial.h"
#include "judge.h"
#include "mail.h"
#include "settings.h"
#include <stdio.h>

/* Whoever placed an emergency call is rung by those who call back (R16), and whoever parked a call by that call. */
static bool passes_everything(const struct call *c, uint32_t user)
{
	return c->r.emergency || c->dest.route == ROUTE_PARK || callback_may_reach(c, user);
}

bool forward_is(enum plan_route route)
{
	return route == ROUTE_FORWARD || route == ROUTE_REDIRECT;
}

/* which: FORWARDS for a phone's own. */
static enum forwarded follow(
    struct call *c, const char *number, uint32_t payer, enum forward which, bool missed, enum plan_route how)
{
	if (!number[0] || c->forwards_refused >> which & 1)
		return FORWARD_NOT;
	c->forwarded = (struct forwarded_from){.dest = c->dest,
	    .which = (uint8_t)which,
	    .refused = c->forwards_refused,
	    .known = true,
	    .missed = missed,
	    .paid = c->r.ceiling.begun,
	    .best = c->best,
	    .best_text = c->best_text};
	return call_forward(c, span_str(number), payer, how) ? FORWARD_GONE : FORWARD_NOT;
}

static enum forwarded go(struct call *c, uint32_t user, enum forward which, bool missed)
{
	return passes_everything(c, user)
	           ? FORWARD_NOT
	           : follow(c, settings_of_user(user)->forward[which], user, which, missed, ROUTE_FORWARD);
}

static bool to_mailbox(struct call *c, uint32_t user)
{
	return !passes_everything(c, user) && mail_forward(c, user);
}

enum forwarded forward_before(struct call *c, uint32_t user)
{
	if (go(c, user, FORWARD_ALWAYS, false) == FORWARD_GONE)
		return FORWARD_GONE;
	if (!settings_of_user(user)->dnd || passes_everything(c, user))
		return FORWARD_NOT;
	c->best = REFUSE_BUSY;
	c->best_text = "does not want to be disturbed";
	return go(c, user, FORWARD_BUSY, false) == FORWARD_GONE ? FORWARD_GONE : FORWARD_REFUSED;
}

/* Which forward follows this; FORWARDS: none does, nor the mailbox. */
static enum forward forward_of(uint8_t why)
{
	static const struct {
		uint8_t why, which;
	} by[] = {{REFUSE_BUSY, FORWARD_BUSY}, {REFUSE_DECLINED, FORWARD_BUSY}, {REFUSE_NO_ANSWER, FORWARD_NO_ANSWER},
	    {REFUSE_OFFLINE, FORWARD_OFFLINE}, {REFUSE_CALLEE_FAILED, FORWARD_OFFLINE},
	    {REFUSE_REDIRECT, FORWARD_OFFLINE}, {REFUSE_OFFER, FORWARD_OFFLINE}};

	for (size_t i = 0; i < sizeof by / sizeof *by; i++)
		if (by[i].why == why)
			return (enum forward)by[i].which;
	return FORWARDS;
}

enum forwarded forward_after(struct call *c, uint32_t user)
{
	const enum forward which = forward_of(c->best);

	if (which == FORWARDS)
		return FORWARD_NOT;
	return go(c, user, which, true) == FORWARD_GONE || to_mailbox(c, user) ? FORWARD_GONE : FORWARD_NOT;
}

/* Nobody pays for a group's: the call plan lets it lead to people and groups here alone. */
enum forwarded forward_group(struct call *c, uint32_t group)
{
	if (forward_of(c->best) == FORWARDS || c->r.emergency || callback_may_lead_to(c))
		return FORWARD_NOT;
	return follow(c, settings_of_group(group)->forward, NOBODY, FORWARD_NO_ANSWER, true, ROUTE_FORWARD);
}

/* Asked as for the call that may most: of somebody who is logged in here. */
const char *forward_no_group(struct span number)
{
	struct permit_case question = {
	    .who = WHO_USER, .route = ROUTE_FORWARD, .user = NOBODY, .device = NOBODY, .payer = NOBODY};
	struct dest to;

	(void)route_find(number, SPAN(""), &to);
	question.number = to.number;
	const struct plan_answer a = permit(&question);
	return a.verdict == PLAN_ALLOW || a.reason == REASON_NOT_UNDERSTOOD
	           ? NULL
	           : "a ring group's forward leads to people and groups here alone: nobody would pay for a call to the outside";
}

/* And as a call to there it is recorded. */
static void stand_at(struct call *c, const struct dest *d)
{
	c->dest = *d;
	span_cstr(span_str(d->number.text), c->r.to, sizeof c->r.to);
}

bool forward_first(struct call *c)
{
	const struct dest last = c->dest;
	const bool inside = last.kind == DEST_USER || last.kind == DEST_GROUP;

	if (c->first.kind != DEST_USER || !inside || !forward_is((enum plan_route)last.route) ||
	    forward_of(c->best) == FORWARDS)
		return false;
	stand_at(c, &c->first);
	if (to_mailbox(c, c->dest.index))
		return true;
	stand_at(c, &last);
	return false;
}

/* The owner is told where they can ask, and the caller hears nothing of it. */
static void tell_owner(uint32_t user, const char *why)
{
	char text[REASON_MAX + 1];

	snprintf(text, sizeof text, "a forward was not followed: %s", why);
	child_event(EVENT_CALL_REFUSED, SEVERITY_INFO, 0, user, NULL, text);
}

/* --- the phone's own --- */

/* NULL: the call plan lets this call go on there. The outside is refused whatever is known of the number, so keeper need not be asked. */
static const char *no_redirect(const struct call *c, struct span number, uint32_t user, struct dest *to)
{
	struct permit_case question;

	if (!route_find(number, SPAN(""), to))
		return "a phone's redirect leads to no number here";
	if (to->kind == DEST_USER && to->index == user)
		return "a phone's redirect leads to whom it is of";
	if (to->kind == DEST_GROUP && c->dest.kind == DEST_GROUP && to->index == c->dest.index)
		return "a phone's redirect leads to the group that rings it";
	to->route = ROUTE_REDIRECT;
	to->payer = user;
	judge_case(c, to, &question);
	const struct plan_answer a = permit(&question);
	return a.verdict == PLAN_ALLOW ? NULL : a.text;
}

bool forward_redirect(struct call *c, const struct leg *from)
{
	const bool rings = c->r.state == PHASE_DIALLING || c->r.state == PHASE_RINGING;
	const uint32_t user = from->r.person;
	struct dest to;

	if (!from->redirect[0] || !rings || !dial_is_callee(c, from) || passes_everything(c, user))
		return false;
	const char *no = no_redirect(c, span_str(from->redirect), user, &to);
	if (no) {
		tell_owner(user, no);
		return false;
	}
	return c->dest.kind == DEST_GROUP
	           ? dial_instead(c, from, &to)
	           : follow(c, from->redirect, user, FORWARDS, true, ROUTE_REDIRECT) == FORWARD_GONE;
}

/* --- one that is refused --- */

bool forward_refused(struct call *c, const char *why)
{
	const struct forwarded_from from = c->forwarded;

	if (!from.known || !forward_is((enum plan_route)c->dest.route) || c->dest.kind == DEST_MAILBOX)
		return false;
	tell_owner(c->dest.payer, why);
	c->forwarded = (struct forwarded_from){0};
	if (!from.paid) /* a trunk may have failed before */
		account_end(&c->r.ceiling, &c->r.account);
	call_lead_to(c, &from.dest);
	c->forwards_refused = (uint8_t)(from.refused | 1u << from.which);
	c->best = from.best;
	c->best_text = from.best_text;
	if (from.missed)
		dial_over(c, CALL_REFUSED);
	else
		call_event(c, CALL_FORWARDED, NULL);
	return true;
}
