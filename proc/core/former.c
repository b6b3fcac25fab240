/* SPDX-License-Identifier: ISC */
/* Layout 11, of the build before: who called last was not kept. All that was is as today. */
#include "former.h"

static const uint32_t record_size[CORE_LAST_CALLERS] = {
    [CORE_REGISTRATIONS] = 952,
    [CORE_LEGS] = 5408,
    [CORE_CALLS] = 320,
    [CORE_RECORDS] = 336,
    [CORE_ACCOUNTS] = 56,
    [CORE_HOTDESKS] = 16,
    [CORE_BANS] = 32,
    [CORE_SUBSCRIPTIONS] = 856,
    [CORE_NOTICES] = 296,
};

static arena_converter *const convert[CORE_LAST_CALLERS] = {NULL};

const struct arena_former core_former = {
    .layout = 11, .tables = CORE_LAST_CALLERS, .record_size = record_size, .convert = convert};
