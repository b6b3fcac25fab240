/* SPDX-License-Identifier: ISC */
#include "emergency.h"
#include "callback.h"
#include "desk.h"
#include "hotdesk.h"
#include "notice.h"
#include "permit.h"
#include "settings.h"
#include <stdio.h>

static bool is_test(const char *number)
{
	return child_site()->plan.emergency_test[0] && strcmp(number, child_site()->plan.emergency_test) == 0;
}

bool emergency_tests(const struct dest *to)
{
	return is_test(to->number.text);
}

bool emergency_is_test(const struct call *c)
{
	return c->r.emergency && is_test(c->r.to);
}

/* --- where its phone says that it is --- */

static struct place_said {
	uint64_t call; /* 0: free */
	uint32_t device;
	struct pidf_place where;
} places[EMERGENCY_PLACES_MAX];
static uint64_t places_lost, refused;

static int places_of(uint32_t device)
{
	int n = 0;

	for (int i = 0; i < EMERGENCY_PLACES_MAX; i++)
		n += places[i].call && places[i].device == device;
	return n;
}

static struct place_said *free_place(void)
{
	for (int i = 0; i < EMERGENCY_PLACES_MAX; i++)
		if (!places[i].call)
			return &places[i];
	return NULL;
}

static uint64_t begun_ms(const struct place_said *p)
{
	const struct call *c = call_get(p->call);

	return c ? c->r.started_ms : 0;
}

/* Of the phone that has most, two more than this one at least, that of the youngest call: what it says once more is lost before another's
 * word is. */
static struct place_said *surplus_place(uint32_t device)
{
	struct place_said *found = NULL;
	int most = places_of(device) + 2;

	for (int i = 0; i < EMERGENCY_PLACES_MAX; i++) {
		const int n = places_of(places[i].device);
		if (n < most || (n == most && found && begun_ms(found) > begun_ms(&places[i])))
			continue;
		found = &places[i];
		most = n;
	}
	return found;
}

