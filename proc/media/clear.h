/* SPDX-License-Identifier: ISC */
/* Sources of clear RTP: without a tag a number proves nothing, so it orders packets and bars no stream for long (RFC 3550 A.1).
 * Pure. */
#ifndef MEDIA_CLEAR_H
#define MEDIA_CLEAR_H

#include "srtp/srtp.h"
#include "wire/rtp.h"

/* Beside the windows of struct srtp. */
struct clear {
	uint64_t heard_ms[SRTP_SOURCES]; /* when each was, by place */
	bool leapt;                      /* to behind the window; the next number of that source begins it anew */
	uint16_t next_seq;
	uint32_t ssrc;
};

/* Is it new? Then it is taken, and in->last is its source, whose indices rise over a new beginning too. One source more than there
 * are places for takes that of the one that was silent longest. */
bool clear_take(struct clear *c, struct srtp *in, const struct rtp *rtp, uint64_t now_ms)
    __attribute__((warn_unused_result));

#endif
