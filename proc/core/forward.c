/* SPDX-License-Identifier: ISC */
#include "forward.h"
#include "callback.h"
#include "dial.h"
#include "mail.h"
#include "settings.h"
#include <stdio.h>

/* Whoever placed an emergency call is rung by those who call back (R16), and whoever parked a call by that call. */
static bool passes_everything(const struct call *c, uint32_t user)
{
	return c->r.emergency || c->dest.route == ROUTE_PARK || callback_may_reach(c, user);
}

static enum forwarded follow(struct call *c, const char *number, uint32_t payer, enum forward which, bool missed)
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
	return call_forward(c, span_str(number), payer, ROUTE_FORWARD) ? FORWARD_GONE : FORWARD_NOT;
}

static enum forwarded go(struct call *c, uint32_t user, enum forward which, bool missed)
{
	return passes_everything(c, user) ? FORWARD_NOT
	                                  : follow(c, settings_of_user(user)->forward[which], user, which, missed);
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
	return follow(c, settings_of_group(group)->forward, NOBODY, FORWARD_NO_ANSWER, true);
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

	if (c->first.kind != DEST_USER || !inside || last.route != ROUTE_FORWARD || forward_of(c->best) == FORWARDS)
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

bool forward_refused(struct call *c, const char *why)
{
	const struct forwarded_from from = c->forwarded;

	if (!from.known || c->dest.route != ROUTE_FORWARD || c->dest.kind == DEST_MAILBOX)
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
