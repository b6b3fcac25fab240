/* SPDX-License-Identifier: ISC */
/* Blocks of a few sizes: the smallest that fits, each of them its own, and one of every size for each holder. */
#include "base/slab.h"
#include "test.h"

enum { EACH = 50, SIZES = 3 };

static const uint32_t size[SIZES] = {16, 64, 200};
static struct slab slab;

static void tables_are_made(void)
{
	CHECK(slab_init(&slab, size, SIZES, EACH));
}

static void the_smallest_that_fits(void)
{
	uint32_t room = 0;

	for (size_t n = 0; n <= 200; n++) {
		void *p = slab_take(&slab, n, &room);
		CHECK(p && room == (n <= 16 ? 16 : n <= 64 ? 64 : 200));
		memset(p, 0xaa, room);
		slab_give(&slab, p, room);
	}
	CHECK(!slab_take(&slab, 201, &room));
	slab_give(&slab, NULL, 0);
	for (int i = 0; i < SIZES; i++)
		CHECK(slab.table[i].used == 0 && slab.table[i].peak == 1);
}

static void a_block_of_each_size_for_every_holder(void)
{
	static uint8_t *block[SIZES][EACH];
	uint32_t room;

	for (int round = 0; round < 2; round++) {
		for (unsigned k = 0; k < SIZES * EACH; k++) {
			uint8_t **p = &block[k % SIZES][k / SIZES];
			*p = slab_take(&slab, size[k % SIZES], &room);
			CHECK(*p && room == size[k % SIZES]);
			memset(*p, (int)k, room);
		}
		CHECK(!slab_take(&slab, 1, &room));
		for (unsigned k = 0; k < SIZES * EACH; k++) {
			uint8_t *p = block[k % SIZES][k / SIZES];
			for (uint32_t i = 0; i < size[k % SIZES]; i++)
				CHECK(p[i] == (uint8_t)k);
			slab_give(&slab, p, size[k % SIZES]);
		}
	}
}

/* What was given back last is taken first: it is warm. */
static void few_at_a_time_stay_few(void)
{
	uint32_t room;
	void *first = slab_take(&slab, 20, &room);

	slab_give(&slab, first, room);
	for (int i = 0; i < 1000; i++) {
		void *p = slab_take(&slab, 20, &room);
		CHECK(p == first);
		slab_give(&slab, p, room);
	}
}

int main(void)
{
	RUN(tables_are_made);
	RUN(the_smallest_that_fits);
	RUN(a_block_of_each_size_for_every_holder);
	RUN(few_at_a_time_stay_few);
	return TEST_END;
}
