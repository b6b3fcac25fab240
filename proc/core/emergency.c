/* SPDX-License-Identifier: ISC */
#include "emergency.h"
#include "callback.h"
#include "desk.h"
#include "notice.h"
#include "permit.h"
#include "settings.h"

bool emergency_is_test(const struct call *c)
{
	return c->r.emergency && child_site()->plan.emergency_test[0] &&
	       span_eq(span_str(c->r.to), span_str(child_site()->plan.emergency_test));
}

/* --- where its phone says that it is --- */

static struct place_said {
	uint64_t call; /* 0: free */
	struct pidf_place where;
} places[EMERGENCY_PLACES_MAX];
static uint64_t places_lost;

void emergency_said(const struct call *c, const struct pidf_place *where)
{
	if (!where || !c->r.emergency)
		return;
	for (int i = 0; i < EMERGENCY_PLACES_MAX; i++)
		if (!places[i].call) {
			places[i] = (struct place_said){c->r.id, *where};
			return;
		}
	places_lost++;
}

const struct pidf_place *emergency_place(const struct call *c)
{
	for (int i = 0; i < EMERGENCY_PLACES_MAX && c->r.emergency; i++)
		if (places[i].call == c->r.id)
			return &places[i].where;
	return NULL;
}

void emergency_forget(const struct call *c)
{
	for (int i = 0; i < EMERGENCY_PLACES_MAX;
	     i++) /* also of one that became an ordinary call: given on, or put together */
		if (places[i].call == c->r.id)
			places[i] = (struct place_said){0};
}

void emergency_status(struct proc_status *s)
{
	uint64_t n = 0;

	for (int i = 0; i < EMERGENCY_PLACES_MAX; i++)
		n += places[i].call != 0;
	status_add(s, "emergency-places", STATUS_POOL, n, EMERGENCY_PLACES_MAX, n, places_lost);
}

/* --- who is told --- */

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

static void tell(const struct call *c, const struct leg *caller, enum notice_kind kind, const char *text)
{
	const struct flow *f = leg_flow(caller);

	child_event(EVENT_EMERGENCY, said[kind].severity, caller->r.device, caller->r.person,
	    f ? &f->remote : &caller->r.seen, text);
	notice_add(kind, caller->r.device, caller->r.person, span_str(c->r.to));
	callback_from(caller);
}

/* own: the phone's word is all that is known of its place, or all that may be right. Where that is, the notice alone says. */
static const char *words(enum notice_kind kind, bool doubt, bool own)
{
	if (!own || kind == NOTICE_TEST)
		return said[kind].text;
	return doubt ? "emergency call of a phone that may have been moved, and says itself where it is"
	             : "emergency call of a phone that says itself where it is";
}

void emergency_begins(const struct call *c, const struct plan_answer *a)
{
	const struct leg *caller = leg_get(c->r.caller);
	const struct pidf_place *where = emergency_place(c);

	if (!caller)
		return;
	bool doubt = settings_device_away(caller->r.device, &caller->r.seen);
	bool own = where && (doubt || !settings_of_device(caller->r.device)->location[0]);
	enum notice_kind let = emergency_is_test(c) ? NOTICE_TEST : doubt ? NOTICE_DOUBT : NOTICE_CALL;
	enum notice_kind kind = a->verdict == PLAN_ALLOW ? let : NOTICE_REFUSED;
	tell(c, caller, kind, words(kind, doubt, own));
	if (where)
		notice_add_said(caller->r.device, caller->r.person, span_str(c->r.to), where);
	if (let != NOTICE_TEST)
		desk_wanted(
		    caller->r.device, caller->r.person, &c->dest, &(struct desk_doubt){.moved = doubt, .says = own});
}

void emergency_over(const struct call *c)
{
	const struct leg *caller = leg_get(c->r.caller);

	if (caller && c->r.emergency && c->r.answered_ms && !emergency_is_test(c))
		tell(c, caller, NOTICE_END, said[NOTICE_END].text);
}