void emergency_said(const struct call *c, uint32_t device, const struct pidf_place *where)
{
	if (!where || !c->r.emergency)
		return;
	struct place_said *p = free_place();
	if (!p) {
		places_lost++;
		p = surplus_place(device);
	}
	if (p)
		*p = (struct place_said){c->r.id, device, *where};
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
	status_counter(s, "emergency-refused", refused);
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

static void tell(enum notice_kind kind, const struct help_asked *by, const struct addr *at, const char *text)
{
	child_event(EVENT_EMERGENCY, said[kind].severity, by->device, by->person, at, text);
	notice_add(kind, by->device, by->person, span_str(by->number));
}

static const struct addr *address_of(const struct leg *l)
{
	const struct flow *f = leg_flow(l);

	return f ? &f->remote : &l->r.seen;
}

static struct help_asked asked_by(const struct call *c, const struct leg *caller)
{
	struct help_asked by = {.device = caller->r.device, .person = caller->r.person};

	(void)span_cstr(span_head(span_str(c->r.to), sizeof by.number - 1), by.number, sizeof by.number);
	return by;
}

/* A phone that tries again at once is not told of as often; nor does a test hide another call. */
static bool is_told_lately(uint32_t device, bool test)
{
	static struct {
		uint32_t device;
		uint64_t until_ms;
	} of[2][EMERGENCY_TOLD_MAX], *told;

	told = &of[test][device % EMERGENCY_TOLD_MAX];
	const bool lately = told->device == device && child_now() < told->until_ms;
	if (!lately) {
		told->device = device;
		told->until_ms = child_now() + EMERGENCY_TOLD_MS;
	}
	return lately;
}

void emergency_refused(const struct flow *f, uint32_t user, struct span number, const char *text)
{
	const char *dialled = number_emergency(&child_site()->plan, number);
	struct help_asked by = {.device = f->device, .person = hotdesk_person(user, f->device)};
	char why[REASON_MAX + 1];

	refused++;
	if (!dialled || is_told_lately(f->device, is_test(dialled)))
		return;
	(void)span_cstr(span_str(dialled), by.number, sizeof by.number);
	snprintf(why, sizeof why, "emergency call refused: %s", text);
	tell(NOTICE_REFUSED, &by, &f->remote, why);
	if (!is_test(dialled))
		desk_wanted(by.device, by.person, &(struct dest){.index = NOBODY},
		    &(struct desk_doubt){.moved = settings_device_away(f->device, &f->remote)});
}

/* Its phone's request was of no use to the edge, or there was no room for it. */
void emergency_on_refused(struct link *from, const struct ipc_view *v)
{
	const struct msg_help_refused *m = v->payload;
	const struct flow *f = flow_get(m->flow);
	const struct span number = ipc_str(v, m->number);
	char text[32];

	if (!f)
		return;
	if (f->edge != from->instance || f->trunk || !number_emergency(&child_site()->plan, number)) {
		child_accuse(
		    from, "a call for help that does not fit its flow", m->flow, flow_device_at(from, m->flow));
		return;
	}
	snprintf(text, sizeof text, "its phone was answered %u", m->code);
	emergency_refused(f, f->users == 1 ? f->login[0].user : NOBODY, number, text);
}

/* own: the phone's word is all that is known of its place, or all that may be right. Where that is, the notice alone says. */
static const char *words(enum notice_kind kind, bool doubt, bool own)
{
	if (!own || kind == NOTICE_TEST)
		return said[kind].text;
	return doubt ? "emergency call of a phone that may have been moved, and says itself where it is"
	             : "emergency call of a phone that says itself where it is";
}

void emergency_begins(struct call *c, const struct plan_answer *a)
{
	const struct leg *caller = leg_get(c->r.caller);
	const struct pidf_place *where = emergency_place(c);

	if (!caller)
		return;
	bool doubt = settings_device_away(caller->r.device, &caller->r.seen);
	bool own = where && (doubt || !settings_of_device(caller->r.device)->location[0]);
	enum notice_kind let = emergency_is_test(c) ? NOTICE_TEST : doubt ? NOTICE_DOUBT : NOTICE_CALL;
	enum notice_kind kind = a->verdict == PLAN_ALLOW ? let : NOTICE_REFUSED;
	const struct help_asked by = asked_by(c, caller);
	tell(kind, &by, address_of(caller), words(kind, doubt, own));
	callback_from(caller);
	if (kind != NOTICE_TEST && kind != NOTICE_REFUSED) {
		c->r.help |= HELP_ASKED;
		c->r.asked = by;
	}
	if (where)
		notice_add_said(caller->r.device, caller->r.person, span_str(c->r.to), where);
	if (let != NOTICE_TEST)
		desk_wanted(
		    caller->r.device, caller->r.person, &c->dest, &(struct desk_doubt){.moved = doubt, .says = own});
}

void emergency_adopt(struct call *c)
{
	const struct leg *caller = leg_get(c->r.caller);

	if (!c->r.emergency || c->r.help || !caller || emergency_is_test(c))
		return;
	c->r.help = HELP_ASKED;
	c->r.asked = asked_by(c, caller);
}

void emergency_talked(struct call *c)
{
	if (c->r.help & HELP_ASKED && c->r.answered_ms)
		c->r.help |= HELP_TALKED;
}

void emergency_goes_on(struct call *from, struct call *to)
{
	if (!from || !from->r.help || to->r.help)
		return;
	emergency_talked(from);
	to->r.help = from->r.help;
	to->r.asked = from->r.asked;
	from->r.help = 0;
	call_save(from);
	call_save(to);
}

bool emergency_is_of(const struct call *c, const struct leg *l)
{
	return l && c->r.help & HELP_ASKED && !l->r.trunk && l->r.device == c->r.asked.device;
}

/* Of the phone that called for help, where it is in the call still. */
static const struct leg *who_asked(const struct call *c)
{
	const struct leg *caller = leg_get(c->r.caller), *callee = leg_get(c->r.callee);

	return emergency_is_of(c, caller) ? caller : emergency_is_of(c, callee) ? callee : NULL;
}

void emergency_over(const struct call *c)
{
	const bool talked = c->r.help & HELP_TALKED || c->r.answered_ms;

	if (!(c->r.help & HELP_ASKED) || !talked)
		return;
	const struct leg *by = who_asked(c);
	tell(NOTICE_END, &c->r.asked, by ? address_of(by) : NULL, said[NOTICE_END].text);
	if (by)
		callback_from(by);
}
