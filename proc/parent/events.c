/* SPDX-License-Identifier: ISC */
#include "base/clock.h"
#include "parent.h"
#include <stdio.h>

enum { KEPT = 32, DETAIL_MAX = 80 };

static struct {
	enum event_kind kind;
	enum severity severity;
	uint32_t device;
	int64_t wall_ms;
	char detail[DETAIL_MAX];
} kept[KEPT];
static uint32_t kept_n;

void events_flush(void)
{
	struct slot *ledger = slot_find(PROC_LEDGER, 0);
	uint32_t sent = 0;

	if (!ledger || ledger->state != SLOT_UP)
		return;
	for (; sent < kept_n; sent++) {
		struct msg_event *m = ipc_begin(&ledger->link, MSG_EVENT);
		if (!m)
			break;
		m->kind = (uint8_t)kept[sent].kind;
		m->severity = (uint8_t)kept[sent].severity;
		m->device = kept[sent].device;
		m->wall_ms = kept[sent].wall_ms;
		m->detail = ipc_put(&ledger->link, span_str(kept[sent].detail));
		ipc_end(&ledger->link);
	}
	kept_n -= sent;
	memmove(kept, kept + sent, kept_n * sizeof *kept);
}

void event(enum event_kind kind, enum severity severity, uint32_t device, const char *what, const struct slot *about)
{
	if (kept_n == KEPT) /* the newest tell of what goes on now */
		memmove(kept, kept + 1, --kept_n * sizeof *kept);
	kept[kept_n].kind = kind;
	kept[kept_n].severity = severity;
	kept[kept_n].device = device;
	kept[kept_n].wall_ms = clock_wall_ms();
	if (about)
		snprintf(kept[kept_n].detail, DETAIL_MAX, "%s/%u %s", proc_name[about->proc], about->instance, what);
	else
		snprintf(kept[kept_n].detail, DETAIL_MAX, "%s", what);
	kept_n++;
	events_flush();
}
