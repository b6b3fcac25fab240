/* SPDX-License-Identifier: ISC */
#include "police.h"

enum { A_TOKEN = 1000 /* thousandths: a millisecond brings `rate` of them, and nothing is lost to rounding */ };

bool police_ok(struct bucket *b, uint32_t rate, uint64_t now_ms)
{
	uint64_t full = (uint64_t)rate * A_TOKEN, passed = now_ms - b->filled_ms;
	uint64_t have = b->filled_ms == 0 || passed >= 1000 ? full : b->thousandths + passed * rate;

	have = have < full ? have : full;
	bool ok = have >= A_TOKEN;
	b->thousandths = (uint32_t)(have - (ok ? A_TOKEN : 0));
	b->filled_ms = now_ms;
	return ok;
}
