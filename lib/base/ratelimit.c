/* SPDX-License-Identifier: ISC */
#include "base/ratelimit.h"

bool ratelimit_would(const struct ratelimit *r, uint32_t most, uint64_t now_ms)
{
	return now_ms >= r->until_ms || r->n < most;
}

bool ratelimit_take(struct ratelimit *r, uint32_t most, uint32_t length_ms, uint64_t now_ms)
{
	if (!ratelimit_would(r, most, now_ms))
		return false;
	if (now_ms >= r->until_ms)
		*r = (struct ratelimit){.until_ms = now_ms + length_ms};
	r->n++;
	return true;
}
