/* SPDX-License-Identifier: ISC */
#include "arena/arena_int.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t round_up(size_t n)
{
	return (n + 63) & ~(size_t)63;
}

static uint32_t stride_of(uint32_t record_size)
{
	return (uint32_t)round_up(sizeof(struct arena_cell) + 2 * (size_t)record_size);
}

size_t arena_size(const struct arena_shape *shape, uint32_t tables)
{
	size_t n = round_up(sizeof(struct arena_head));

	for (uint32_t i = 0; i < tables; i++)
		n += (size_t)stride_of(shape[i].record_size) * shape[i].count;
	return n;
}

size_t arena_lay_out(uint8_t *map, const struct arena_shape *shape, uint32_t tables, struct arena_table *out)
{
	size_t at = round_up(sizeof(struct arena_head));

	for (uint32_t i = 0; i < tables; i++) {
		out[i] = (struct arena_table){
		    map + at, shape[i].record_size, shape[i].count, stride_of(shape[i].record_size)};
		at += (size_t)out[i].stride * out[i].count;
	}
	return at;
}

static bool head_is(const struct arena_head *h, uint32_t layout, const struct arena_shape *shape, uint32_t tables)
{
	return h->magic == ARENA_MAGIC && h->layout == layout && h->tables == tables &&
	       memcmp(h->shape, shape, tables * sizeof *shape) == 0;
}

void arena_head_put(struct arena_head *h, uint32_t layout, const struct arena_shape *shape, uint32_t tables)
{
	h->layout = layout;
	h->tables = tables;
	memcpy(h->shape, shape, tables * sizeof *shape);
}

bool arena_open(struct arena *a, int fd, uint32_t layout, const struct arena_shape *shape, uint32_t tables,
    struct arena_table *out, bool *adopted)
{
	if (tables > ARENA_TABLES_MAX) {
		errno = EINVAL;
		return false;
	}
	size_t need = arena_size(shape, tables);
	off_t have = lseek(fd, 0, SEEK_END);
	if (have < 0 || (have != (off_t)need && (ftruncate(fd, 0) != 0 || ftruncate(fd, (off_t)need) != 0)))
		return false;
	uint8_t *map = mmap(NULL, need, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return false;
	struct arena_head *h = (struct arena_head *)(void *)map;
	*adopted = head_is(h, layout, shape, tables);
	if (!*adopted) {
		memset(map, 0, need);
		arena_head_put(h, layout, shape, tables);
		h->magic = ARENA_MAGIC;
	}
	*a = (struct arena){.map = map, .size = need, .used = arena_lay_out(map, shape, tables, out)};
	return true;
}

void arena_close(struct arena *a)
{
	if (a->map)
		munmap(a->map, a->size);
	a->map = NULL;
}

struct arena_cell *arena_cell_at(const struct arena_table *t, uint32_t index)
{
	return (struct arena_cell *)(void *)(t->base + (size_t)t->stride * index);
}

const void *arena_get(const struct arena_table *t, uint32_t index)
{
	struct arena_cell *c = arena_cell_at(t, index);
	uint32_t commit = atomic_load_explicit(&c->commit, memory_order_acquire);

	if (commit != 1 && commit != 2)
		return NULL;
	return c->slots + (size_t)(commit - 1) * t->record_size;
}

void arena_put(struct arena_table *t, uint32_t index, const void *record)
{
	arena_put_parts(t, index, span_of(record, t->record_size), span_of(NULL, 0));
}

void arena_put_parts(struct arena_table *t, uint32_t index, struct span head, struct span tail)
{
	struct arena_cell *c = arena_cell_at(t, index);
	uint32_t slot = atomic_load_explicit(&c->commit, memory_order_relaxed) == 1, n = (uint32_t)(head.n + tail.n);
	uint8_t *to = c->slots + (size_t)slot * t->record_size;

	if (n > t->record_size)
		abort();
	if (atomic_load_explicit(&c->written[slot], memory_order_relaxed) < n)
		atomic_store_explicit(&c->written[slot], n, memory_order_release);
	atomic_thread_fence(memory_order_seq_cst);
	memcpy(to, head.p, head.n);
	if (tail.n)
		memcpy(to + head.n, tail.p, tail.n);
	atomic_store_explicit(&c->commit, slot + 1, memory_order_release);
}

void arena_clear(struct arena_table *t, uint32_t index)
{
	struct arena_cell *c = arena_cell_at(t, index);

	atomic_store_explicit(&c->commit, 0, memory_order_release);
	atomic_store_explicit(&c->marks, 0, memory_order_release);
	for (uint32_t slot = 0; slot < 2; slot++) {
		uint32_t n = atomic_load_explicit(&c->written[slot], memory_order_relaxed);
		explicit_bzero(c->slots + (size_t)slot * t->record_size, n < t->record_size ? n : t->record_size);
		atomic_store_explicit(&c->written[slot], 0, memory_order_release);
	}
}

void arena_mark(struct arena_table *t, uint32_t index)
{
	struct arena_cell *c = arena_cell_at(t, index);
	atomic_fetch_add_explicit(&c->marks, 1, memory_order_release);
}

void arena_unmark(struct arena_table *t, uint32_t index)
{
	atomic_store_explicit(&arena_cell_at(t, index)->marks, 0, memory_order_release);
}

uint32_t arena_marks(const struct arena_table *t, uint32_t index)
{
	return atomic_load_explicit(&arena_cell_at(t, index)->marks, memory_order_acquire);
}
