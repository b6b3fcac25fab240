/* SPDX-License-Identifier: ISC */
/* Blocks of a few sizes, for what varies in length: each size is a table that is made at start and touched only as it is
 * used. Who may hold one block of every size at a time, and no more holders than `each`: never full. */
#ifndef BASE_SLAB_H
#define BASE_SLAB_H

#include "base/blocks.h"

enum { SLAB_SIZES_MAX = 4 };

struct slab {
	struct blocks table[SLAB_SIZES_MAX];
	uint32_t sizes;
};

/* Sizes rise and are multiples of 8. False when memory is short. */
bool slab_init(struct slab *s, const uint32_t *size, uint32_t sizes, uint32_t each);

/* The smallest block that holds n octets, whose size is *room; what stands in it is undefined. NULL: full, or longer than any. */
void *slab_take(struct slab *s, size_t n, uint32_t *room);
/* `room` as slab_take() said. NULL is fine. What was written is the owner's to wipe. */
void slab_give(struct slab *s, void *block, uint32_t room);

#endif
