/* SPDX-License-Identifier: ISC */
#include "kept.h"
#include "end.h"
#include "ipc/left_out.h"
#include "table.h"

static struct arena arena;

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
	left_out_count(LEFT_OUT_DAMAGED);
}

void kept_leave_unfit(struct arena_table *t, uint32_t i)
{
	arena_clear(t, i);
	left_out_count(LEFT_OUT_UNFIT);
}
