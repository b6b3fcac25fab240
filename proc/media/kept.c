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

struct kept_plan {
	struct arena_shape shape[MEDIA_TABLES], most[MEDIA_TABLES];
	struct arena_plan plan;
};

/* With more or fewer ports from the same one on, a row is of the ports that it was of. */
static void plan_for(const struct site *s, struct kept_plan *out)
{
	static const struct site largest = {.media_port_lo = 0, .media_port_hi = UINT16_MAX};

	kept_shapes(s, out->shape);
	kept_shapes(&largest, out->most);
	out->plan = (struct arena_plan){.layout = MEDIA_LAYOUT,
	    .tables = MEDIA_TABLES,
	    .shape = out->shape,
	    .former = &media_former,
	    .most = out->most};
}

void kept_open(int fd, const struct site *s, struct arena_table table[MEDIA_TABLES])
{
	struct kept_plan k;

	plan_for(s, &k);
	arena_take_or_die(&arena, fd, &k.plan, table, "streams");
	for (uint32_t i = 0; i < arena.displaced; i++)
		left_out_count(LEFT_OUT_UNFIT);
}

const char *kept_judge(int fd, const struct site *s)
{
	struct kept_plan k;

	plan_for(s, &k);
	return arena_why_not(arena_look(fd, &k.plan));
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
