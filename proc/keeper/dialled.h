/* SPDX-License-Identifier: ISC */
/* Which numbers each user has dialled (R15), as keyed hashes of 16 octets: one can ask whether a number is there, and not which
 * are. A user has some 2,000; the oldest leave in blocks of 31. When all users' places are taken a user's own oldest
 * leave early, which costs them their PIN again. */
#ifndef KEEPER_DIALLED_H
#define KEEPER_DIALLED_H

#include "vault/store.h"

enum {
	DIALLED_KEY = 32,
	DIALLED_TAG = 16,
	DIALLED_IN_BLOCK = 31,
	DIALLED_BLOCKS = 64,       /* of one user */
	DIALLED_BLOCK_BYTES = 576, /* one in the store's table: type, key, and a value of up to 512 */
};

struct dialled {
	struct store *store;
	const uint8_t *key; /* DIALLED_KEY octets, secret */
	uint32_t blocks, blocks_max;
	uint64_t added, left;
};

void dialled_init(struct dialled *d, struct store *s, const uint8_t *key, uint32_t blocks_max);

bool dialled_knows(const struct dialled *d, struct span user, struct span number);
/* NULL when it is on disk. */
const char *dialled_add(struct dialled *d, struct span user, struct span number) __attribute__((warn_unused_result));
uint32_t dialled_count(const struct dialled *d, struct span user);
const char *dialled_forget(struct dialled *d, struct span user) __attribute__((warn_unused_result));

#endif
