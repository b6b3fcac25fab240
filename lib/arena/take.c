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

/* A whole file of that layout: `resized` when all but the counts is right. It may be longer: what takes its place was not whole yet, or has taken it. */
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
	return size >= (off_t)arena_size(shape, tables) ? good : ARENA_UNKNOWN;
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
	if (pread(fd, &h, sizeof h, 0) != (ssize_t)sizeof h)
		return ARENA_UNKNOWN;
	if (h.magic == ARENA_MOVING)
		return arena_is_staged(fd, p) ? ARENA_FORMER : ARENA_UNKNOWN;
	if (h.magic != ARENA_MAGIC)
		return ARENA_UNKNOWN;
	if (h.layout == p->layout)
		return judge(&h, s.st_size, p->tables, p->shape, ARENA_TODAYS);
	if (!p->former || h.layout != p->former->layout)
		return ARENA_UNKNOWN;
	arena_former_shape(p, shape);
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

bool arena_take(struct arena *a, int fd, const struct arena_plan *p, struct arena_table *out, enum arena_found *found)
{
	bool adopted;

	if (!plan_ok(p)) {
		errno = EINVAL;
		return false;
	}
	*found = arena_look(fd, p);
	if (*found == ARENA_FORMER && !arena_rewrite(fd, p))
		return false;
	if (*found == ARENA_TODAYS && ftruncate(fd, (off_t)arena_size(p->shape, p->tables)) != 0)
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
