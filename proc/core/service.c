/* SPDX-License-Identifier: ISC */
#include "service.h"
#include "dial.h"
#include "dialogue.h"
#include "hotdesk.h"
#include "incoming.h"
#include "last_caller.h"
#include "park.h"
#include "permit.h"
#include "pin.h"
#include "settings.h"
#include "share.h"
#include <stdio.h>

/* --- settings of one's own --- */

enum value { VALUE_NUMBER, VALUE_ON, VALUE_NOTHING }; /* what the setting becomes */

static const struct {
	bool known;
	uint8_t kind, value;
	const char *say;
} change[SERVICES] = {
    [SERVICE_FORWARD] = {true, SETTING_FORWARD_ALWAYS, VALUE_NUMBER, "forward-on"},
    [SERVICE_FORWARD_OFF] = {true, SETTING_FORWARD_ALWAYS, VALUE_NOTHING, "forward-off"},
    [SERVICE_FORWARD_BUSY] = {true, SETTING_FORWARD_BUSY, VALUE_NUMBER, "forward-on"},
    [SERVICE_FORWARD_BUSY_OFF] = {true, SETTING_FORWARD_BUSY, VALUE_NOTHING, "forward-off"},
    [SERVICE_FORWARD_NO_ANSWER] = {true, SETTING_FORWARD_NO_ANSWER, VALUE_NUMBER, "forward-on"},
    [SERVICE_FORWARD_NO_ANSWER_OFF] = {true, SETTING_FORWARD_NO_ANSWER, VALUE_NOTHING, "forward-off"},
    [SERVICE_FORWARD_ABSENT] = {true, SETTING_FORWARD_OFFLINE, VALUE_NUMBER, "forward-on"},
    [SERVICE_FORWARD_ABSENT_OFF] = {true, SETTING_FORWARD_OFFLINE, VALUE_NOTHING, "forward-off"},
    [SERVICE_DND] = {true, SETTING_DND, VALUE_ON, "dnd-on"},
    [SERVICE_DND_OFF] = {true, SETTING_DND, VALUE_NOTHING, "dnd-off"},
    [SERVICE_REJECT_ANONYMOUS] = {true, SETTING_REJECT_ANONYMOUS, VALUE_ON, "saved"},
    [SERVICE_REJECT_ANONYMOUS_OFF] = {true, SETTING_REJECT_ANONYMOUS, VALUE_NOTHING, "saved"},
};

static void tell(struct call *c, const char *say)
{
	c->say = say;
	call_event(c, CALL_TOLD_WHY, NULL);
}

static void refuse(struct call *c, enum refusal why)
{
	c->best = (uint8_t)why;
	call_event(c, CALL_REFUSED, NULL);
}

static void refuse_unheard(struct call *c)
{
	dialogue_cannot(c);
	call_event(c, CALL_REFUSED, NULL);
}

static void on_changed(uint64_t call, bool ok)
{
	struct call *c = call_get(call);

	if (!c || c->r.state != PHASE_LOOKING)
		return;
	tell(c, ok ? c->say : "not-now");
}

static void set(struct call *c, enum setting_kind kind, struct span value, const char *say)
{
	const struct leg *caller = leg_get(c->r.caller);
	const struct settings_wish w = {.who = SETTINGS_FOR_CODE,
	    .owner = c->r.id,
	    .by = caller ? share_of_leg(caller) : NOBODY,
	    .whose = OWNER_USER,
	    .index = c->dest.payer,
	    .kind = kind};

	c->say = say;
	if (!settings_change(&w, value))
		tell(c, "not-now");
}

/* What the hour, the ceilings of today and the memory of numbers refuse now, they need not when a call comes. */
static bool may_be_later(enum plan_reason reason)
{
	return reason == REASON_NIGHT || (reason >= REASON_MONEY && reason <= REASON_ABROAD) ||
	       reason == REASON_PIN_ABSENT;
}

