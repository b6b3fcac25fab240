/* SPDX-License-Identifier: ISC */
#include "text.h"
#include "wire/sip_limits.h"
#include <stdlib.h>

enum { SMALL = 1024, LARGE = SIP_HEAD_MAX + 2048, LARGE_N = 64 };

static struct store {
	struct text *spare;
	uint32_t size, cap, used, peak;
	uint64_t refused;
} small = {.size = SMALL}, large = {.size = LARGE};

static bool fill(struct store *s, uint32_t n)
{
	size_t each = sizeof(struct text) + s->size;
	uint8_t *mem = calloc(n, each);

	s->cap = n;
	for (uint32_t i = 0; mem && i < n; i++) {
		struct text *t = (struct text *)(void *)(mem + i * each);
		t->cap = s->size;
		t->next_free = s->spare;
		s->spare = t;
	}
	return mem != NULL;
}

bool text_open(uint32_t n)
{
	return fill(&small, n) && fill(&large, LARGE_N);
}

static struct text *take(struct store *s, bool emergency)
{
	struct text *t = s->spare;

	if (!t || (!emergency && s->cap - s->used <= s->cap / RESERVE)) {
		s->refused++;
		return NULL;
	}
	s->spare = t->next_free;
	if (++s->used > s->peak)
		s->peak = s->used;
	return t;
}

struct text *text_take(size_t n, bool emergency)
{
	if (n <= SMALL)
		return take(&small, emergency);
	return n <= LARGE ? take(&large, emergency) : NULL;
}

void text_give(struct text *t)
{
	if (!t)
		return;
	struct store *s = t->cap == SMALL ? &small : &large;
	t->next_free = s->spare;
	s->spare = t;
	s->used--;
}

void text_status(struct proc_status *s)
{
	status_add(s, "texts", STATUS_POOL, small.used, small.cap, small.peak, small.refused);
	status_add(s, "long-texts", STATUS_POOL, large.used, large.cap, large.peak, large.refused);
}
