/* SPDX-License-Identifier: ISC */
#include "press.h"
#include "base/secret.h"
#include <string.h>

static void drop_oldest(struct press *p)
{
	p->ahead_n--;
	memmove(p->ahead, p->ahead + 1, sizeof p->ahead - sizeof p->ahead[0]);
	memmove(p->ahead_ms, p->ahead_ms + 1, sizeof p->ahead_ms - sizeof p->ahead_ms[0]);
	secret_wipe(&p->ahead[p->ahead_n], sizeof p->ahead[0]);
}

static void drop_old(struct press *p, uint64_t now_ms)
{
	while (p->ahead_n > 0 && now_ms >= p->ahead_ms[0] + PRESS_SAME_MS)
		drop_oldest(p);
}

bool press_by_info(struct press *p, uint8_t digit, uint64_t now_ms)
{
	if (p->in_rtp)
		return false;
	drop_old(p, now_ms);
	if (p->ahead_n == PRESS_AHEAD_MAX)
		drop_oldest(p);
	p->ahead[p->ahead_n] = digit;
	p->ahead_ms[p->ahead_n++] = now_ms;
	return true;
}

bool press_in_rtp(struct press *p, uint8_t digit, uint64_t now_ms)
{
	p->in_rtp = true;
	drop_old(p, now_ms);
	/* of presses whose packets were all lost nothing is heard in RTP */
	for (uint8_t i = 0; i < p->ahead_n; i++)
		if (p->ahead[i] == digit) {
			for (uint8_t n = 0; n <= i; n++)
				drop_oldest(p);
			return false;
		}
	return true;
}