/* NULL: their forward may lead there. It is asked of the call plan again for each call, with whoever calls. */
static const char *no_forward(const struct call *c, struct span number, struct dest *to)
{
	const struct leg *caller = leg_get(c->r.caller);

	if (!route_find(number, SPAN(""), to) || to->kind == DEST_SERVICE)
		return "invalid-choice";
	const struct permit_case q = {.who = c->r.who,
	    .route = ROUTE_FORWARD,
	    .user = caller ? caller->r.person : NOBODY,
	    .device = caller ? caller->r.device : NOBODY,
	    .payer = c->dest.payer,
	    .number = to->number};
	const struct plan_answer a = permit(&q);
	return a.verdict == PLAN_ALLOW || may_be_later((enum plan_reason)a.reason) ? NULL : "not-allowed";
}

/* Where a forward leads outside callers from outside still ring (R14), and so does everybody until its owner has dialled the number (R15). */
static void on_dialled(uint64_t call, const struct pin_memory *m)
{
	struct call *c = call_get(call);
	struct span argument;

	if (!c || c->r.state != PHASE_LOOKING || c->dest.kind != DEST_SERVICE)
		return;
	enum service s = plan_service(&child_site()->plan, span_str(c->dest.number.text), &argument);
	/* the configuration may have been another meanwhile */
	if (!m->heard || s == SERVICES || change[s].value != VALUE_NUMBER || !change[s].known)
		tell(c, "not-now");
	else
		set(c, (enum setting_kind)change[s].kind, argument,
		    m->dialled ? "forward-on-inside" : "forward-dial-first");
}

static void set_forward(struct call *c, enum service s, struct span number)
{
	const enum setting_kind kind = (enum setting_kind)change[s].kind;
	struct dest to;
	const char *no = no_forward(c, number, &to);

	if (no)
		tell(c, no);
	else if (to.kind != DEST_OUTSIDE)
		set(c, kind, number, change[s].say);
	else if (!child_site()->plan.pin)
		set(c, kind, number, "forward-on-inside");
	else if (!pin_ask_dialled(PIN_FOR_CODE, c->r.id, c->dest.payer, span_str(to.number.text)))
		tell(c, "not-now");
}

static void set_own(struct call *c, enum service s, struct span argument)
{
	static const struct span value[] = {[VALUE_ON] = SPAN("on"), [VALUE_NOTHING] = SPAN("")};

	if (change[s].value == VALUE_NUMBER)
		set_forward(c, s, argument);
	else
		set(c, (enum setting_kind)change[s].kind, value[change[s].value], change[s].say);
}

/* --- the caller whom one does not want again --- */

/* Behind all others; where there is no room the oldest leave. */
static void put_last(const char *had, const char *number, char list[SETTING_TEXT_MAX + 1])
{
	while (snprintf(list, SETTING_TEXT_MAX + 1, "%s%s%s", had, had[0] ? ", " : "", number) > SETTING_TEXT_MAX) {
		had += strcspn(had, ",");
		had += strspn(had, ", ");
	}
}

static void block_last(struct call *c, struct span argument)
{
	const char *had = settings_of_user(c->dest.payer)->blocked, *last = last_caller_of(c->dest.payer);
	char list[SETTING_TEXT_MAX + 1];

	(void)argument;
	if (!last) {
		tell(c, "no-such-call");
		return;
	}
	if (incoming_listed(had, last)) {
		tell(c, "blocked");
		return;
	}
	put_last(had, last, list);
	set(c, SETTING_BLOCKED, span_str(list), "blocked");
}

/* The one who was blocked last. */
static void unblock_last(struct call *c, struct span argument)
{
	char list[SETTING_TEXT_MAX + 1];

	(void)argument;
	snprintf(list, sizeof list, "%s", settings_of_user(c->dest.payer)->blocked);
	if (c->dest.payer >= child_site()->max_users || !list[0]) {
		tell(c, "no-such-call");
		return;
	}
	char *last = strrchr(list, ',');
	*(last ? last : list) = 0;
	set(c, SETTING_BLOCKED, span_str(list), "unblocked");
}

/* --- a call that rings elsewhere --- */

struct pickup {
	const struct call *by;
	const char *group;
	uint32_t callee; /* NOBODY: anyone of the group */
	struct call *found;
};

static bool may_be_picked(const struct pickup *p, uint32_t callee)
{
	return p->group[0] && (p->callee == NOBODY || callee == p->callee) &&
	       strcmp(settings_of_user(callee)->pickup_group, p->group) == 0;
}

