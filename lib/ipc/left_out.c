/* SPDX-License-Identifier: ISC */
#include "left_out.h"
#include "base/log.h"
#include <stdio.h>

static uint32_t left_out[LEFT_OUT_KINDS];

/* The name of the process goes into it, and how many. */
static const struct {
	enum severity severity;
	const char *detail, *line;
} kind[LEFT_OUT_KINDS] = {
    [LEFT_OUT_DAMAGED] = {SEVERITY_ALARM, "damaged records that %s kept, and that are left out: %u", "records-damaged"},
    [LEFT_OUT_UNFIT] = {SEVERITY_WARNING,
	"records that %s kept, and that are left out, for the configuration has no more what they are of: %u",
	"records-unfit"},
};

void left_out_count(enum left_out why)
{
	left_out[why]++;
}

void left_out_ledger_up(enum proc me)
{
	static bool said;
	char detail[REASON_MAX + 1];

	for (int i = 0; i < LEFT_OUT_KINDS; i++) {
		if (!left_out[i] || said)
			continue;
		snprintf(detail, sizeof detail, kind[i].detail, proc_name[me], left_out[i]);
		log_error("%s", detail);
		child_event(EVENT_STARTED, kind[i].severity, 0, 0, NULL, detail);
	}
	said = true;
}

void left_out_status(struct proc_status *s)
{
	for (int i = 0; i < LEFT_OUT_KINDS; i++)
		status_counter(s, kind[i].line, left_out[i]);
}
