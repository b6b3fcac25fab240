/* SPDX-License-Identifier: ISC */
#include "base/slab.h"
#include <stdlib.h>

bool slab_init(struct slab *s, const uint32_t *size, uint32_t sizes, uint32_t each)
{
	*s = (struct slab){.sizes = sizes, .each = each};
	for (uint32_t i = 0; i < sizes; i++) {
		struct slab_table *t = &s->table[i];
		*t = (struct slab_table){
		    .at = calloc(each, size[i]), .size = size[i], .freed = calloc(each, sizeof *t->freed)};
		if (!t->at || !t->freed)
			return false;
	}
	return true;
}

void *slab_take(struct slab *s, size_t n, uint32_t *room)
{
	struct slab_table *t = s->table, *end = s->table + s->sizes;

	while (t < end && (t->size < n || t->used == s->each))
		t++;
	if (t == end)
		return NULL;
	uint32_t i = t->freed_n ? t->freed[--t->freed_n] : t->fresh++;
	if (++t->used > t->peak)
		t->peak = t->used;
	*room = t->size;
	return t->at + (size_t)i * t->size;
}

void slab_give(struct slab *s, void *block, uint32_t room)
{
	for (struct slab_table *t = s->table; block && t < s->table + s->sizes; t++)
		if (t->size == room) {
			t->freed[t->freed_n++] = (uint32_t)(((uint8_t *)block - t->at) / room);
			t->used--;
			return;
		}
}
