/* SPDX-License-Identifier: ISC */
#include "text.h"
#include "base/blocks.h"
#include "wire/sip_limits.h"

enum { SMALL = 1024, MIDDLE = 4096, LARGE = SIP_HEAD_MAX + 2048, LARGE_N = 64 };

static struct blocks small, middle, large;

bool text_open(uint32_t n, uint32_t middle_n)
{
	const size_t head = sizeof(struct text);

	return blocks_init(&small, n, head + SMALL) && blocks_init(&middle, middle_n, head + MIDDLE) &&
	       blocks_init(&large, LARGE_N, head + LARGE);
}

static struct text *take(struct blocks *b, enum pool_claim claim)
{
	struct text *t = blocks_take(b, pool_spares(b->cap / RESERVE, claim));

	if (t)
		t->cap = (uint32_t)(b->size - sizeof *t);
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
	if (t)
		blocks_give(t->cap == SMALL ? &small : t->cap == MIDDLE ? &middle : &large, t);
}

void text_status(struct proc_status *s)
{
	status_add(s, "texts", STATUS_POOL, small.used, small.cap, small.peak, small.refused);
	status_add(s, "middle-texts", STATUS_POOL, middle.used, middle.cap, middle.peak, middle.refused);
	status_add(s, "long-texts", STATUS_POOL, large.used, large.cap, large.peak, large.refused);
}
