/* SPDX-License-Identifier: ISC */
/* Hands out slots of a table whose size is fixed at start. The objects stand in the owner's own array, at the index
 * of the id. A share of the slots is kept for emergency calls. A released slot rests at the end of a queue and its
 * generation moves on, so a stale id never names a new object. Slots that rest are taken again before new ones are touched,
 * once enough of them rest: a quiet exchange works in memory that is warm. */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include "base/id.h"
#include <stdbool.h>

struct pool {
	uint32_t cap, used, peak, reserve;
	uint32_t limit; /* of the slots that answer to all calls, the reserve among them */
	uint64_t refused;
	uint32_t head, tail; /* of the queue of those that rest */
	uint32_t resting, rest_min;
	uint32_t fresh; /* this slot and all above it were never taken */
	uint32_t *next; /* cap entries */
	uint32_t *gen;  /* cap entries; bit 31 = taken */
	uint8_t node;
};

/* reserve of the cap slots answer to emergency calls only. False when memory is short. */
bool pool_init(struct pool *p, uint8_t node, uint32_t cap, uint32_t reserve);
void pool_fini(struct pool *p);

/* Of a table that is larger than the configuration asks for, because what stands in it was adopted: as if it had `limit` slots, but
 * that emergency calls have all. */
void pool_limit(struct pool *p, uint32_t limit, uint32_t reserve);

/* Let slots rest as long as they can: all others come first. */
void pool_rest_long(struct pool *p);

/* The usual share that is kept for emergency calls: a sixteenth, and at least one of two. */
static inline uint32_t pool_share(uint32_t cap)
{
	return cap >= 32 ? cap / 16 : cap > 1;
}

/* What somebody may have of the reserve. Nobody knows of a call that it is the centre's but by the number that it is to, so that a
 * call back never has the last half: the next call for help finds room. */
enum pool_claim { POOL_USUAL, POOL_HELP, POOL_BACK, POOL_CLAIMS };

/* So many slots are left to others by this claim, of a reserve. */
static inline uint32_t pool_spares(uint32_t reserve, enum pool_claim claim)
{
	return claim == POOL_HELP ? 0 : claim == POOL_BACK ? (reserve + 1) / 2 : reserve;
}

/* A fresh id, or ID_NONE when full (for this claim; true: for help, false: as usual). */
uint64_t pool_take(struct pool *p, enum pool_claim claim);

/* The slot that the next pool_take() would hand out; only while one is free. */
uint32_t pool_next(const struct pool *p);

/* Take the very slot and generation of this id, for adoption from an arena; false if it is taken, out of range or of another node. */
bool pool_adopt(struct pool *p, uint64_t id);

/* Stale or foreign ids are ignored and answer false. */
bool pool_release(struct pool *p, uint64_t id);

/* The same for one that was not used: it is the next that is handed out, before those that rest. */
bool pool_give_back(struct pool *p, uint64_t id);

/* Index of a live id, or -1. */
int64_t pool_index(const struct pool *p, uint64_t id);

/* The id of a taken slot, or ID_NONE. */
uint64_t pool_id_at(const struct pool *p, uint32_t index);

#endif
