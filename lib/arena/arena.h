/* SPDX-License-Identifier: ISC */
/* Records that outlive their process: a file on a ramfs, made at its final size, mapped by one live writer. Each record
 * has two slots and a commit word, so a death in the middle of a write leaves the record as it was. */
#ifndef ARENA_ARENA_H
#define ARENA_ARENA_H

#include "base/span.h"

struct arena {
	uint8_t *map;
	size_t size, used;
	uint32_t displaced; /* records that arena_take() found no place for */
};

struct arena_table {
	uint8_t *base;
	uint32_t record_size, count, stride;
};

struct arena_shape {
	uint32_t record_size, count;
};

enum { ARENA_TABLES_MAX = 12, ARENA_MARKS_MAX = 2 };

/* One record of a former layout, as its build wrote it, becomes one of today's, all zero before. False: it cannot be one, and is
 * left out. */
typedef bool arena_converter(const void *from, void *to);

/* The layout before today's: the first of today's tables, with as many records each; what it had not begins empty. */
struct arena_former {
	uint32_t layout, tables;
	const uint32_t *record_size;
	arena_converter *const *convert; /* by table; NULL: the records are today's */
};

/* Where the record at index stands in a table of other numbers; beyond its end: it has no place. */
typedef uint32_t arena_place(const struct arena_shape *was, const struct arena_shape *is, uint32_t index);

struct arena_plan {
	uint32_t layout, tables;
	const struct arena_shape *shape;
	const struct arena_former *former; /* NULL: none is read but today's */
	/* of a file with other numbers of records; NULL, and NULL of a table: a record stands where it stood */
	arena_place *const *place;
	const struct arena_shape *most; /* that any configuration asks for; NULL: no file of other numbers is read */
	uint32_t stays; /* 1 << table: it is as large as it was while a record stands beyond its new end */
};

enum arena_found {
	ARENA_EMPTY,   /* nothing was written yet */
	ARENA_TODAYS,  /* adopted as it is */
	ARENA_FORMER,  /* adopted after a conversion */
	ARENA_RESIZED, /* of either layout with other numbers of records: adopted as far as there is room */
	ARENA_UNKNOWN, /* older, newer or damaged */
};

/* What fd holds, by its head alone; changes nothing. */
enum arena_found arena_look(int fd, const struct arena_plan *p);
/* Why it is not adopted, for people; NULL when it is, or was empty. */
const char *arena_why_not(enum arena_found found);

/* arena_open(), after what fd holds of the former layout or of other numbers was made today's: a table has the count of its plan, or
 * more where records stay. A process that dies of a record's conversion has marked it, and leaves it out the second time; one that
 * is killed at any moment of it has lost nothing. False with errno. */
bool arena_take(struct arena *a, int fd, const struct arena_plan *p, struct arena_table *out, enum arena_found *found);

/* arena_take(), as a process starts: what is lost or converted is said in its log, and without an arena it does not go on. lost: the
 * records, in a word or three. fd may be -1. */
void arena_take_or_die(struct arena *a, int fd, const struct arena_plan *p, struct arena_table *out, const char *lost);

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
