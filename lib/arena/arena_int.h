/* SPDX-License-Identifier: ISC */
/* How an arena lies in its file: a head, then the tables, each record in a cell. */
#ifndef ARENA_ARENA_INT_H
#define ARENA_ARENA_INT_H

#include "arena/arena.h"
#include <stdatomic.h>

#define ARENA_MAGIC UINT64_C(0x32616e6572416652) /* "RfArena2" */
#define ARENA_MOVING \
	UINT64_C(    \
	    0x4d616e6572416652) /* "RfArenaM": what takes its place stands at the end of the file, its head behind it */

struct arena_head {
	uint64_t magic;
	uint32_t layout, tables;
	struct arena_shape shape[ARENA_TABLES_MAX];
};

/* Room for more tables moves no record of the layouts before. */
_Static_assert(sizeof(struct arena_head) <= 128, "records begin there");

struct arena_cell {
	_Atomic uint32_t commit; /* 0 empty, 1 or 2 the slot that counts */
	_Atomic uint32_t marks;
	_Atomic uint32_t written[2]; /* of each slot: beyond so many octets it is all zero */
	uint8_t slots[];
};

/* Of the whole file. */
size_t arena_size(const struct arena_shape *shape, uint32_t tables);
/* Where each table is; answers what of the map is used. */
size_t arena_lay_out(uint8_t *map, const struct arena_shape *shape, uint32_t tables, struct arena_table *out);
struct arena_cell *arena_cell_at(const struct arena_table *t, uint32_t index);

/* The head of a file of that layout, but for its magic, which is written last, by itself. */
void arena_head_put(struct arena_head *h, uint32_t layout, const struct arena_shape *shape, uint32_t tables);

/* What stands before, with whatever numbers of records a configuration may ask for; its magic apart. */
enum arena_found arena_judge(const struct arena_head *h, uint64_t size, const struct arena_plan *p);
/* What fd holds, of either layout and of any numbers, becomes today's: rewrite.c. *displaced: how many records had no place. */
bool arena_rewrite(int fd, const struct arena_plan *p, uint32_t *displaced) __attribute__((warn_unused_result));
/* Does the file end in a whole image of today's? */
bool arena_is_staged(int fd, const struct arena_plan *p);

#endif
