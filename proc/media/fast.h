/* SPDX-License-Identifier: ISC */
/* Calls that end here without a system call for each packet: what comes is read from the kernel's ring, and what leaves in one turn of
 * the loop leaves together. Without ring, map or socket (net has none to give) each port's own socket does it. */
#ifndef MEDIA_FAST_H
#define MEDIA_FAST_H

#include "table.h"

/* Before the cage; rows of the table. */
void fast_open(uint32_t rows);

/* What net says. */
void fast_take_ring(int fd);
void fast_take_sends(int fd);
void fast_take_sender(int fd);
/* Is there a ring? Then flows may say so. */
bool fast_has_ring(void);

/* The row changed, or ends: what is still to be sent is sent before. */
void fast_follow(uint32_t row);
void fast_end(uint32_t row);

/* What waits leaves now. */
void fast_flush(void);
/* One packet of RTP for the side, from our port. False: the socket must. */
bool fast_send(uint32_t row, unsigned side, struct span packet);

void fast_status(struct proc_status *s);

#endif
