/* SPDX-License-Identifier: ISC */
#include "kept.h"
#include "account.h"
#include "bans.h"
#include "base/log.h"
#include "call.h"
#include "hotdesk.h"
#include "leg.h"
#include "record.h"
#include "registrar.h"

static struct arena arena;

void kept_shapes(const struct site *s, struct arena_shape out[CORE_TABLES])
{
	out[CORE_REGISTRATIONS] = registrar_shape(s);
	out[CORE_LEGS] = leg_shape(s);
	out[CORE_CALLS] = call_shape(s);
	out[CORE_RECORDS] = record_shape();
	out[CORE_ACCOUNTS] = account_shape(s);
	out[CORE_HOTDESKS] = hotdesk_shape(s);
	out[CORE_BANS] = bans_shape();
}

static struct arena_plan plan_of(const struct arena_shape *shape)
{
	return (struct arena_plan){
	    .layout = CORE_LAYOUT, .tables = CORE_TABLES, .shape = shape, .former = &core_former};
}

void kept_open(int fd, const struct site *s, struct arena_table table[CORE_TABLES])
{
	struct arena_shape shape[CORE_TABLES];
	enum arena_found found;

	kept_shapes(s, shape);
	const struct arena_plan plan = plan_of(shape);
	if (fd < 0 || !arena_take(&arena, fd, &plan, table, &found))
		log_fatal("the arena can't be mapped");
	if (found == ARENA_FORMER)
		log_info("the arena of the build before is taken over");
	else if (arena_why_not(found))
		log_error("calls, registrations and bans of before are lost: %s", arena_why_not(found));
}

const char *kept_judge(int fd, const struct site *s)
{
	struct arena_shape shape[CORE_TABLES];

	kept_shapes(s, shape);
	const struct arena_plan plan = plan_of(shape);
	return arena_why_not(arena_look(fd, &plan));
}
