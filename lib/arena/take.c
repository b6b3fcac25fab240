/* SPDX-License-Identifier: ISC */
/* What the build before left: layout N reads N and N-1. */
#include "arena/arena_int.h"
#include "base/log.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void former_shape(const struct arena_plan *p, struct arena_shape *out)
{
	for (uint32_t i = 0; i < p->former->tables; i++)
		out[i] = (struct arena_shape){p->former->record_size[i], p->shape[i].count};
}

/* A whole file of that layout: `resized` when all but the counts is right. */
static enum arena_found judge(
    const struct arena_head *h, off_t size, uint32_t tables, const struct arena_shape *shape, enum arena_found good)
{
	bool counts = true;

	if (h->tables != tables)
		return ARENA_UNKNOWN;
	for (uint32_t i = 0; i < tables; i++) {
		if (h->shape[i].record_size != shape[i].record_size)
			return ARENA_UNKNOWN;
		counts = counts && h->shape[i].count == shape[i].count;
	}
	if (!counts)
		return ARENA_RESIZED;
	return size == (off_t)arena_size(shape, tables) ? good : ARENA_UNKNOWN;
}

static bool plan_ok(const struct arena_plan *p)
{
	return p->tables <= ARENA_TABLES_MAX && (!p->former || p->former->tables <= p->tables);
}

enum arena_found arena_look(int fd, const struct arena_plan *p)
{
	struct arena_shape shape[ARENA_TABLES_MAX];
	struct arena_head h;
	struct stat s;

	if (!plan_ok(p) || fstat(fd, &s) != 0)
		return ARENA_UNKNOWN;
	if (s.st_size == 0)
		return ARENA_EMPTY;
	if (pread(fd, &h, sizeof h, 0) != (ssize_t)sizeof h || h.magic != ARENA_MAGIC)
		return ARENA_UNKNOWN;
	if (h.layout == p->layout)
		return judge(&h, s.st_size, p->tables, p->shape, ARENA_TODAYS);
	if (!p->former || h.layout != p->former->layout)
		return ARENA_UNKNOWN;
	former_shape(p, shape);
	return judge(&h, s.st_size, p->former->tables, shape, ARENA_FORMER);
}

const char *arena_why_not(enum arena_found found)
{
	switch (found) {
	case ARENA_EMPTY:
	case ARENA_TODAYS:
	case ARENA_FORMER:
		break;
	case ARENA_RESIZED:
		return "what is kept of calls is for other limits or media ports";
	case ARENA_UNKNOWN:
		return "what is kept of calls has a layout that this build does not read";
	}
	return NULL;
}

static void convert_record(
    const struct arena_table *from, struct arena_table *to, uint32_t i, arena_converter *convert, uint8_t *scratch)
{
	const struct arena_cell *c = arena_cell_at(from, i);
	const uint8_t *old = arena_get(from, i);

	if (!old || arena_marks(from, i) >= ARENA_MARKS_MAX)
		return;
	uint32_t n = c->written[(old - c->slots) >= from->record_size];
	if (!convert) {
		arena_put_parts(to, i, span_of(old, n < from->record_size ? n : from->record_size), span_of(NULL, 0));
		return;
	}
	memset(scratch, 0, to->record_size);
	arena_mark((struct arena_table *)(uintptr_t)from, i);
	bool good = convert(old, scratch);
	arena_unmark((struct arena_table *)(uintptr_t)from, i);
	if (good)
		arena_put(to, i, scratch);
}

static void convert_all(const struct arena_plan *p, struct arena_table *from, struct arena_table *to, uint8_t *scratch)
{
	for (uint32_t t = 0; t < p->former->tables; t++)
		for (uint32_t i = 0; i < from[t].count; i++)
			convert_record(&from[t], &to[t], i, p->former->convert[t], scratch);
}

/* Today's image of what the file holds, in memory of its own. */
static uint8_t *convert_to_memory(int fd, const struct arena_plan *p, size_t need)
{
	struct arena_table from[ARENA_TABLES_MAX], to[ARENA_TABLES_MAX];
	struct arena_shape shape[ARENA_TABLES_MAX];
	uint32_t longest = 1;

	former_shape(p, shape);
	for (uint32_t i = 0; i < p->tables; i++)
		longest = p->shape[i].record_size > longest ? p->shape[i].record_size : longest;
	size_t had = arena_size(shape, p->former->tables);
	uint8_t *scratch = calloc(1, longest);
	uint8_t *old = mmap(NULL, had, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	uint8_t *new = mmap(NULL, need, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool ok = scratch && old != MAP_FAILED && new != MAP_FAILED;
	if (ok) {
		(void)arena_lay_out(old, shape, p->former->tables, from);
		(void)arena_lay_out(new, p->shape, p->tables, to);
		convert_all(p, from, to, scratch);
	}
	if (scratch)
		explicit_bzero(scratch, longest);
	free(scratch);
	if (old != MAP_FAILED)
		munmap(old, had);
	if (!ok && new != MAP_FAILED)
		munmap(new, need);
	return ok ? new : NULL;
}

static bool rewrite(int fd, const struct arena_plan *p)
{
	size_t need = arena_size(p->shape, p->tables);
	uint8_t *image = convert_to_memory(fd, p, need), *map = MAP_FAILED;
	struct arena_head *h;

	if (!image)
		return false;
	/* what is half written has no magic, and is an empty arena to whoever finds it */
	if (ftruncate(fd, 0) == 0 && ftruncate(fd, (off_t)need) == 0)
		map = mmap(NULL, need, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map != MAP_FAILED) {
		memcpy(map, image, need);
		h = (struct arena_head *)(void *)map;
		h->layout = p->layout;
		h->tables = p->tables;
		memcpy(h->shape, p->shape, p->tables * sizeof *p->shape);
		atomic_thread_fence(memory_order_seq_cst);
		h->magic = ARENA_MAGIC;
		munmap(map, need);
	}
	explicit_bzero(image, need);
	munmap(image, need);
	return map != MAP_FAILED;
}

bool arena_take(struct arena *a, int fd, const struct arena_plan *p, struct arena_table *out, enum arena_found *found)
{
	bool adopted;

	if (!plan_ok(p)) {
		errno = EINVAL;
		return false;
	}
	*found = arena_look(fd, p);
	if (*found == ARENA_FORMER && !rewrite(fd, p))
		return false;
	return arena_open(a, fd, p->layout, p->shape, p->tables, out, &adopted);
}

void arena_take_or_die(struct arena *a, int fd, const struct arena_plan *p, struct arena_table *out, const char *lost)
{
	enum arena_found found;

	if (fd < 0 || !arena_take(a, fd, p, out, &found))
		log_fatal("the arena can't be mapped");
	if (found == ARENA_FORMER)
		log_info("the arena of the build before is taken over");
	else if (arena_why_not(found))
		log_error("%s of before are lost: %s", lost, arena_why_not(found));
}
