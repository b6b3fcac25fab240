/* SPDX-License-Identifier: ISC */
#include "kept_arena.h"
#include "left_out.h"

struct tables {
	struct arena_shape shape[ARENA_TABLES_MAX], most[ARENA_TABLES_MAX];
	struct arena_plan plan;
};

static void plan_for(const struct kept_arena *k, const struct site *s, struct tables *out)
{
	k->shapes(s, out->shape);
	k->shapes(k->largest, out->most);
	out->plan = (struct arena_plan){.layout = k->layout,
	    .tables = k->tables,
	    .shape = out->shape,
	    .former = k->former,
	    .place = k->place,
	    .most = out->most,
	    .stays = k->stays};
}

void kept_arena_open(const struct kept_arena *k, int fd, const struct site *s, struct arena_table *out)
{
	static struct arena arena; /* mapped for as long as the process lives */
	struct tables t;

	plan_for(k, s, &t);
	arena_take_or_die(&arena, fd, &t.plan, out, k->what);
	for (uint32_t i = 0; i < arena.displaced; i++)
		left_out_count(LEFT_OUT_UNFIT);
}

const char *kept_arena_judge(const struct kept_arena *k, int fd, const struct site *s)
{
	struct tables t;

	plan_for(k, s, &t);
	return arena_why_not(arena_look(fd, &t.plan));
}
