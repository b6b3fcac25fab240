/* SPDX-License-Identifier: ISC */
/* Octets that wait for a socket: blocks from one pool of fixed size, at most OUT_MAX for one connection. */
#ifndef EDGE_OUT_H
#define EDGE_OUT_H

#include "edge.h"

struct out_block;

struct out {
	struct out_block *first, *last;
	uint32_t n;
};

enum out_state { OUT_DONE, OUT_BLOCKED, OUT_BROKEN };

bool out_open(uint32_t blocks);
bool out_put(struct out *o, struct span s); /* false: the peer is too slow, or the pool is empty */
enum out_state out_send(struct out *o, int fd);
void out_clear(struct out *o);
void out_status(struct proc_status *s);

#endif
