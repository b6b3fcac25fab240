/* SPDX-License-Identifier: ISC */
#include "keeper/recent.h"
#include <stdlib.h>

#define NONE UINT32_MAX

static bool match_key(const void *owner, uint32_t slot, struct span key)
{
	const struct recent *r = owner;
	return memcmp(r->node[slot].key, key.p, RECENT_KEY) == 0;
}

bool recent_init(struct recent *r, uint32_t cap)
{
	*r = (struct recent){.cap = cap, .newest = NONE, .oldest = NONE};
	r->node = calloc(cap, sizeof *r->node);
	return r->node && map_init(&r->map, cap, match_key, r);
}

void recent_fini(struct recent *r)
{
	map_fini(&r->map);
	free(r->node);
	r->node = NULL;
}

static void unlink_slot(struct recent *r, uint32_t slot)
{
	struct recent_node *n = &r->node[slot];

	if (n->newer == NONE)
		r->newest = n->older;
	else
		r->node[n->newer].older = n->older;
	if (n->older == NONE)
		r->oldest = n->newer;
	else
		r->node[n->older].newer = n->newer;
}

static void link_newest(struct recent *r, uint32_t slot)
{
	r->node[slot].newer = NONE;
	r->node[slot].older = r->newest;
	if (r->newest == NONE)
		r->oldest = slot;
	else
		r->node[r->newest].newer = slot;
	r->newest = slot;
}

int64_t recent_find(struct recent *r, const uint8_t key[RECENT_KEY])
{
	uint32_t slot;

	if (!map_get(&r->map, span_of(key, RECENT_KEY), &slot))
		return -1;
	unlink_slot(r, slot);
	link_newest(r, slot);
	return slot;
}

uint32_t recent_take(struct recent *r, const uint8_t key[RECENT_KEY], bool *fresh)
{
	uint32_t slot;

	*fresh = r->used < r->cap;
	if (*fresh) {
		slot = r->used++;
	} else {
		slot = r->oldest;
		map_del(&r->map, span_of(r->node[slot].key, RECENT_KEY), slot);
		unlink_slot(r, slot);
		r->evicted++;
	}
	memcpy(r->node[slot].key, key, RECENT_KEY);
	map_put(&r->map, span_of(key, RECENT_KEY), slot);
	link_newest(r, slot);
	return slot;
}
