/* SPDX-License-Identifier: ISC */
#include "ipc/child_event.h"
#include "base/clock.h"
#include "base/ratelimit.h"
#include <stdio.h>

enum {
	/* of each budget: what waits for a ledger that stalled (a window of 128) and two of these seconds stay below its 300 a second */
	EVENTS_PER_SECOND = 20,
	OF_PHONE_PER_SECOND = 5, /* so that it hides nobody else's, from the ledger's ten either */
	/* as many as a site has unless it says otherwise; of pages that nobody touches the host has none */
	PHONES = 4096,
	ALARMS_KEPT = 8,
};

struct event {
	enum event_kind kind;
	enum severity severity;
	uint32_t device, user;
	int64_t wall_ms;
	struct addr remote;
	char detail[REASON_MAX + 1];
};

static bool say_event(struct link *l, const struct event *e)
{
	struct msg_event *m = l ? ipc_begin(l, MSG_EVENT) : NULL;

	if (!m)
		return false;
	m->kind = (uint8_t)e->kind;
	m->severity = (uint8_t)e->severity;
	m->device = e->device;
	m->user = e->user;
	m->wall_ms = e->wall_ms;
	m->remote = e->remote;
	m->detail = ipc_put(l, span_str(e->detail));
	ipc_end(l);
	return true;
}

/* What may still be said in this second. */
static bool within(struct ratelimit *budget)
{
	return ratelimit_take(budget, EVENTS_PER_SECOND, 1000, child_now());
}

/* Of the phone that it is about; in a large site two may share a place, and what they may. */
static bool within_phones(const struct event *e)
{
	static struct {
		uint32_t device;
		struct ratelimit said;
	} of[EVENT_BUDGETS][PHONES], *at;

	at = &of[event_budget(e->kind, e->severity)][e->device % PHONES];
	if (at->device != e->device && child_now() >= at->said.until_ms)
		at->device = e->device;
	return e->device == 0 || ratelimit_take(&at->said, OF_PHONE_PER_SECOND, 1000, child_now());
}

/* The first ones wait for a watch that is being started anew. */
static struct event alarm_kept[ALARMS_KEPT];
static uint32_t alarms_kept;
static uint64_t events_lost;

/* The last place is always one of a call for help, where there was one. */
static void keep(const struct event *e)
{
	if (alarms_kept < ALARMS_KEPT)
		alarm_kept[alarms_kept++] = *e;
	else if (e->kind == EVENT_EMERGENCY && alarm_kept[ALARMS_KEPT - 1].kind != EVENT_EMERGENCY)
		alarm_kept[ALARMS_KEPT - 1] = *e;
}

static void say_alarm(const struct event *e)
{
	static struct ratelimit budget[EVENT_BUDGETS];

	if (!within(&budget[event_budget(e->kind, e->severity)]) || say_event(child_link(PROC_WATCH, 0), e))
		return;
	keep(e);
}

void child_event_watch_up(struct link *watch)
{
	for (uint32_t i = 0; i < alarms_kept; i++)
		(void)say_event(watch, &alarm_kept[i]);
	alarms_kept = 0;
}

void child_alarm(enum event_kind kind, const char *detail)
{
	struct event e = {.kind = kind, .severity = SEVERITY_ALARM, .wall_ms = clock_wall_ms()};

	snprintf(e.detail, sizeof e.detail, "%s", detail);
	say_alarm(&e);
}

void child_event(enum event_kind kind, enum severity severity, uint32_t device, uint32_t user,
    const struct addr *remote, const char *detail)
{
	/* refused calls, which any phone can heap up, leave what is graver its room (R13) */
	static struct ratelimit budget[EVENT_BUDGETS];
	struct event e = {
	    .kind = kind, .severity = severity, .device = device, .user = user, .wall_ms = clock_wall_ms()};

	if (user == UINT32_MAX) /* nobody, as core has it */
		e.user = 0;
	if (remote)
		e.remote = *remote;
	snprintf(e.detail, sizeof e.detail, "%s", detail ? detail : "");
	if (!within_phones(&e)) {
		events_lost++;
		return;
	}
	if (severity == SEVERITY_ALARM && child_me() != PROC_WATCH)
		say_alarm(&e);
	if (!within(&budget[event_budget(kind, severity)]) || !say_event(child_link(PROC_LEDGER, 0), &e))
		events_lost++;
}

uint64_t child_events_lost(void)
{
	return events_lost;
}
