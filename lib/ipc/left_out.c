/* SPDX-License-Identifier: ISC */
#include "left_out.h"
#include "base/log.h"
#include <stdio.h>

static uint32_t left_out;

void left_out_count(void)
{
	left_out++;
}

void left_out_ledger_up(enum proc me)
{
	static bool said;
	char detail[REASON_MAX + 1];

	if (!left_out || said)
		return;
	said = true;
	snprintf(
	    detail, sizeof detail, "damaged records that %s kept, and that are left out: %u", proc_name[me], left_out);
	log_error("%s", detail);
	child_event(EVENT_STARTED, SEVERITY_ALARM, 0, 0, NULL, detail);
}

void left_out_status(struct proc_status *s)
{
	status_counter(s, "records-damaged", left_out);
}
