/* SPDX-License-Identifier: ISC */
/* One-time codes of enrolment: 128 random bits each, kept as a hash, good for a day and five tries, one for each phone. */
#ifndef KEEPER_CODES_H
#define KEEPER_CODES_H

#include "base/buf.h"
#include "vault/store.h"

enum { CODES_LIFE_MS = 24 * 3600 * 1000, CODES_TRIES = 5 };

struct codes {
	struct store *store;
	uint64_t made, used, wrong;
};

void codes_init(struct codes *c, struct store *s);

/* A new code for this phone, in place of any other. */
const char *codes_make(struct codes *c, int64_t now_wall_ms, uint32_t device, struct buf *text)
    __attribute__((warn_unused_result));

/* NULL when it is this phone's code; it is used up before this returns. */
const char *codes_use(struct codes *c, int64_t now_wall_ms, uint32_t device, struct span text)
    __attribute__((warn_unused_result));

#endif
