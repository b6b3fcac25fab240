/* SPDX-License-Identifier: ISC */
/* From a trunk's name to the addresses where it may be, in the order in which they are tried (RFC 3263 4). */
#ifndef DIAL_RESOLVE_H
#define DIAL_RESOLVE_H

#include "order.h"
#include "ipc/child.h"

enum {
	TARGETS_MAX = 8,
	TARGETS_PER_HOST = 4,
	RESOLVE_MS = 8000, /* all questions of one name; then what was found by then counts */
};

struct targets {
	struct addr at[TARGETS_MAX];
	uint32_t n;
};

/* done() is called once, perhaps inside the call; not after resolve_stop(). */
typedef void resolved(uint8_t trunk, const struct targets *t);

void resolve_open(void);
void resolve_begin(uint8_t trunk, resolved *done);
void resolve_stop(uint8_t trunk);

#endif
