/* SPDX-License-Identifier: ISC */
/* The layout of core's arena, and the one before, which it still reads. A change of any record raises the number, and puts into
 * former.c how the records of the number before become today's. */
#ifndef CORE_FORMER_H
#define CORE_FORMER_H

#include "arena/arena.h"

enum { CORE_LAYOUT = 13 };

enum core_table {
	CORE_REGISTRATIONS,
	CORE_LEGS,
	CORE_CALLS,
	CORE_RECORDS,
	CORE_ACCOUNTS,
	CORE_HOTDESKS,
	CORE_BANS,
	CORE_SUBSCRIPTIONS,
	CORE_NOTICES,
	CORE_LAST_CALLERS,
	CORE_DESK_CALLS,
	CORE_CALLBACKS,
	CORE_TABLES
};

extern const struct arena_former core_former;

#endif
