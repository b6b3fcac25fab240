/* SPDX-License-Identifier: ISC */
/* An arena of the layout before becomes one of today's. Who is killed at it, at any moment, has lost nothing: today's image is written whole behind
 * the former one, then one word of the former's head says so, and from then on it is moved to the front as often as it takes. */
#include "arena/arena_int.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

void arena_former_shape(const struct arena_plan *p, struct arena_shape *out)
{
	for (uint32_t i = 0; i < p->former->tables; i++)
		out[i] = (struct arena_shape){p->former->record_size[i], p->shape[i].count};
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

	arena_former_shape(p, shape);
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

static void set_magic(struct arena_head *h, uint64_t magic)
{
	atomic_thread_fence(memory_order_seq_cst);
	h->magic = magic;
	atomic_thread_fence(memory_order_seq_cst);
}

/* Where the image begins that ends the file; 0: there is no room for one behind the former. */
static size_t staged_at(int fd, const struct arena_plan *p)
{
	size_t need = arena_size(p->shape, p->tables);
	struct stat s;

	return fstat(fd, &s) == 0 && (uint64_t)s.st_size >= 2 * (uint64_t)need ? (size_t)s.st_size - need : 0;
}

bool arena_is_staged(int fd, const struct arena_plan *p)
{
	size_t at = staged_at(fd, p);
	struct arena_head h;

	return at && pread(fd, &h, sizeof h, (off_t)at) == (ssize_t)sizeof h &&
	       arena_head_is(&h, p->layout, p->shape, p->tables);
}

/* To the front; the head comes last, and its magic last of all. */
static bool move_staged(int fd, const struct arena_plan *p)
{
	size_t need = arena_size(p->shape, p->tables), at = staged_at(fd, p);
	uint8_t *map = at ? mmap(NULL, at + need, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;

	if (map == MAP_FAILED)
		return false;
	struct arena_head *h = (struct arena_head *)(void *)map;
	memcpy(map + sizeof *h, map + at + sizeof *h, need - sizeof *h);
	arena_head_put(h, p->layout, p->shape, p->tables);
	set_magic(h, ARENA_MAGIC);
	munmap(map, at + need);
	return ftruncate(fd, (off_t)need) == 0;
}

static bool stage(int fd, const struct arena_plan *p, const uint8_t *image)
{
	struct arena_shape shape[ARENA_TABLES_MAX];
	size_t need = arena_size(p->shape, p->tables);

	arena_former_shape(p, shape);
	size_t had = arena_size(shape, p->former->tables), at = had > need ? had : need;
	uint8_t *map = MAP_FAILED;
	if (ftruncate(fd, (off_t)(at + need)) == 0)
		map = mmap(NULL, at + need, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return false;
	struct arena_head *staged = (struct arena_head *)(void *)(map + at);
	memcpy(staged, image, need);
	arena_head_put(staged, p->layout, p->shape, p->tables);
	set_magic(staged, ARENA_MAGIC);
	set_magic((struct arena_head *)(void *)map, ARENA_MOVING);
	munmap(map, at + need);
	return true;
}

bool arena_rewrite(int fd, const struct arena_plan *p)
{
	size_t need = arena_size(p->shape, p->tables);
	uint64_t magic;

	if (pread(fd, &magic, sizeof magic, 0) == sizeof magic && magic == ARENA_MOVING)
		return move_staged(fd, p);
	uint8_t *image = convert_to_memory(fd, p, need);
	if (!image)
		return false;
	bool staged = stage(fd, p, image);
	explicit_bzero(image, need);
	munmap(image, need);
	return staged && move_staged(fd, p);
}
