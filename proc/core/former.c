/* SPDX-License-Identifier: ISC */
/* Layout 12, of the build before: calls to the front desk that nobody had heard, and where phones are that called for help, were not kept. */
#include "former.h"
#include <stddef.h>

static const uint32_t record_size[CORE_DESK_CALLS] = {
    [CORE_REGISTRATIONS] = 952,
    [CORE_LEGS] = 5408,
    [CORE_CALLS] = 336,
    [CORE_RECORDS] = 336,
    [CORE_ACCOUNTS] = 56,
    [CORE_HOTDESKS] = 16,
    [CORE_BANS] = 32,
    [CORE_SUBSCRIPTIONS] = 856,
    [CORE_NOTICES] = 296,
    [CORE_LAST_CALLERS] = 80,
};

static arena_converter *const convert[CORE_DESK_CALLS] = {NULL};

const struct arena_former core_former = {
    .layout = 12, .tables = CORE_DESK_CALLS, .record_size = record_size, .convert = convert};
