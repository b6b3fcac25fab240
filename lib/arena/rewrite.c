/* SPDX-License-Identifier: ISC */
/* An arena of the layout before, or of other numbers of records, becomes one of today's. Who is killed at it, at any moment, has lost nothing:
 * today's image is written whole behind the former one, then one word of the former's head says so, and from then on it is moved to the front as
 * often as it takes. Behind the image stands its head once more, by which it is found whatever the configuration says meanwhile. */
#include "arena/arena_int.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the file holds, and what it is to hold. */
struct rewriting {
	const struct arena_plan *p;
	const struct arena_former *former; /* NULL: it is of today's layout */
	uint32_t tables;                   /* of its layout */
	struct arena_shape was[ARENA_TABLES_MAX], is[ARENA_TABLES_MAX];
	struct arena_table from[ARENA_TABLES_MAX], to[ARENA_TABLES_MAX];
	uint8_t *scratch;
	uint32_t displaced;
};

/* --- the records --- */

static uint32_t place_of(const struct rewriting *w, uint32_t t, uint32_t i)
{
	return w->p->place && w->p->place[t] ? w->p->place[t](w->was, w->p->shape, i) : i;
}

/* As it is, with the deaths that it caused. */
static void copy_record(const struct arena_table *from, struct arena_table *to, uint32_t i, uint32_t at)
{
	const struct arena_cell *c = arena_cell_at(from, i);
	const uint8_t *old = arena_get(from, i);
	uint32_t n = c->written[(old - c->slots) >= from->record_size];

	arena_put_parts(to, at, span_of(old, n < from->record_size ? n : from->record_size), span_of(NULL, 0));
	atomic_store_explicit(&arena_cell_at(to, at)->marks, arena_marks(from, i), memory_order_relaxed);
}

static void convert_record(struct rewriting *w, uint32_t t, uint32_t i, uint32_t at)
{
	const uint8_t *old = arena_get(&w->from[t], i);

	if (arena_marks(&w->from[t], i) >= ARENA_MARKS_MAX)
		return;
	memset(w->scratch, 0, w->to[t].record_size);
	arena_mark(&w->from[t], i);
	bool good = w->former->convert[t](old, w->scratch);
	arena_unmark(&w->from[t], i);
	if (good)
		arena_put(&w->to[t], at, w->scratch);
}

static void rewrite_table(struct rewriting *w, uint32_t t)
{
	for (uint32_t i = 0; i < w->from[t].count; i++) {
		if (!arena_get(&w->from[t], i))
			continue;
		uint32_t at = place_of(w, t, i);
		if (at >= w->to[t].count || arena_get(&w->to[t], at))
			w->displaced++;
		else if (w->former && w->former->convert[t])
			convert_record(w, t, i, at);
		else
			copy_record(&w->from[t], &w->to[t], i, at);
	}
}

/* --- the sizes --- */

static bool stands_beyond(const struct arena_table *t, uint32_t count)
{
	for (uint32_t i = count; i < t->count; i++)
		if (arena_get(t, i))
			return true;
	return false;
}

static void size_tables(struct rewriting *w)
{
	memcpy(w->is, w->p->shape, w->p->tables * sizeof *w->is);
	for (uint32_t t = 0; t < w->tables; t++)
		if (w->p->stays >> t & 1 && stands_beyond(&w->from[t], w->is[t].count))
			w->is[t].count = w->was[t].count;
}

static bool is_as_it_shall_be(const struct rewriting *w)
{
	return !w->former && memcmp(w->was, w->is, w->tables * sizeof *w->is) == 0;
}

/* --- the image --- */

static void set_magic(struct arena_head *h, uint64_t magic)
{
	atomic_thread_fence(memory_order_seq_cst);
	h->magic = magic;
	atomic_thread_fence(memory_order_seq_cst);
}

/* Rounded as the tables are. */
static size_t head_room(void)
{
	return arena_size(NULL, 0);
}

