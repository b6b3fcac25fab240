/* SPDX-License-Identifier: ISC */
/* One connection on its way to a trunk, from that trunk's own address. Nothing is read from it here. */
#ifndef DIAL_ATTEMPT_H
#define DIAL_ATTEMPT_H

#include "ipc/child.h"

enum { DIAL_EDGE = 0 };

struct attempt;
/* fd: connected, and the callee's; -1: nobody accepted it in time. Never inside attempt_begin(). */
typedef void attempt_done(struct attempt *a, int fd);

struct attempt {
	int fd; /* -1: none */
	struct timer timer;
	attempt_done *done;
};

void attempt_open(void);
void attempt_init(struct attempt *a, attempt_done *done);
void attempt_begin(struct attempt *a, uint8_t trunk, const struct addr *to, uint32_t ms);
void attempt_stop(struct attempt *a);

/* The socket to edge, or closed; false: edge is away or busy. */
bool attempt_give(uint8_t trunk, uint64_t token, const struct addr *remote, int fd);

#endif
