/* SPDX-License-Identifier: ISC */
/* What a packet of bench/relay/kernel.c carries, and how its delays are kept. */
#ifndef BENCH_ARRIVE_H
#define BENCH_ARRIVE_H

#include <linux/types.h>

enum { DELAYS = 8192, STAMP = 0x52465452 }; /* microseconds; the last is all that took longer */

struct stamped {
	__u8 rtp[12];
	__u32 magic;
	__u64 sent_ns; /* CLOCK_MONOTONIC */
} __attribute__((packed));

#endif