/* One of those whose phones ring, or who was called. */
static bool rings_one_of(const struct pickup *p, const struct call *c)
{
	bool one = c->dest.kind == DEST_USER && may_be_picked(p, c->dest.index);

	for (uint8_t i = 0; i < c->targets && !one; i++) {
		const struct leg *l = leg_get(c->target[i]);
		one = l && !l->r.trunk && may_be_picked(p, l->r.person);
	}
	return one;
}

/* Who rings a colleague, and picks up another's call beside that, is not to meet themselves. */
static bool is_own(const struct pickup *p, const struct call *c)
{
	const struct leg *mine = leg_get(p->by->r.caller), *caller = leg_get(c->r.caller);

	return caller && !caller->r.trunk && caller->r.person == mine->r.person;
}

static void find_ringing(struct call *c, void *arg)
{
	struct pickup *p = arg;

	if (is_own(p, c) || c->r.state != PHASE_RINGING || c->dest.kind == DEST_OUTSIDE || c->desk || c->r.emergency ||
	    !rings_one_of(p, c))
		return;
	if (!p->found || c->r.started_ms < p->found->r.started_ms)
		p->found = c;
}

/* The picker's own INVITE ends; its phone becomes one more target of the call, so that its keys are its own (R7). */
static void pick_up(struct call *c, struct span argument)
{
	const struct leg *caller = leg_get(c->r.caller);
	struct pickup p = {.by = c,
	    .group = settings_of_user(c->dest.payer)->pickup_group,
	    .callee = argument.n ? directory_find(argument) : NOBODY};

	if (caller && (argument.n == 0 || p.callee != NOBODY))
		call_each(find_ringing, &p);
	if (!p.found) {
		tell(c, "no-such-call");
		return;
	}
	bool rings = dial_also(p.found, caller->r.user, caller->r.device);
	refuse(c, rings ? REFUSE_PICKED_UP : REFUSE_OFFLINE);
}

/* --- all of them --- */

static void change_pin(struct call *c, struct span argument)
{
	(void)argument;
	c->script = SCRIPT_CHANGE_PIN;
	call_event(c, CALL_ASKED, NULL);
}

static void log_in(struct call *c, struct span argument)
{
	if (!span_cstr(argument, c->kept, sizeof c->kept)) {
		tell(c, "invalid-choice");
		return;
	}
	c->script = SCRIPT_LOGIN;
	call_event(c, CALL_ASKED, NULL);
}

static void log_out(struct call *c, struct span argument)
{
	const struct leg *caller = leg_get(c->r.caller);

	(void)argument;
	tell(c, caller && hotdesk_log_out(caller->r.user, caller->r.device) ? "logged-out" : "invalid-choice");
}

static void hear_mailbox(struct call *c, struct span argument)
{
	(void)argument;
	if (!dialogue_can_message(c)) {
		refuse_unheard(c);
		return;
	}
	c->script = SCRIPT_MAILBOX;
	call_event(c, CALL_ASKED, NULL);
}

static void (*const other[SERVICES])(struct call *c, struct span argument) = {[SERVICE_PIN] = change_pin,
    [SERVICE_LOGIN] = log_in,
    [SERVICE_LOGOUT] = log_out,
    [SERVICE_BLOCK_LAST] = block_last,
    [SERVICE_UNBLOCK_LAST] = unblock_last,
    [SERVICE_PICKUP] = pick_up,
    [SERVICE_PARK] = park_begin,
    [SERVICE_RETRIEVE] = park_take,
    [SERVICE_VOICEMAIL] = hear_mailbox};

void service_begin(struct call *c)
{
	struct span argument;
	enum service s = plan_service(&child_site()->plan, span_str(c->dest.number.text), &argument);

	if (s == SERVICES || (!change[s].known && !other[s]))
		refuse(c, REFUSE_NO_NUMBER);
	else if (s != SERVICE_PICKUP && s != SERVICE_RETRIEVE && !dialogue_can(c))
		refuse_unheard(c);
	else if (other[s])
		other[s](c, argument);
	else
		set_own(c, s, argument);
}

void service_init(void)
{
	static const struct pin_answers answers = {.dialled = on_dialled};

	pin_on_answer(PIN_FOR_CODE, &answers);
	park_init();
	settings_on_change(SETTINGS_FOR_CODE, on_changed);
}
