/* SPDX-License-Identifier: ISC */
/* A table of fixed size by short keys that, when full, gives up what was looked at longest ago. The owner's values
 * stand in an array of its own, at the slot's index. */
#ifndef KEEPER_RECENT_H
#define KEEPER_RECENT_H

#include "base/map.h"

enum { RECENT_KEY = 16 };

struct recent {
	struct map map;
	uint32_t cap, used, newest, oldest;
	uint64_t evicted;
	struct recent_node {
		uint8_t key[RECENT_KEY];
		uint32_t newer, older;
	} * node;
};

bool recent_init(struct recent *r, uint32_t cap);
void recent_fini(struct recent *r);

/* The slot of this key, now the newest; -1 when it has none. */
int64_t recent_find(struct recent *r, const uint8_t key[RECENT_KEY]);

/* A slot for a key that has none. *fresh is false when the slot held another, whose value still stands there. */
uint32_t recent_take(struct recent *r, const uint8_t key[RECENT_KEY], bool *fresh);

#endif