/* Where the image begins, and what its head says; 0: there is none, or no room for it at the front. */
static size_t staged_at(int fd, const struct arena_plan *p, struct arena_head *h)
{
	const size_t room = head_room();
	struct arena_head at_image;
	struct stat s;

	if (fstat(fd, &s) != 0 || (uint64_t)s.st_size < room ||
	    pread(fd, h, sizeof *h, s.st_size - (off_t)room) != (ssize_t)sizeof *h || h->magic != ARENA_MAGIC ||
	    h->layout != p->layout || arena_judge(h, (uint64_t)s.st_size, p) == ARENA_UNKNOWN)
		return 0;
	const size_t need = arena_size(h->shape, p->tables);
	if ((uint64_t)s.st_size < 2 * (uint64_t)need + room)
		return 0;
	const size_t at = (size_t)s.st_size - room - need;
	return pread(fd, &at_image, sizeof at_image, (off_t)at) == (ssize_t)sizeof at_image &&
	               memcmp(&at_image, h, sizeof *h) == 0
	           ? at
	           : 0;
}

bool arena_is_staged(int fd, const struct arena_plan *p)
{
	struct arena_head h;

	return staged_at(fd, p, &h) != 0;
}

/* To the front; the head comes last, and its magic last of all. */
static bool move_staged(int fd, const struct arena_plan *p)
{
	struct arena_head h;
	const size_t at = staged_at(fd, p, &h), need = at ? arena_size(h.shape, p->tables) : 0;
	uint8_t *map = at ? mmap(NULL, at + need, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;

	if (map == MAP_FAILED)
		return false;
	memcpy(map + sizeof h, map + at + sizeof h, need - sizeof h);
	arena_head_put((struct arena_head *)(void *)map, p->layout, h.shape, p->tables);
	set_magic((struct arena_head *)(void *)map, ARENA_MAGIC);
	munmap(map, at + need);
	return ftruncate(fd, (off_t)need) == 0;
}

static bool stage(int fd, const struct rewriting *w, size_t had, size_t need, const uint8_t *image)
{
	const size_t at = had > need ? had : need, all = at + need + head_room();
	uint8_t *map = MAP_FAILED;

	if (ftruncate(fd, (off_t)all) == 0)
		map = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return false;
	struct arena_head *staged = (struct arena_head *)(void *)(map + at);
	memcpy(staged, image, need);
	arena_head_put(staged, w->p->layout, w->is, w->p->tables);
	set_magic(staged, ARENA_MAGIC);
	memcpy(map + at + need, staged, sizeof *staged);
	set_magic((struct arena_head *)(void *)map, ARENA_MOVING);
	munmap(map, all);
	return true;
}

/* In memory of its own first, since a converter may end the process. */
static bool make_image(int fd, struct rewriting *w, size_t had, size_t need)
{
	uint8_t *image = mmap(NULL, need, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint32_t longest = 1;

	for (uint32_t i = 0; i < w->p->tables; i++)
		longest = w->is[i].record_size > longest ? w->is[i].record_size : longest;
	w->scratch = image != MAP_FAILED ? calloc(1, longest) : NULL;
	if (w->scratch) {
		(void)arena_lay_out(image, w->is, w->p->tables, w->to);
		for (uint32_t t = 0; t < w->tables; t++)
			rewrite_table(w, t);
	}
	bool staged = w->scratch && stage(fd, w, had, need, image);
	if (w->scratch)
		explicit_bzero(w->scratch, longest);
	free(w->scratch);
	if (image != MAP_FAILED) {
		explicit_bzero(image, need);
		munmap(image, need);
	}
	return staged;
}

static bool read_head(int fd, struct arena_head *h)
{
	return pread(fd, h, sizeof *h, 0) == (ssize_t)sizeof *h;
}

bool arena_rewrite(int fd, const struct arena_plan *p, uint32_t *displaced)
{
	struct rewriting w = {.p = p};
	struct arena_head h;

	if (!read_head(fd, &h) || (h.magic == ARENA_MOVING && (!move_staged(fd, p) || !read_head(fd, &h))))
		return false;
	w.former = h.layout == p->layout ? NULL : p->former;
	w.tables = h.tables;
	memcpy(w.was, h.shape, h.tables * sizeof *w.was);
	const size_t had = arena_size(w.was, w.tables);
	uint8_t *map = mmap(NULL, had, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return false;
	(void)arena_lay_out(map, w.was, w.tables, w.from);
	size_tables(&w);
	bool done =
	    is_as_it_shall_be(&w) || (make_image(fd, &w, had, arena_size(w.is, p->tables)) && move_staged(fd, p));
	munmap(map, had);
	if (done)
		*displaced = w.displaced;
	return done;
}
