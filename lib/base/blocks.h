/* SPDX-License-Identifier: ISC */
/* Blocks of one size: a table that is made at start and touched only as it is used, so that what was never needed is not resident. */
#ifndef BASE_BLOCKS_H
#define BASE_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct blocks {
	uint8_t *at;
	void *spare; /* those that were given back: the last one is warm, and first */
	size_t size;
	uint32_t cap, used, peak;
	uint32_t fresh; /* this block and all above it were never taken */
	uint64_t refused;
};

/* The size is a multiple of 8 that holds a pointer. False when it is not, or memory is short. */
bool blocks_init(struct blocks *b, uint32_t cap, size_t size);

/* NULL, and counted, when no more than `left` are free. What stands in it is undefined. */
void *blocks_take(struct blocks *b, uint32_t left);
/* The head of it is written over. NULL is fine. */
void blocks_give(struct blocks *b, void *block);

#endif
