/* SPDX-License-Identifier: ISC */
#include "base/map.h"
#include "base/rand.h"
#include "base/siphash.h"
#include <stdlib.h>

bool map_init(struct map *m, uint32_t cap, map_match *match, const void *owner)
{
	uint32_t cells = 16;

	while (cells < cap + cap / 2)
		cells *= 2;
	*m = (struct map){.cap = cap, .mask = cells - 1, .match = match, .owner = owner};
	rand_bytes(m->key, sizeof m->key);
	m->cell = calloc(cells, sizeof *m->cell);
	return m->cell != NULL;
}

void map_fini(struct map *m)
{
	free(m->cell);
	m->cell = NULL;
}

static uint32_t hash_of(const struct map *m, struct span key)
{
	uint32_t h = (uint32_t)siphash(m->key, key);
	return h ? h : 1;
}

bool map_put(struct map *m, struct span key, uint32_t slot)
{
	uint32_t h = hash_of(m, key), i = h & m->mask;

	if (m->used == m->cap)
		return false;
	while (m->cell[i].hash)
		i = (i + 1) & m->mask;
	m->cell[i] = (struct map_cell){h, slot};
	m->used++;
	return true;
}

bool map_each(const struct map *m, struct span key, uint32_t *at, uint32_t *slot)
{
	uint32_t h = hash_of(m, key);

	for (uint32_t step = *at;; step++) {
		const struct map_cell *c = &m->cell[(h + step) & m->mask];
		if (!c->hash)
			return false;
		if (c->hash == h && m->match(m->owner, c->slot, key)) {
			*slot = c->slot;
			*at = step + 1;
			return true;
		}
	}
}

bool map_get(const struct map *m, struct span key, uint32_t *slot)
{
	uint32_t at = 0;
	return map_each(m, key, &at, slot);
}

/* Close the hole: move back every later cell whose home lies at or before it. */
static void close_hole(struct map *m, uint32_t hole)
{
	for (uint32_t i = (hole + 1) & m->mask; m->cell[i].hash; i = (i + 1) & m->mask) {
		uint32_t home = m->cell[i].hash & m->mask;
		if (((i - home) & m->mask) >= ((i - hole) & m->mask)) {
			m->cell[hole] = m->cell[i];
			hole = i;
		}
	}
	m->cell[hole] = (struct map_cell){0};
}

bool map_del(struct map *m, struct span key, uint32_t slot)
{
	uint32_t h = hash_of(m, key);

	for (uint32_t i = h & m->mask; m->cell[i].hash; i = (i + 1) & m->mask) {
		if (m->cell[i].hash == h && m->cell[i].slot == slot) {
			close_hole(m, i);
			m->used--;
			return true;
		}
	}
	return false;
}
