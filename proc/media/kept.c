/* SPDX-License-Identifier: ISC */
#include "kept.h"
#include "base/log.h"
#include "end.h"
#include "table.h"
#include <stdio.h>

static struct arena arena;
static uint32_t left_out;

void kept_shapes(const struct site *s, struct arena_shape out[MEDIA_TABLES])
{
	uint32_t rows = (uint32_t)(s->media_port_hi - s->media_port_lo + 1) / RELAY_PORTS;

	out[MEDIA_ROWS] = table_shape(rows);
	out[MEDIA_ENDS] = end_shape(rows);
}

static struct arena_plan plan_of(const struct arena_shape *shape)
{
	return (struct arena_plan){
	    .layout = MEDIA_LAYOUT, .tables = MEDIA_TABLES, .shape = shape, .former = &media_former};
}

void kept_open(int fd, const struct site *s, struct arena_table table[MEDIA_TABLES])
{
	struct arena_shape shape[MEDIA_TABLES];

	kept_shapes(s, shape);
	const struct arena_plan plan = plan_of(shape);
	arena_take_or_die(&arena, fd, &plan, table, "streams");
}

const char *kept_judge(int fd, const struct site *s)
{
	struct arena_shape shape[MEDIA_TABLES];

	kept_shapes(s, shape);
	const struct arena_plan plan = plan_of(shape);
	return arena_why_not(arena_look(fd, &plan));
}

void kept_leave_out(struct arena_table *t, uint32_t i)
{
	arena_clear(t, i);
	left_out++;
}

void kept_ledger_up(void)
{
	static bool said;
	char detail[REASON_MAX + 1];

	if (!left_out || said)
		return;
	said = true;
	snprintf(detail, sizeof detail, "damaged records that media kept, and that are left out: %u", left_out);
	log_error("%s", detail);
	child_event(EVENT_STARTED, SEVERITY_ALARM, 0, 0, NULL, detail);
}

void kept_status(struct proc_status *s)
{
	status_counter(s, "records-damaged", left_out);
}
