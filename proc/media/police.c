/* SPDX-License-Identifier: ISC */
#include "police.h"

bool police_ok(struct bucket *b, uint32_t rate, uint64_t now_ms)
{
	uint64_t passed = now_ms - b->filled_ms;
	uint64_t tokens = passed >= 1000 || b->filled_ms == 0 ? rate : b->tokens + passed * rate / 1000;

	/* the clock of the bucket moves only with whole tokens, so that slow trickles fill it too */
	if (passed * rate >= 1000 || b->filled_ms == 0)
		b->filled_ms = now_ms;
	b->tokens = (uint32_t)(tokens > rate ? rate : tokens);
	if (b->tokens == 0)
		return false;
	b->tokens--;
	return true;
}
