/* SPDX-License-Identifier: ISC */
#include "audit/sort.h"

static void swap(uint32_t *x, uint32_t *y)
{
	uint32_t t = *x;

	*x = *y;
	*y = t;
}

/* What stands at i goes down among the first n until both below it come before it. */
static void sink(uint32_t *v, uint32_t i, uint32_t n, sort_before *before, const void *owner)
{
	for (uint32_t below; (below = 2 * i + 1) < n; i = below) {
		if (below + 1 < n && before(owner, v[below], v[below + 1]))
			below++;
		if (!before(owner, v[i], v[below]))
			return;
		swap(&v[i], &v[below]);
	}
}

void sort_indexes(uint32_t *v, uint32_t n, sort_before *before, const void *owner)
{
	for (uint32_t i = n / 2; i-- > 0;)
		sink(v, i, n, before, owner);
	while (n-- > 1) {
		swap(&v[0], &v[n]);
		sink(v, 0, n, before, owner);
	}
}
