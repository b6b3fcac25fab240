/* SPDX-License-Identifier: ISC */
/* How often something is told: so many times in a stretch of time, which begins with the first. Each holder (a phone, a trunk, a process) has
 * one of these of its own, zero at first, so that one who is told of too often silences nobody else. */
#ifndef BASE_RATELIMIT_H
#define BASE_RATELIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct ratelimit {
	uint64_t until_ms; /* the end of its stretch */
	uint32_t n;        /* told in it */
};

/* May this holder be told of, who is at most so many times in a stretch? Changes nothing. */
bool ratelimit_would(const struct ratelimit *r, uint32_t most, uint64_t now_ms);
/* The same, and it is. False: not before its stretch of length_ms is over. */
bool ratelimit_take(struct ratelimit *r, uint32_t most, uint32_t length_ms, uint64_t now_ms)
    __attribute__((warn_unused_result));

#endif
