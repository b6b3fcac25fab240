/* SPDX-License-Identifier: ISC */
#include "base/blocks.h"
#include <stdlib.h>
#include <string.h>

bool blocks_init(struct blocks *b, uint32_t cap, size_t size)
{
	const bool fits = size >= sizeof b->spare && size % 8 == 0;

	*b = (struct blocks){.at = fits ? calloc(cap, size) : NULL, .size = size, .cap = cap};
	return b->at != NULL;
}

void *blocks_take(struct blocks *b, uint32_t left)
{
	void *block = b->spare;

	if (b->cap - b->used <= left) {
		b->refused++;
		return NULL;
	}
	if (block)
		memcpy(&b->spare, block, sizeof b->spare);
	else
		block = b->at + b->fresh++ * b->size;
	if (++b->used > b->peak)
		b->peak = b->used;
	return block;
}

void blocks_give(struct blocks *b, void *block)
{
	if (!block)
		return;
	memcpy(block, &b->spare, sizeof b->spare);
	b->spare = block;
	b->used--;
}
