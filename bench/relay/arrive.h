/* SPDX-License-Identifier: ISC */
/* What a packet of paced.c carries, and how its delays are kept. */
#ifndef BENCH_ARRIVE_H
#define BENCH_ARRIVE_H

#include <linux/types.h>

enum { DELAYS = 262144, STAMP = 0x52465452 }; /* microseconds; the last is all that took longer */

struct stamped {
	__u8 rtp[12];
	__u32 magic;
	__u64 sent_ns; /* CLOCK_MONOTONIC */
} __attribute__((packed));

#endif
