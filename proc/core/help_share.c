/* SPDX-License-Identifier: ISC */
#include "help_share.h"
#include "base/log.h"
#include "emergency.h"
#include <stdlib.h>

static uint32_t *calls_of; /* by phone, while somebody is looked for */
static uint64_t gave_way;

static uint32_t phones(void)
{
	return child_site()->max_phones + 1;
}

void help_share_init(void)
{
	calls_of = calloc(phones(), sizeof *calls_of);
	if (!calls_of)
		log_fatal("no memory for the shares of calls for help");
}

/* NULL: it is no call for help but a test of one or another call, or it is nobody's yet. */
static uint32_t *calls_of_its_phone(const struct call *c)
{
	const struct leg *caller = c->r.emergency && !emergency_is_test(c) ? leg_get(c->r.caller) : NULL;

	return caller && !caller->r.trunk && caller->r.device < phones() ? &calls_of[caller->r.device] : NULL;
}

static void count(struct call *c, void *arg)
{
	uint32_t *n = calls_of_its_phone(c);

	(void)arg;
	if (n)
		++*n;
}

struct search {
	help_use *use;
	void *arg;
	uint32_t least;
	struct call *found;
};

/* Tests, which help nobody, before all others. */
static bool goes_before(const struct call *a, const struct call *b)
{
	const uint32_t *of_a = calls_of_its_phone(a), *of_b = calls_of_its_phone(b);
	const uint32_t has_a = of_a ? *of_a : UINT32_MAX, has_b = of_b ? *of_b : UINT32_MAX;
	const bool rings_a = !a->r.answered_ms, rings_b = !b->r.answered_ms;

	if (has_a != has_b)
		return has_a > has_b;
	return rings_a == rings_b ? a->r.started_ms >= b->r.started_ms : rings_a;
}

static void look_at(struct call *c, void *arg)
{
	struct search *s = arg;
	const uint32_t *n = calls_of_its_phone(c);
	const bool may = n ? *n >= s->least : emergency_is_test(c) && leg_get(c->r.caller);

	if (may && (!s->use || s->use(c, s->arg)) && (!s->found || goes_before(c, s->found)))
		s->found = c;
}

struct call *help_surplus(uint32_t device, bool counted, help_use *use, void *arg)
{
	struct search s = {.use = use, .arg = arg};

	memset(calls_of, 0, phones() * sizeof *calls_of);
	call_each(count, NULL);
	const uint32_t own = device < phones() ? calls_of[device] : 0;
	s.least = own + (counted ? 1 : 2);
	call_each(look_at, &s);
	return s.found;
}

void help_end_surplus(struct call *c)
{
	const struct leg *caller = leg_get(c->r.caller);
	const bool test = emergency_is_test(c);

	gave_way++;
	child_event(EVENT_EMERGENCY, test ? SEVERITY_WARNING : SEVERITY_ALARM, caller->r.device, caller->r.person,
	    &caller->r.seen,
	    test ? "a test of calls for help has ended for a call for help"
		 : "a call for help has ended for another phone's: its own has more of them");
	call_fail(c, REFUSE_PREEMPTED, NULL);
}

bool help_gives_way(uint32_t device)
{
	struct call *c = help_surplus(device, false, NULL, NULL);

	if (c)
		help_end_surplus(c);
	return c != NULL;
}

struct older {
	const struct call *than;
	bool found;
};

static void find_older(struct call *c, void *arg)
{
	struct older *o = arg;
	const uint32_t *of = calls_of_its_phone(o->than);

	o->found = o->found || (c != o->than && of && calls_of_its_phone(c) == of &&
				   (c->r.started_ms < o->than->r.started_ms ||
				       (c->r.started_ms == o->than->r.started_ms && c->r.id < o->than->r.id)));
}

bool help_is_first(const struct call *c)
{
	struct older o = {.than = c};

	call_each(find_older, &o);
	return !o.found;
}

void help_share_status(struct proc_status *s)
{
	status_counter(s, "help-gave-way", gave_way);
}
