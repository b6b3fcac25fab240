/* SPDX-License-Identifier: ISC */
#include "left_out.h"
#include "base/log.h"
#include <stdio.h>

#define OF(proc) (1u << PROC_##proc)

static uint32_t left_out[LEFT_OUT_KINDS];

/* The name of the process goes into it, and how many. */
static const struct {
	unsigned of;
	enum severity severity;
	const char *detail, *line;
} kind[LEFT_OUT_KINDS] = {
    [LEFT_OUT_DAMAGED] = {OF(CORE) | OF(MEDIA), SEVERITY_ALARM,
	"damaged records that %s kept, and that are left out: %u", "records-damaged"},
    [LEFT_OUT_UNFIT] = {OF(CORE) | OF(MEDIA), SEVERITY_WARNING,
	"records that %s kept, and that are left out, for the configuration has no more what they are of: %u",
	"records-unfit"},
    [LEFT_OUT_CALL] = {OF(CORE), SEVERITY_ALARM, "calls that %s kept over the restart, and that could not go on: %u",
	"calls-lost"},
    [LEFT_OUT_LEG] = {OF(CORE), SEVERITY_ALARM,
	"ends of calls that %s kept over the restart, and that could not go on: %u", "legs-lost"},
};

void left_out_count(enum left_out why)
{
	left_out[why]++;
}

void left_out_damaged(struct arena_table *t, uint32_t i)
{
	arena_clear(t, i);
	left_out_count(LEFT_OUT_DAMAGED);
}

void left_out_unfit(struct arena_table *t, uint32_t i)
{
	arena_clear(t, i);
	left_out_count(LEFT_OUT_UNFIT);
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

void left_out_status(struct proc_status *s, enum proc me)
{
	for (int i = 0; i < LEFT_OUT_KINDS; i++)
		if (kind[i].of >> me & 1)
			status_counter(s, kind[i].line, left_out[i]);
}
