/* SPDX-License-Identifier: ISC */
/* Where a call goes: as it was dialled, and when it is sent elsewhere. */
#include "call.h"
#include "dial.h"
#include "forward.h"
#include "judge.h"

static void show_dialled(struct call *c, const struct dest *to)
{
	struct span shown = span_str(to->number.text);

	if (to->kind == DEST_SERVICE)
		shown = plan_shown(&child_site()->plan, shown);
	span_cstr(shown, c->r.to, sizeof c->r.to);
}

void call_is_of(struct call *c, const struct leg *caller, const struct dest *to)
{
	char name[USER_NAME_MAX + 1];

	c->r.caller = caller->r.id;
	c->dest = *to;
	span_cstr(span_str(leg_name(caller, name)), c->r.from, sizeof c->r.from);
	show_dialled(c, to);
}

void call_start(struct call *c, struct leg *caller, const struct dest *to)
{
	call_is_of(c, caller, to);
	judge_call(c);
}

void call_lead_to(struct call *c, const struct dest *to)
{
	c->dest = *to;
	c->best = REFUSE_NONE;
	c->best_text = NULL;
	c->looked = c->dialled_before = c->pin_given = 0;
	c->trunks_tried = c->placeless = c->unknown_to = c->preempted = 0;
	c->hoped_ms = 0;
	c->help_rounds = 0;
	c->forwards_refused = c->redirects = 0;
	show_dialled(c, to);
}

void call_go_to(struct call *c, const struct dest *to)
{
	dial_stop(c, 0);
	timer_cancel(&child_wheel, &c->ring);
	call_lead_to(c, to);
	call_event(c, CALL_FORWARDED, NULL);
}

bool call_forward(struct call *c, struct span number, uint32_t payer, enum plan_route how)
{
	struct dest to;

	if (c->dest.hops >= ROUTE_HOPS_MAX || !route_find(number, SPAN(""), &to) || to.kind == DEST_SERVICE)
		return false;
	to.hops = (uint8_t)(c->dest.hops + 1);
	to.route = (uint8_t)how;
	to.payer = payer;
	if (!forward_is(how))
		c->first.kind = DEST_NONE;
	else if (!forward_is((enum plan_route)c->dest.route))
		c->first = c->dest;
	call_go_to(c, &to);
	return true;
}
