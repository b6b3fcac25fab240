/* SPDX-License-Identifier: ISC */
#include "lost.h"
#include "base/log.h"
#include <stdio.h>

static uint32_t lost[LOST_KINDS];

void lost_count(enum lost what)
{
	lost[what]++;
}

void lost_ledger_up(void)
{
	static bool said;
	char detail[REASON_MAX + 1];

	if (said || (!lost[LOST_CALLS] && !lost[LOST_LEGS]))
		return;
	said = true;
	snprintf(detail, sizeof detail, "kept over the restart, and could not go on: calls %u, ends of calls %u",
	    lost[LOST_CALLS], lost[LOST_LEGS]);
	log_error("%s", detail);
	child_event(EVENT_STARTED, SEVERITY_ALARM, 0, 0, NULL, detail);
}

void lost_status(struct proc_status *s)
{
	status_counter(s, "calls-lost", lost[LOST_CALLS]);
	status_counter(s, "legs-lost", lost[LOST_LEGS]);
}
