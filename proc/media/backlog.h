/* SPDX-License-Identifier: ISC */
/* What waited in the kernel's ring when this life of media took it, seconds of it after a whole restart. All of it is opened, so that each stream's
 * numbers go on, and voice hears all; to the other side goes what its jitter buffer may still take, and the older audio does not, for it would be
 * late for as long as the call lasts. How old a packet is, its timestamp says beside the newest of its stream that waits. */
#ifndef MEDIA_BACKLOG_H
#define MEDIA_BACKLOG_H

#include "base/span.h"
#include "wire/rtp.h"

enum { BACKLOG_MS = 200 }; /* as much as phones' buffers hold at most, as a rule */

/* Rows of the table. Aborts without memory. */
void backlog_open(uint32_t rows);

/* A look at all that waits, packet by packet, before the first is taken; and when the last was. */
void backlog_begin(void);
void backlog_waits(uint32_t row, unsigned side, struct span packet);
void backlog_over(void);

/* Is this packet of the side too old to be played? rate: of its timestamp, Hz; 0, telephone-events, never. */
bool backlog_is_old(uint32_t row, unsigned side, const struct rtp *rtp, uint32_t rate);

#endif
