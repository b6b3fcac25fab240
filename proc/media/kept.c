/* SPDX-License-Identifier: ISC */
#include "kept.h"
#include "end.h"
#include "ipc/kept_arena.h"
#include "table.h"

void kept_shapes(const struct site *s, struct arena_shape out[MEDIA_TABLES])
{
	uint32_t rows = (uint32_t)(s->media_port_hi - s->media_port_lo + 1) / RELAY_PORTS;

	out[MEDIA_ROWS] = table_shape(rows);
	out[MEDIA_ENDS] = end_shape(rows);
}

static const struct site largest = {.media_port_lo = 0, .media_port_hi = UINT16_MAX};

/* With more or fewer ports from the same one on, a row is of the ports that it was of. */
static const struct kept_arena kept = {.layout = MEDIA_LAYOUT,
    .tables = MEDIA_TABLES,
    .shapes = kept_shapes,
    .largest = &largest,
    .former = &media_former,
    .what = "streams"};

void kept_open(int fd, const struct site *s, struct arena_table table[MEDIA_TABLES])
{
	kept_arena_open(&kept, fd, s, table);
}

const char *kept_judge(int fd, const struct site *s)
{
	return kept_arena_judge(&kept, fd, s);
}
