/* SPDX-License-Identifier: ISC */
/* Frames from a packet socket that the command opened. */
#ifndef AUDIT_LIVE_H
#define AUDIT_LIVE_H

#include "audit/audit.h"

struct live {
	uint64_t fd, link; /* LINKTYPE_ */
	uint64_t seconds;  /* 0: until somebody ends it */
	uint64_t loopback; /* 1: each frame comes twice, once as outgoing */
};

/* Before the cage: memory, and SIGINT and SIGTERM end the listening instead of the program. */
bool live_prepare(void);
/* False: the device is gone. */
bool live_read(struct audit *a, const struct live *l);

#endif
