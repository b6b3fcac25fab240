/* SPDX-License-Identifier: ISC */
/* A flow is written in place, while programs read it. Its number says so: it is odd meanwhile, and another one afterwards. A program looks at it
 * first, takes what it needs, and looks again: what was not the same number, or odd, goes up to the socket and is counted nowhere; one
 * of many that media sends at once is lost, as nobody is there to take it. One process writes at a time. */
#ifndef BPF_WRITTEN_H
#define BPF_WRITTEN_H

#include "flow.h"
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static inline bool flow_is(const struct flow *at, const struct flow *f)
{
	enum { NUMBER = sizeof f->written };

	/* odd: whoever wrote it died before it said so */
	return !(at->written & 1) &&
	       memcmp((const char *)at + NUMBER, (const char *)f + NUMBER, sizeof *f - NUMBER) == 0;
}

/* Whoever wrote before may have died of it. */
static inline void flow_write(struct flow *at, const struct flow *f)
{
	enum { NUMBER = sizeof f->written };
	const __u32 odd = __atomic_load_n(&at->written, __ATOMIC_RELAXED) | 1;

	__atomic_store_n(&at->written, odd, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	memcpy((char *)at + NUMBER, (const char *)f + NUMBER, sizeof *f - NUMBER);
	__atomic_store_n(&at->written, odd + 1, __ATOMIC_RELEASE);
}

#endif
