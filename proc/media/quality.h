/* SPDX-License-Identifier: ISC */
/* What is lost and how unevenly it comes on each side's way to us: counted here of what media relays or opens itself, by the rule of
 * bpf/stream.h, and added up with what the kernel counted. Of this life of media: the kernel's part alone outlives it. */
#ifndef MEDIA_QUALITY_H
#define MEDIA_QUALITY_H

#include "flow.h"
#include "table.h"

struct quality {
	uint64_t expected, lost; /* packets of RTP */
	uint32_t jitter_ns;      /* 0: not measured */
};

void quality_open(uint32_t rows);

/* A packet of RTP that the gate let through, or that had its tag; frame: enum relay_frame. */
void quality_take(uint32_t row, unsigned side, const struct rtp *rtp, uint8_t frame);
/* The same, of octets. */
void quality_take_packet(uint32_t row, unsigned side, struct span packet);

/* Its counts come into the cache meanwhile. */
void quality_prefetch(uint32_t row, unsigned side);

/* Another engine has the next packets: what it takes is not missed here. */
void quality_cut(struct flow_stream *s);
void quality_cut_here(uint32_t row, unsigned side);
void quality_end(uint32_t row);

/* kernel: NULL without one; there: it has the packets now. */
struct quality quality_of(uint32_t row, unsigned side, const struct flow_stream *kernel, bool there);

#endif
