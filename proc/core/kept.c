/* SPDX-License-Identifier: ISC */
#include "kept.h"
#include "account.h"
#include "bans.h"
#include "base/id.h"
#include "call.h"
#include "callback.h"
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

/* Who has a number of their own loses it with the place; the others stay where they are, as what goes on names them so. */
static arena_place *const place[CORE_TABLES] = {[CORE_ACCOUNTS] = account_place};
enum { STAYS = 1 << CORE_REGISTRATIONS | 1 << CORE_LEGS | 1 << CORE_CALLS | 1 << CORE_SUBSCRIPTIONS };

struct kept_plan {
	struct arena_shape shape[CORE_TABLES], most[CORE_TABLES];
	struct arena_plan plan;
};

static void plan_for(const struct site *s, struct kept_plan *out)
{
	static const struct site largest = {
	    .max_phones = SITE_PHONES_MOST, .max_users = SITE_USERS_MOST, .max_calls = SITE_CALLS_MOST};

	kept_shapes(s, out->shape);
	kept_shapes(&largest, out->most);
	out->plan = (struct arena_plan){.layout = CORE_LAYOUT,
	    .tables = CORE_TABLES,
	    .shape = out->shape,
	    .former = &core_former,
	    .place = place,
	    .most = out->most,
	    .stays = STAYS};
}

void kept_open(int fd, const struct site *s, struct arena_table table[CORE_TABLES])
{
	struct kept_plan k;

	plan_for(s, &k);
	arena_take_or_die(&arena, fd, &k.plan, table, "calls, registrations, bans and notices");
	for (uint32_t i = 0; i < arena.displaced; i++)
		left_out_count(LEFT_OUT_UNFIT);
}

const char *kept_judge(int fd, const struct site *s)
{
	struct kept_plan k;

	plan_for(s, &k);
	return arena_why_not(arena_look(fd, &k.plan));
}

uint64_t kept_id(uint64_t id)
{
	return id_make(child_node(), id_generation(id), id_index(id));
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
