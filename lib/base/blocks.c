/* SPDX-License-Identifier: ISC */
#include "base/blocks.h"
#include <stdlib.h>
#include <string.h>

/* A sanitizer hears of whoever uses a block that was given back. */
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, size) ((void)(at))
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)(at))
#endif

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
	if (block) {
		ASAN_UNPOISON_MEMORY_REGION(block, b->size);
		memcpy(&b->spare, block, sizeof b->spare);
	} else {
		block = b->at + b->fresh++ * b->size;
	}
	if (++b->used > b->peak)
		b->peak = b->used;
	return block;
}

void blocks_give(struct blocks *b, void *block)
{
	if (!block)
		return;
	memcpy(block, &b->spare, sizeof b->spare);
	ASAN_POISON_MEMORY_REGION(block, b->size);
	b->spare = block;
	b->used--;
}
