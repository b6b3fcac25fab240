/* SPDX-License-Identifier: ISC */
/* One press of a key counts once, also from a phone that tells it both in RTP (RFC 4733) and by SIP INFO. Pure. */
#ifndef VOICE_PRESS_H
#define VOICE_PRESS_H

#include <stdbool.h>
#include <stdint.h>

enum {
	PRESS_AHEAD_MAX = 4,
	PRESS_SAME_MS = 2000, /* an INFO may be so much earlier than the same press in RTP */
};

/* Of one side of a call. All zero at first. */
struct press {
	bool in_rtp; /* one was heard there: what INFO says is said twice */
	uint8_t ahead_n;
	uint8_t ahead[PRESS_AHEAD_MAX]; /* told by INFO, not heard in RTP yet: the oldest first */
	uint64_t ahead_ms[PRESS_AHEAD_MAX];
};

/* Does this one count? */
bool press_by_info(struct press *p, uint8_t digit, uint64_t now_ms);
bool press_in_rtp(struct press *p, uint8_t digit, uint64_t now_ms);

#endif
