/* SPDX-License-Identifier: ISC */
#include "text.h"
#include "wire/sip_limits.h"
#include <stdlib.h>

enum { SMALL = 1024, MIDDLE = 4096, LARGE = SIP_HEAD_MAX + 2048, LARGE_N = 64 };

static struct store {
	struct text *spare;
	uint8_t *mem;
	uint32_t size, cap, fresh, used, peak; /* blocks from fresh on were never touched */
	uint64_t refused;
} small = {.size = SMALL}, middle = {.size = MIDDLE}, large = {.size = LARGE};

static bool fill(struct store *s, uint32_t n)
{
	s->mem = calloc(n, sizeof(struct text) + s->size);
	s->cap = n;
	return s->mem != NULL;
}

bool text_open(uint32_t n, uint32_t middle_n)
{
	return fill(&small, n) && fill(&middle, middle_n) && fill(&large, LARGE_N);
}

static struct text *first_touch(struct store *s)
{
	struct text *t = (struct text *)(void *)(s->mem + s->fresh++ * (sizeof(struct text) + s->size));

	t->cap = s->size;
	return t;
}

static struct text *take(struct store *s, enum pool_claim claim)
{
	struct text *t = s->spare;

	if (s->cap - s->used <= pool_spares(s->cap / RESERVE, claim)) {
		s->refused++;
		return NULL;
	}
	if (t)
		s->spare = t->next_free;
	else
		t = first_touch(s);
	if (++s->used > s->peak)
		s->peak = s->used;
	return t;
}

struct text *text_take(size_t n, enum pool_claim claim)
{
	if (n <= SMALL)
		return take(&small, claim);
	if (n <= MIDDLE)
		return take(&middle, claim);
	return n <= LARGE ? take(&large, claim) : NULL;
}

void text_give(struct text *t)
{
	if (!t)
		return;
	struct store *s = t->cap == SMALL ? &small : t->cap == MIDDLE ? &middle : &large;
	t->next_free = s->spare;
	s->spare = t;
	s->used--;
}

void text_status(struct proc_status *s)
{
	status_add(s, "texts", STATUS_POOL, small.used, small.cap, small.peak, small.refused);
	status_add(s, "middle-texts", STATUS_POOL, middle.used, middle.cap, middle.peak, middle.refused);
	status_add(s, "long-texts", STATUS_POOL, large.used, large.cap, large.peak, large.refused);
}
