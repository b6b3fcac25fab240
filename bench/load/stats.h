/* SPDX-License-Identifier: ISC */
/* Samples of one quantity and what is said about them. */
#ifndef LOAD_STATS_H
#define LOAD_STATS_H

#include <stdbool.h>
#include <stdint.h>

struct stats {
	uint64_t *ns;
	uint32_t n, cap;
};

bool stats_init(struct stats *s, uint32_t cap);
void stats_fini(struct stats *s);

/* What exceeds the cap is not kept. */
void stats_add(struct stats *s, uint64_t ns);

/* Sorts the samples. The value that `percent` of them do not exceed, in microseconds; 0 without samples. */
double stats_percentile_us(struct stats *s, double percent);

#endif
