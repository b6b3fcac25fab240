/* SPDX-License-Identifier: ISC */
#include "forward.h"
#include "callback.h"
#include "mail.h"
#include "settings.h"

/* Whoever placed an emergency call is rung by those who call back (R16), and whoever parked a call by that call. */
static bool passes_everything(const struct call *c, uint32_t user)
{
	return c->r.emergency || c->dest.route == ROUTE_PARK || callback_may_reach(c, user);
}

static enum forwarded go(struct call *c, uint32_t user, enum forward which)
{
	const char *number = settings_of_user(user)->forward[which];

	if (!number[0] || passes_everything(c, user))
		return FORWARD_NOT;
	return call_forward(c, span_str(number), user, ROUTE_FORWARD) ? FORWARD_GONE : FORWARD_NOT;
}

static bool to_mailbox(struct call *c, uint32_t user)
{
	return !passes_everything(c, user) && mail_forward(c, user);
}

enum forwarded forward_before(struct call *c, uint32_t user)
{
	if (go(c, user, FORWARD_ALWAYS) == FORWARD_GONE)
		return FORWARD_GONE;
	if (!settings_of_user(user)->dnd || passes_everything(c, user))
		return FORWARD_NOT;
	c->best = REFUSE_BUSY;
	c->best_text = "does not want to be disturbed";
	return go(c, user, FORWARD_BUSY) == FORWARD_GONE ? FORWARD_GONE : FORWARD_REFUSED;
}

enum forwarded forward_after(struct call *c, uint32_t user)
{
	static const struct {
		uint8_t why, which;
	} by[] = {{REFUSE_BUSY, FORWARD_BUSY}, {REFUSE_DECLINED, FORWARD_BUSY}, {REFUSE_NO_ANSWER, FORWARD_NO_ANSWER},
	    {REFUSE_OFFLINE, FORWARD_OFFLINE}, {REFUSE_CALLEE_FAILED, FORWARD_OFFLINE}};

	for (size_t i = 0; i < sizeof by / sizeof *by; i++)
		if (by[i].why == c->best)
			return go(c, user, (enum forward)by[i].which) == FORWARD_GONE || to_mailbox(c, user)
			           ? FORWARD_GONE
			           : FORWARD_NOT;
	return FORWARD_NOT;
}
