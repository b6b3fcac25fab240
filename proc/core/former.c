/* SPDX-License-Identifier: ISC */
/* Layout 8, of the build before: bans were not kept. All that was is as today. */
#include "former.h"

static const uint32_t record_size[CORE_BANS] = {
    [CORE_REGISTRATIONS] = 952,
    [CORE_LEGS] = 5408,
    [CORE_CALLS] = 320,
    [CORE_RECORDS] = 336,
    [CORE_ACCOUNTS] = 56,
    [CORE_HOTDESKS] = 16,
};

static arena_converter *const convert[CORE_BANS] = {NULL};

const struct arena_former core_former = {
    .layout = 8, .tables = CORE_BANS, .record_size = record_size, .convert = convert};
