/* SPDX-License-Identifier: ISC */
/* Octets -> slot number, with a size fixed at start. Keys stay in the owner's objects; the map holds a keyed hash and
 * asks the owner whether a candidate really is the one. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/span.h"

typedef bool map_match(const void *owner, uint32_t slot, struct span key);

struct map {
	uint32_t cap, used, mask;
	struct map_cell {
		uint32_t hash, slot; /* hash 0 = empty */
	} * cell;
	map_match *match;
	const void *owner;
	uint8_t key[16];
};

/* Room for cap entries. The hash key comes from the kernel's random source. */
bool map_init(struct map *m, uint32_t cap, map_match *match, const void *owner);
void map_fini(struct map *m);

/* False when full. The key must not be in the map yet. */
bool map_put(struct map *m, struct span key, uint32_t slot);
bool map_get(const struct map *m, struct span key, uint32_t *slot);
bool map_del(struct map *m, struct span key, uint32_t slot);

/* Walk every slot under this key (several objects may share one): start with *at = 0, true while there is one. */
bool map_each(const struct map *m, struct span key, uint32_t *at, uint32_t *slot);

#endif
