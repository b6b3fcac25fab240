/* SPDX-License-Identifier: ISC */
#include "base/slab.h"

bool slab_init(struct slab *s, const uint32_t *size, uint32_t sizes, uint32_t each)
{
	*s = (struct slab){.sizes = sizes};
	for (uint32_t i = 0; i < sizes; i++)
		if (!blocks_init(&s->table[i], each, size[i]))
			return false;
	return true;
}

void *slab_take(struct slab *s, size_t n, uint32_t *room)
{
	struct blocks *b = s->table, *end = s->table + s->sizes;

	while (b < end && (b->size < n || b->used == b->cap))
		b++;
	if (b == end)
		return NULL;
	*room = (uint32_t)b->size;
	return blocks_take(b, 0);
}

void slab_give(struct slab *s, void *block, uint32_t room)
{
	for (struct blocks *b = s->table; b < s->table + s->sizes; b++)
		if (b->size == room) {
			blocks_give(b, block);
			return;
		}
}
