/* SPDX-License-Identifier: ISC */
/* What depart.bpf.c needs to make frames for the flows in turn. */
#ifndef BENCH_DEPART_H
#define BENCH_DEPART_H

#include <linux/types.h>

enum { DEPART_HEAD = 14 + 20 + 8 + 4, DEPART_PORT_AT = 14 + 20 + 2, DEPART_CHECK_AT = 14 + 20 + 6, DEPART_SEQUENCE_AT = 14 + 20 + 8 + 2 };

struct depart {
	__u8 head[DEPART_HEAD]; /* to the first port, with sequence number 0 and a whole checksum */
	__u16 lo;               /* the first port, host order */
	__u32 flows, next;
	__u32 interface; /* by which they leave */
	__u16 round;     /* all of them have this sequence number */
	__u16 sum;       /* of what `head` says, complemented, host order */
};

#endif
