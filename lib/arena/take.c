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

/* The file may be longer: what takes its place was not whole yet, or has taken it. */
enum arena_found arena_judge(const struct arena_head *h, uint64_t size, const struct arena_plan *p)
{
	const bool former = p->former && h->layout == p->former->layout;
	const uint32_t tables = former ? p->former->tables : p->tables;
	bool same = true;

	if ((!former && h->layout != p->layout) || h->tables != tables)
		return ARENA_UNKNOWN;
	for (uint32_t i = 0; i < tables; i++) {
		const uint32_t n = h->shape[i].count;
		if (h->shape[i].record_size != (former ? p->former->record_size[i] : p->shape[i].record_size))
			return ARENA_UNKNOWN;
		if (n == p->shape[i].count)
			continue;
		if (!p->most || n > p->most[i].count)
			return ARENA_UNKNOWN;
		same = false;
	}
	if (size < arena_size(h->shape, tables))
		return ARENA_UNKNOWN;
	if (!same)
		return ARENA_RESIZED;
	return former ? ARENA_FORMER : ARENA_TODAYS;
}

static bool plan_ok(const struct arena_plan *p)
{
	return p->tables <= ARENA_TABLES_MAX && (!p->former || p->former->tables <= p->tables);
}

enum arena_found arena_look(int fd, const struct arena_plan *p)
{
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
	return h.magic == ARENA_MAGIC ? arena_judge(&h, (uint64_t)s.st_size, p) : ARENA_UNKNOWN;
}

const char *arena_why_not(enum arena_found found)
{
	return found == ARENA_UNKNOWN ? "what is kept of calls has a layout that this build does not read" : NULL;
}

static bool is_kept(enum arena_found found)
{
	return found != ARENA_EMPTY && found != ARENA_UNKNOWN;
}

/* What stands there now is today's, of its own numbers. */
static bool open_kept(struct arena *a, int fd, const struct arena_plan *p, struct arena_table *out)
{
	struct arena_head h;
	bool adopted;

	if (pread(fd, &h, sizeof h, 0) != (ssize_t)sizeof h)
		return false;
	return ftruncate(fd, (off_t)arena_size(h.shape, p->tables)) == 0 &&
	       arena_open(a, fd, p->layout, h.shape, p->tables, out, &adopted) && adopted;
}

bool arena_take(struct arena *a, int fd, const struct arena_plan *p, struct arena_table *out, enum arena_found *found)
{
	uint32_t displaced = 0;
	bool adopted;

	if (!plan_ok(p)) {
		errno = EINVAL;
		return false;
	}
	*found = arena_look(fd, p);
	if (!is_kept(*found))
		return arena_open(a, fd, p->layout, p->shape, p->tables, out, &adopted);
	if ((*found != ARENA_TODAYS && !arena_rewrite(fd, p, &displaced)) || !open_kept(a, fd, p, out))
		return false;
	a->displaced = displaced;
	return true;
}

void arena_take_or_die(struct arena *a, int fd, const struct arena_plan *p, struct arena_table *out, const char *lost)
{
	enum arena_found found;

	if (fd < 0 || !arena_take(a, fd, p, out, &found))
		log_fatal("the arena can't be mapped");
	if (found == ARENA_FORMER)
		log_info("the arena of the build before is taken over");
	else if (found == ARENA_RESIZED)
		log_info("the arena is taken over into tables of other sizes");
	else if (arena_why_not(found))
		log_error("%s of before are lost: %s", lost, arena_why_not(found));
}
