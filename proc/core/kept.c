/* SPDX-License-Identifier: ISC */
#include "kept.h"
#include "account.h"
#include "bans.h"
#include "base/id.h"
#include "call.h"
#include "callback.h"
#include "desk.h"
#include "hotdesk.h"
#include "ipc/kept_arena.h"
#include "last_caller.h"
#include "leg.h"
#include "mwi.h"
#include "notice.h"
#include "record.h"
#include "registrar.h"

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

static const struct site largest = {
    .max_phones = SITE_PHONES_MOST, .max_users = SITE_USERS_MOST, .max_calls = SITE_CALLS_MOST};

_Static_assert((int)CORE_TABLES <= ARENA_TABLES_MAX, "an arena has room for them");

static const struct kept_arena kept = {.layout = CORE_LAYOUT,
    .tables = CORE_TABLES,
    .shapes = kept_shapes,
    .largest = &largest,
    .former = &core_former,
    .place = place,
    .stays = STAYS,
    .what = "calls, registrations, bans and notices"};

void kept_open(int fd, const struct site *s, struct arena_table table[CORE_TABLES])
{
	kept_arena_open(&kept, fd, s, table);
}

const char *kept_judge(int fd, const struct site *s)
{
	return kept_arena_judge(&kept, fd, s);
}

uint64_t kept_id(uint64_t id)
{
	return id_make(child_node(), id_generation(id), id_index(id));
}
