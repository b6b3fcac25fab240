/* SPDX-License-Identifier: ISC */
/* Layout 9, of the build before: subscriptions were not kept. All that was is as today. */
#include "former.h"

static const uint32_t record_size[CORE_SUBSCRIPTIONS] = {
    [CORE_REGISTRATIONS] = 952,
    [CORE_LEGS] = 5408,
    [CORE_CALLS] = 320,
    [CORE_RECORDS] = 336,
    [CORE_ACCOUNTS] = 56,
    [CORE_HOTDESKS] = 16,
    [CORE_BANS] = 32,
};

static arena_converter *const convert[CORE_SUBSCRIPTIONS] = {NULL};

const struct arena_former core_former = {
    .layout = 9, .tables = CORE_SUBSCRIPTIONS, .record_size = record_size, .convert = convert};
