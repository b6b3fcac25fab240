/* SPDX-License-Identifier: ISC */
/* What the server costs: CPU time and memory summed over its process tree, read from /proc. */
#ifndef LOAD_PROCTREE_H
#define LOAD_PROCTREE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { PROCTREE_MAX = 128 };

struct proctree {
	pid_t pid[PROCTREE_MAX];
	uint32_t n;
};

/* The root and all that descend from it, as they are now. False if the root is gone. */
bool proctree_find(pid_t root, struct proctree *t);

/* Time on a CPU of every thread (schedstat; utime + stime where the kernel does not count it). */
uint64_t proctree_cpu_ns(const struct proctree *t);

/* Proportional set size. A process whose smaps may not be read counts with its anonymous and shared-memory
 * pages instead, and *guessed is the number of these. */
uint64_t proctree_memory_kb(const struct proctree *t, uint32_t *guessed);

#endif
