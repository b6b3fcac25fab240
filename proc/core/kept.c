/* SPDX-License-Identifier: ISC */
#include "kept.h"
#include "account.h"
#include "bans.h"
#include "callback.h"
#include "call.h"
#include "desk.h"
#include "hotdesk.h"
#include "ipc/left_out.h"
#include "last_caller.h"
#include "leg.h"
#include "mwi.h"
#include "notice.h"
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
	out[CORE_SUBSCRIPTIONS] = mwi_shape(s);
	out[CORE_NOTICES] = notice_shape();
	out[CORE_LAST_CALLERS] = last_caller_shape(s);
	out[CORE_DESK_CALLS] = desk_shape();
	out[CORE_CALLBACKS] = callback_shape();
}

static struct arena_plan plan_of(const struct arena_shape *shape)
{
	return (struct arena_plan){
	    .layout = CORE_LAYOUT, .tables = CORE_TABLES, .shape = shape, .former = &core_former};
}

void kept_open(int fd, const struct site *s, struct arena_table table[CORE_TABLES])
{
	struct arena_shape shape[CORE_TABLES];

	kept_shapes(s, shape);
	const struct arena_plan plan = plan_of(shape);
	arena_take_or_die(&arena, fd, &plan, table, "calls, registrations, bans and notices");
}

const char *kept_judge(int fd, const struct site *s)
{
	struct arena_shape shape[CORE_TABLES];

	kept_shapes(s, shape);
	const struct arena_plan plan = plan_of(shape);
	return arena_why_not(arena_look(fd, &plan));
}

void kept_leave_out(struct arena_table *t, uint32_t i)
{
	arena_clear(t, i);
	left_out_count(LEFT_OUT_DAMAGED);
}
