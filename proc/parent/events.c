/* SPDX-License-Identifier: ISC */
#include "base/clock.h"
#include "parent.h"
#include <stdio.h>

enum { KEPT = 32, DETAIL_MAX = REASON_MAX + 1 };

static const enum proc hearer[] = {PROC_LEDGER, PROC_WATCH};

enum { OWED_LEDGER = 1, OWED_WATCH = 2 };

static struct kept {
	enum event_kind kind;
	enum severity severity;
	uint32_t device, owed; /* by bit: who has not heard it */
	int64_t wall_ms;
	char detail[DETAIL_MAX];
} kept[KEPT];
static uint32_t kept_n;

static bool say(enum proc to, const struct kept *k)
{
	struct slot *s = slot_find(to, 0);
	struct msg_event *m = s && s->state == SLOT_UP ? ipc_begin(&s->link, MSG_EVENT) : NULL;

	if (!m)
		return false;
	m->kind = (uint8_t)k->kind;
	m->severity = (uint8_t)k->severity;
	m->device = k->device;
	m->wall_ms = k->wall_ms;
	m->detail = ipc_put(&s->link, span_str(k->detail));
	ipc_end(&s->link);
	return true;
}

void events_flush(void)
{
	uint32_t left = 0;

	for (uint32_t i = 0; i < kept_n; i++) {
		for (uint32_t h = 0; h < sizeof hearer / sizeof *hearer; h++)
			if (kept[i].owed >> h & 1 && say(hearer[h], &kept[i]))
				kept[i].owed &= ~(1u << h);
		if (kept[i].owed)
			kept[left++] = kept[i];
	}
	kept_n = left;
}

void event(enum event_kind kind, enum severity severity, uint32_t device, const char *what, const struct slot *about)
{
	struct kept k = {.kind = kind,
	    .severity = severity,
	    .device = device,
	    .owed = severity == SEVERITY_ALARM ? OWED_LEDGER | OWED_WATCH : OWED_LEDGER,
	    .wall_ms = clock_wall_ms()};

	if (kept_n == KEPT) /* the newest tell of what goes on now */
		memmove(kept, kept + 1, --kept_n * sizeof *kept);
	if (about)
		snprintf(k.detail, DETAIL_MAX, "%s/%u %s", proc_name[about->proc], about->instance, what);
	else
		snprintf(k.detail, DETAIL_MAX, "%s", what);
	kept[kept_n++] = k;
	events_flush();
}

void event_refused(const char *what, const char *why)
{
	char text[DETAIL_MAX];

	snprintf(text, sizeof text, "%s: %.140s", what, why);
	event(EVENT_CONFIG, SEVERITY_WARNING, 0, text, NULL);
}
