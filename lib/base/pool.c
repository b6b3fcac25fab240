/* SPDX-License-Identifier: ISC */
#include "base/pool.h"
#include "base/rand.h"
#include <stdlib.h>

/* REST_MIN times the generations is what a stale id outlives: days at thousands of calls a second. */
enum { TAKEN = 1u << 31, GEN_MASK = 0xffffff, REST_MIN = 64 };
#define END UINT32_MAX

bool pool_init(struct pool *p, uint8_t node, uint32_t cap, uint32_t reserve)
{
	*p = (struct pool){.cap = cap,
	    .reserve = reserve < cap ? reserve : cap,
	    .limit = cap,
	    .node = node,
	    .head = END,
	    .tail = END,
	    .rest_min = REST_MIN};
	p->next = calloc(cap, sizeof *p->next);
	p->gen = calloc(cap, sizeof *p->gen);
	if (!p->next || !p->gen || cap == 0) {
		pool_fini(p);
		return false;
	}
	/* not where the last life of this process began: its ids name nothing in this one */
	uint32_t first = rand_u32() & GEN_MASK;
	for (uint32_t i = 0; i < cap; i++)
		p->gen[i] = first ? first : 1;
	return true;
}

void pool_fini(struct pool *p)
{
	free(p->next);
	free(p->gen);
	*p = (struct pool){0};
}

void pool_limit(struct pool *p, uint32_t limit, uint32_t reserve)
{
	p->limit = limit < p->cap ? limit : p->cap;
	p->reserve = reserve < p->limit ? reserve : p->limit;
}

void pool_rest_long(struct pool *p)
{
	p->rest_min = p->cap;
}

static void append_free(struct pool *p, uint32_t i)
{
	p->next[i] = END;
	if (p->tail == END)
		p->head = i;
	else
		p->next[p->tail] = i;
	p->tail = i;
	p->resting++;
}

static void prepend_free(struct pool *p, uint32_t i)
{
	p->next[i] = p->head;
	p->head = i;
	if (p->tail == END)
		p->tail = i;
	p->resting++;
}

static bool takes_fresh(const struct pool *p)
{
	return p->fresh < p->cap && p->resting < p->rest_min;
}

uint32_t pool_next(const struct pool *p)
{
	return takes_fresh(p) ? p->fresh : p->head;
}

static uint32_t first_free(struct pool *p)
{
	uint32_t i = p->head;

	if (takes_fresh(p))
		return p->fresh++;
	p->head = p->next[i];
	if (p->head == END)
		p->tail = END;
	p->resting--;
	return i;
}

static void count_taken(struct pool *p)
{
	if (++p->used > p->peak)
		p->peak = p->used;
}

uint64_t pool_take(struct pool *p, enum pool_claim claim)
{
	if (p->used == p->cap || (claim != POOL_HELP && p->used + pool_spares(p->reserve, claim) >= p->limit)) {
		p->refused++;
		return ID_NONE;
	}
	uint32_t i = first_free(p);
	p->gen[i] |= TAKEN;
	count_taken(p);
	return id_make(p->node, p->gen[i] & GEN_MASK, i);
}

static void unlink_free(struct pool *p, uint32_t index)
{
	uint32_t prev = END, i = p->head;

	while (i != END && i != index) {
		prev = i;
		i = p->next[i];
	}
	if (i == END)
		return;
	if (prev == END)
		p->head = p->next[i];
	else
		p->next[prev] = p->next[i];
	if (p->tail == i)
		p->tail = prev;
	p->resting--;
}

bool pool_adopt(struct pool *p, uint64_t id)
{
	uint32_t i = id_index(id);

	if (i >= p->cap || p->gen[i] & TAKEN || id != id_make(p->node, id_generation(id), i) || id_generation(id) == 0)
		return false;
	while (p->fresh <= i)
		append_free(p, p->fresh++);
	unlink_free(p, i);
	p->gen[i] = id_generation(id) | TAKEN;
	count_taken(p);
	return true;
}

static bool free_by(struct pool *p, uint64_t id, void (*put)(struct pool *p, uint32_t i))
{
	int64_t at = pool_index(p, id);

	if (at < 0)
		return false;
	uint32_t i = (uint32_t)at, g = (p->gen[i] + 1) & GEN_MASK;
	p->gen[i] = g ? g : 1;
	put(p, i);
	p->used--;
	return true;
}

bool pool_release(struct pool *p, uint64_t id)
{
	return free_by(p, id, append_free);
}

bool pool_give_back(struct pool *p, uint64_t id)
{
	return free_by(p, id, prepend_free);
}

int64_t pool_index(const struct pool *p, uint64_t id)
{
	uint32_t i = id_index(id);

	if (i >= p->cap || p->gen[i] != (id_generation(id) | TAKEN) || id_node(id) != p->node)
		return -1;
	return i;
}

uint64_t pool_id_at(const struct pool *p, uint32_t index)
{
	if (index >= p->cap || !(p->gen[index] & TAKEN))
		return ID_NONE;
	return id_make(p->node, p->gen[index] & GEN_MASK, index);
}
