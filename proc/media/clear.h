/* SPDX-License-Identifier: ISC */
/* Sources of clear RTP: without a tag a number proves nothing, so it orders packets and bars no stream for long (RFC 3550 A.1).
 * Pure. */
#ifndef MEDIA_CLEAR_H
#define MEDIA_CLEAR_H

#include "srtp/sources.h"
#include "wire/rtp.h"

/* Beside the windows of its sources. */
struct clear {
	bool leapt; /* to behind the window; the next number of that source begins it anew */
	uint16_t next_seq;
	uint32_t ssrc;
};

/* Is it new? Then it is taken, and in->last is its source, whose indices rise over a new beginning too. A source of the past may come
 * back: there is no key under which what it sent could be played again. */
bool clear_take(struct clear *c, struct srtp_sources *in, const struct rtp *rtp) __attribute__((warn_unused_result));

#endif
