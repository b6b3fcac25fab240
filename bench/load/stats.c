/* SPDX-License-Identifier: ISC */
#include "stats.h"
#include <stdlib.h>

bool stats_init(struct stats *s, uint32_t cap)
{
	*s = (struct stats){.ns = calloc(cap, sizeof(*s->ns)), .cap = cap};
	return s->ns != NULL;
}

void stats_fini(struct stats *s)
{
	free(s->ns);
	*s = (struct stats){0};
}

void stats_add(struct stats *s, uint64_t ns)
{
	if (s->n < s->cap)
		s->ns[s->n++] = ns;
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

double stats_percentile_us(struct stats *s, double percent)
{
	uint32_t at;

	if (s->n == 0)
		return 0;
	qsort(s->ns, s->n, sizeof(*s->ns), compare);
	at = (uint32_t)((double)s->n * percent / 100);
	return (double)s->ns[at < s->n ? at : s->n - 1] / 1000;
}
