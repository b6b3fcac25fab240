/* SPDX-License-Identifier: ISC */
/* Wrong passwords are counted for each (user, device) pair, so that who guesses on one phone never locks a user out on
 * another; and, for pairs that never logged in, over all devices of the user and over all users of the device, so that
 * neither a thousand phones nor a thousand names buy more guesses (T3). */
#ifndef KEEPER_TRIES_H
#define KEEPER_TRIES_H

#include "base/span.h"
#include "keeper/recent.h"

enum {
	TRIES_PAIR = 10,
	TRIES_USER = 12,
	TRIES_DEVICE = 40,
	TRIES_LOCK_MS = 60 * 1000, /* doubles with each wrong answer after it */
	TRIES_LOCK_MAX_MS = 3600 * 1000,
	TRIES_FORGET_MS = 24 * 3600 * 1000, /* after the last wrong one */
};

struct tries_count {
	uint64_t until_ms, last_ms;
	uint32_t wrong;
	uint8_t locks;
	bool good; /* a right answer came from this pair */
};

struct tries {
	struct recent recent;
	struct tries_count *count;
	uint8_t key[16];
	uint64_t locked; /* times that a lock began */
};

bool tries_init(struct tries *t, uint32_t cap);
void tries_fini(struct tries *t);

bool tries_are_locked(struct tries *t, uint64_t now_ms, struct span user, uint32_t device);

/* True when this answer began a lock. */
bool tries_note(struct tries *t, uint64_t now_ms, struct span user, uint32_t device, bool right);

/* Of this user's own counts, on all devices; what they owe to those of the device itself stays. A walk over the table. */
void tries_forget(struct tries *t, struct span user);
uint64_t tries_locked_ms(const struct tries *t, uint64_t now_ms, struct span user); /* the longest yet; 0: none */

/* The rule for one counter, also used for administrators and codes: true when a lock begins. */
bool tries_wrong(struct tries_count *c, uint64_t now_ms, uint32_t most);

#endif
