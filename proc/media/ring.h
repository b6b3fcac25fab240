/* SPDX-License-Identifier: ISC */
/* Reading the kernel's ring of packets (bpf/handed.h, linux/bpf.h). Whatever stands in it, a read ends, inside of it. Pure. */
#ifndef MEDIA_RING_H
#define MEDIA_RING_H

#include "handed.h"
#include <stdbool.h>
#include <stdint.h>

struct ring {
	uint64_t *read;          /* how far we say we are: up to here the kernel writes anew */
	const uint64_t *written; /* how far it is */
	const uint8_t *data;     /* twice the ring, so that no record ends in the middle */
	uint64_t octets;         /* of it once; a power of two */
	uint64_t next, last;     /* how far we are; the record before */
};

enum ring_result { RING_EMPTY, RING_TAKEN, RING_PASSED_OVER };

/* Where an earlier reader left it. */
void ring_begin(struct ring *r);

/* The next record, copied. RING_PASSED_OVER: there was one that is no packet. */
enum ring_result ring_take(struct ring *r, struct ring_packet *head, uint8_t octets[RING_LARGE]);

/* Say how far we are. The kernel wakes who has read all, with the next packet; who keeps the last one is not woken, and looks again
 * by himself. */
void ring_release(struct ring *r, bool wakes);

#endif
