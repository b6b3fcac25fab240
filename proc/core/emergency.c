/* SPDX-License-Identifier: ISC */
#include "emergency.h"
#include "desk.h"
#include "notice.h"
#include "permit.h"
#include "settings.h"

bool emergency_is_test(const struct call *c)
{
	return c->r.emergency && child_site()->plan.emergency_test[0] &&
	       span_eq(span_str(c->r.to), span_str(child_site()->plan.emergency_test));
}

struct said {
	enum severity severity;
	const char *text;
};

/* In the order of enum notice_kind. */
static const struct said said[NOTICE_KINDS] = {
    [NOTICE_CALL] = {SEVERITY_ALARM, "emergency call"},
    [NOTICE_REFUSED] = {SEVERITY_ALARM, "emergency call"},
    [NOTICE_DOUBT] = {SEVERITY_ALARM, "emergency call of a phone that may have been moved"},
    [NOTICE_TEST] = {SEVERITY_INFO, "test of emergency calls"},
    [NOTICE_END] = {SEVERITY_INFO, "an emergency call has ended"},
};

static void tell(const struct call *c, const struct leg *caller, enum notice_kind kind)
{
	const struct flow *f = leg_flow(caller);

	child_event(EVENT_EMERGENCY, said[kind].severity, caller->r.device, caller->r.person,
	    f ? &f->remote : &caller->r.seen, said[kind].text);
	notice_add(kind, caller->r.device, caller->r.person, span_str(c->r.to));
}

void emergency_begins(const struct call *c, const struct plan_answer *a)
{
	const struct leg *caller = leg_get(c->r.caller);

	if (!caller)
		return;
	bool doubt = settings_device_away(caller->r.device, &caller->r.seen);
	enum notice_kind let = emergency_is_test(c) ? NOTICE_TEST : doubt ? NOTICE_DOUBT : NOTICE_CALL;
	tell(c, caller, a->verdict == PLAN_ALLOW ? let : NOTICE_REFUSED);
	if (let != NOTICE_TEST)
		desk_wanted(caller->r.device, caller->r.person, &c->dest, doubt);
}

void emergency_over(const struct call *c)
{
	const struct leg *caller = leg_get(c->r.caller);

	if (caller && c->r.emergency && c->r.answered_ms && !emergency_is_test(c))
		tell(c, caller, NOTICE_END);
}
