/* SPDX-License-Identifier: ISC */
/* Layout 10, of the build before: notices of emergency calls were not kept. All that was is as today. */
#include "former.h"

static const uint32_t record_size[CORE_NOTICES] = {
    [CORE_REGISTRATIONS] = 952,
    [CORE_LEGS] = 5408,
    [CORE_CALLS] = 320,
    [CORE_RECORDS] = 336,
    [CORE_ACCOUNTS] = 56,
    [CORE_HOTDESKS] = 16,
    [CORE_BANS] = 32,
    [CORE_SUBSCRIPTIONS] = 856,
};

static arena_converter *const convert[CORE_NOTICES] = {NULL};

const struct arena_former core_former = {
    .layout = 10, .tables = CORE_NOTICES, .record_size = record_size, .convert = convert};
