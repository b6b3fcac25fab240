/* SPDX-License-Identifier: ISC */
#include "order.h"

static void swap(struct host *a, struct host *b)
{
	struct host t = *a;

	*a = *b;
	*b = t;
}

/* Those of the first one's priority, which lie at the front. */
static uint32_t gather(struct host *h, uint32_t n)
{
	uint32_t same = 0;

	for (uint32_t i = 1; i < n; i++)
		if (h[i].priority < h[0].priority)
			swap(&h[0], &h[i]);
	for (uint32_t i = 0; i < n; i++)
		if (h[i].priority == h[0].priority)
			swap(&h[same++], &h[i]);
	return same;
}

/* RFC 2782: those of no weight have a very small chance as long as others are there. */
static uint32_t choose(const struct host *h, uint32_t n, uint32_t (*random)(uint32_t n))
{
	uint32_t sum = 0, at = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += h[i].weight;
	uint32_t mark = random(sum + 1);
	for (uint32_t run = h[0].weight; run < mark && at + 1 < n; run += h[at].weight)
		at++;
	return at;
}

static void shuffle(struct host *h, uint32_t n, uint32_t (*random)(uint32_t n))
{
	uint32_t zeros = 0;

	for (uint32_t i = 0; i < n; i++)
		if (h[i].weight == 0)
			swap(&h[zeros++], &h[i]);
	for (; n > 1; h++, n--)
		swap(&h[0], &h[choose(h, n, random)]);
}

void order_hosts(struct host *h, uint32_t n, uint32_t (*random)(uint32_t n))
{
	while (n > 0) {
		uint32_t same = gather(h, n);
		shuffle(h, same, random);
		h += same;
		n -= same;
	}
}
