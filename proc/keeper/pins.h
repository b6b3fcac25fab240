/* SPDX-License-Identifier: ISC */
/* Outgoing PINs (R15), one a user, as keyed hashes. Wrong tries are counted on disk: a restart gives none back, and after
 * the third only an administrator unlocks. What cannot be counted is not judged. */
#ifndef KEEPER_PINS_H
#define KEEPER_PINS_H

#include "ipc/contract.h"
#include "vault/store.h"

enum { PINS_TRIES = 3, PINS_KEY = 32 };

struct pins {
	struct store *store;
	const uint8_t *key; /* PINS_KEY octets, secret */
	bool unsure;        /* the last count could not be written: no judgement before one can */
	uint64_t right, wrong, locks;
};

void pins_init(struct pins *p, struct store *s, const uint8_t *key);

/* *lock_began is set when this one was the third wrong one. */
enum pin_verdict pins_check(struct pins *p, struct span user, struct span digits, bool *lock_began);
/* By the user, who knows the old one; a wrong old one counts as above. */
enum pin_verdict pins_change(
    struct pins *p, struct span user, struct span old_pin, struct span new_pin, bool *lock_began);
/* By an administrator; it unlocks too. */
enum pin_verdict pins_set(struct pins *p, struct span user, struct span pin);
const char *pins_unlock(struct pins *p, struct span user) __attribute__((warn_unused_result));
const char *pins_remove(struct pins *p, struct span user) __attribute__((warn_unused_result));

/* What there is of it, and how many wrong ones in a row. */
enum plan_pin pins_state(const struct pins *p, struct span user, uint32_t *wrong);

/* 4 to 12 digits, and none of those that are tried first: the same digit, a run, a block said again, the user's own number. */
bool pin_is_good(struct span pin, struct span user);

#endif
