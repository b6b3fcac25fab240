/* SPDX-License-Identifier: ISC */
/* Layout 11, of the build before: who called last was not kept, nor who was parked. */
#include "former.h"
#include "call.h"
#include <stddef.h>
#include <string.h>

enum { CALL_WAS = 320 };

_Static_assert(offsetof(struct call_record, parked_until_ms) == CALL_WAS, "what was is as today, and more follows");

static const uint32_t record_size[CORE_LAST_CALLERS] = {
    [CORE_REGISTRATIONS] = 952,
    [CORE_LEGS] = 5408,
    [CORE_CALLS] = CALL_WAS,
    [CORE_RECORDS] = 336,
    [CORE_ACCOUNTS] = 56,
    [CORE_HOTDESKS] = 16,
    [CORE_BANS] = 32,
    [CORE_SUBSCRIPTIONS] = 856,
    [CORE_NOTICES] = 296,
};

static bool call_of(const void *from, void *to)
{
	memcpy(to, from, CALL_WAS);
	return true;
}

static arena_converter *const convert[CORE_LAST_CALLERS] = {[CORE_CALLS] = call_of};

const struct arena_former core_former = {
    .layout = 11, .tables = CORE_LAST_CALLERS, .record_size = record_size, .convert = convert};
