/* SPDX-License-Identifier: ISC */
#include "base/clock.h"
#include "ipc/child_event.h"
#include "test.h"

static uint64_t now_ms = 5000;
static struct link to[PROC_N];
static struct msg_event event;
static uint32_t said[PROC_N][SEVERITIES], of_help;
static bool watch_is_down;

uint64_t child_now(void)
{
	return now_ms;
}

enum proc child_me(void)
{
	return PROC_CORE;
}

struct link *child_link(enum proc p, uint32_t instance)
{
	(void)instance;
	return watch_is_down && p == PROC_WATCH ? NULL : &to[p];
}

void *ipc_begin(struct link *l, enum msg type)
{
	(void)l;
	return type == MSG_EVENT ? &event : NULL;
}

struct str ipc_put(struct link *l, struct span s)
{
	(void)l;
	return (struct str){.len = (uint16_t)s.n};
}

void ipc_end(struct link *l)
{
	said[l - to][event.severity]++;
	of_help += l == &to[PROC_WATCH] && event.kind == EVENT_EMERGENCY;
}

static void say(enum event_kind kind, enum severity severity, uint32_t times)
{
	while (times--)
		child_event(kind, severity, 1 + times % 50, 2, NULL, "what it is");
}

static void of_phone(enum event_kind kind, enum severity severity, uint32_t device, uint32_t times)
{
	while (times--)
		child_event(kind, severity, device, 2, NULL, "what it is");
}

/* R13, R23: a phone that has calls refused in heaps hides no alarm of what it does next */
static void no_severity_takes_the_room_of_another(void)
{
	uint32_t *ledger = said[PROC_LEDGER];

	say(EVENT_CALL_REFUSED, SEVERITY_INFO, 1000);
	say(EVENT_LOGIN_WRONG, SEVERITY_WARNING, 1000);
	say(EVENT_FORGED_DIALOG, SEVERITY_ALARM, 1);
	CHECK(ledger[SEVERITY_ALARM] == 1 && said[PROC_WATCH][SEVERITY_ALARM] == 1);
	CHECK(ledger[SEVERITY_WARNING] > 0 && ledger[SEVERITY_INFO] > 0);
	say(EVENT_FORGED_DIALOG, SEVERITY_ALARM, 1000);
	uint32_t each = ledger[SEVERITY_INFO];
	CHECK(each < 1000 && ledger[SEVERITY_WARNING] == each && ledger[SEVERITY_ALARM] == each);
	CHECK(child_events_lost() == 3001 - 3 * each);
	/* what waited and two seconds' worth at once are not too fast for ledger's contract */
	CHECK(class_window[CLASS_BULK] + 2 * (SEVERITIES + 1) * each < msg_rule[MSG_EVENT].rate);
	now_ms += 1000;
	say(EVENT_CALL_REFUSED, SEVERITY_INFO, 1);
	CHECK(ledger[SEVERITY_INFO] == each + 1);
}

/* R30: core's word for nobody is no number of a user's. */
static void nobody_has_no_number(void)
{
	now_ms += 10000;
	child_event(EVENT_LOGIN_WRONG, SEVERITY_WARNING, 1, 7, NULL, "what it is");
	CHECK(event.user == 7);
	child_event(EVENT_LOGIN_WRONG, SEVERITY_WARNING, 1, UINT32_MAX, NULL, "what it is");
	CHECK(event.user == 0);
}

/* R13, R16: who forges, or calls for help, as fast as it can hides neither what others do nor another's call for help */
static void no_phone_takes_the_room_of_another(void)
{
	const uint32_t *ledger = said[PROC_LEDGER], *watch = said[PROC_WATCH];

	now_ms += 1000;
	memset(said, 0, sizeof said);
	of_phone(EVENT_FORGED_DIALOG, SEVERITY_ALARM, 1, 1000);
	const uint32_t its = ledger[SEVERITY_ALARM];
	CHECK(its > 0 && its < 10 && watch[SEVERITY_ALARM] == its);
	of_phone(EVENT_IMPERSONATION, SEVERITY_ALARM, 2, 1);
	CHECK(ledger[SEVERITY_ALARM] == its + 1 && watch[SEVERITY_ALARM] == its + 1);
	say(EVENT_FORGED_DIALOG, SEVERITY_ALARM, 1000); /* of many */
	const uint32_t all = ledger[SEVERITY_ALARM];
	of_phone(EVENT_EMERGENCY, SEVERITY_ALARM, 3, 1000);
	of_phone(EVENT_EMERGENCY, SEVERITY_ALARM, 4, 1);
	CHECK(ledger[SEVERITY_ALARM] == all + its + 1 && watch[SEVERITY_ALARM] == all + its + 1);
	/* two that share a place */
	now_ms += 1000;
	memset(said, 0, sizeof said);
	of_phone(EVENT_FORGED_DIALOG, SEVERITY_ALARM, 1, 1000);
	of_phone(EVENT_FORGED_DIALOG, SEVERITY_ALARM, 4097, 1000);
	CHECK(ledger[SEVERITY_ALARM] == its);
	/* and what is of no phone */
	of_phone(EVENT_DIED, SEVERITY_ALARM, 0, 10);
	CHECK(ledger[SEVERITY_ALARM] == its + 10);
	/* no two of a site of the usual size do (R16) */
	now_ms += 1000;
	memset(said, 0, sizeof said);
	of_phone(EVENT_EMERGENCY, SEVERITY_ALARM, 1, 1000);
	of_phone(EVENT_EMERGENCY, SEVERITY_ALARM, 257, 1);
	CHECK(ledger[SEVERITY_ALARM] == its + 1);
}

/* R16: while watch is started anew a few alarms wait for it, and a call for help is among them. */
static void a_call_for_help_waits_for_watch(void)
{
	now_ms += 1000;
	memset(said, 0, sizeof said);
	of_help = 0;
	watch_is_down = true;
	say(EVENT_FORGED_DIALOG, SEVERITY_ALARM, 20);
	of_phone(EVENT_EMERGENCY, SEVERITY_ALARM, 3, 1);
	watch_is_down = false;
	child_event_watch_up(&to[PROC_WATCH]);
	CHECK(said[PROC_WATCH][SEVERITY_ALARM] == 8 && of_help == 1);
}

int main(void)
{
	RUN(no_severity_takes_the_room_of_another);
	RUN(no_phone_takes_the_room_of_another);
	RUN(nobody_has_no_number);
	RUN(a_call_for_help_waits_for_watch);
	return TEST_END;
}
