/* SPDX-License-Identifier: ISC */
/* Paces a scenario, bounded in count and time, and reports it as one JSON line. */
#ifndef LOAD_RUN_H
#define LOAD_RUN_H

#include "load.h"

enum { RUN_GRACE_S = 5 }; /* how long answers may be late before their operations count as failed */

/* What the server used up between two moments. */
struct cost {
	struct proctree tree;
	uint64_t cpu_ns;
};

void cost_start(struct cost *c);

/* CPU since the start, which moves up to now; *restarted if a process came or went. */
uint64_t cost_take_ns(struct cost *c, bool *restarted);

/* Turn the loop until the server has been idle for 50 ms, 3 s at most. */
void run_settle(void);

/* Operations of one round; may be called again for the next round of the same run. The time is per round. */
void run_round(struct run *r);

/* For the scenarios: how an operation that began then has ended. Nothing outside of a run. */
void run_done(uint64_t started_ns, bool ok);
void run_refused(uint64_t started_ns, uint32_t status);

/* The line, to standard output. `cpu_ns` of the server for all rounds. */
void run_report(struct run *r, uint64_t cpu_ns, bool restarted);

#endif
