/* SPDX-License-Identifier: ISC */
/* Records that outlive their process: a file on a ramfs, made at its final size, mapped by one live writer. Each record
 * has two slots and a commit word, so a death in the middle of a write leaves the record as it was. */
#ifndef ARENA_ARENA_H
#define ARENA_ARENA_H

#include "base/span.h"

struct arena {
	uint8_t *map;
	size_t size, used;
};

struct arena_table {
	uint8_t *base;
	uint32_t record_size, count, stride;
};

struct arena_shape {
	uint32_t record_size, count;
};

enum { ARENA_TABLES_MAX = 8, ARENA_MARKS_MAX = 2 };

/* Map fd, growing it to the size that these tables need. What it holds is kept when layout and shapes are the same as
 * when it was written, and *adopted says so; otherwise it starts empty. False with errno when it can't be mapped. */
bool arena_open(struct arena *a, int fd, uint32_t layout, const struct arena_shape *shape, uint32_t tables,
    struct arena_table *out, bool *adopted);
void arena_close(struct arena *a);

/* The last committed state, or NULL when the slot is empty. */
const void *arena_get(const struct arena_table *t, uint32_t index);
void arena_put(struct arena_table *t, uint32_t index, const void *record);
/* A record that is shorter than it may be, from two pieces; what stands behind them is undefined. */
void arena_put_parts(struct arena_table *t, uint32_t index, struct span head, struct span tail);
/* Wipes what was written. */
void arena_clear(struct arena_table *t, uint32_t index);

/* Around the handling of an event that concerns a record: what dies in between leaves a mark. arena_marks() says how
 * often that happened since the last full handling; at ARENA_MARKS_MAX the record is to be dropped. */
void arena_mark(struct arena_table *t, uint32_t index);
void arena_unmark(struct arena_table *t, uint32_t index);
uint32_t arena_marks(const struct arena_table *t, uint32_t index);

#endif
