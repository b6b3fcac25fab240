/* SPDX-License-Identifier: ISC */
/* Blocks of one size: each its own, the last ones for who may have them, what nobody needed untouched. */
#include "base/blocks.h"
#include "test.h"

enum { CAP = 8, SIZE = 24 };

static struct blocks blocks;

static void each_is_its_own(void)
{
	uint8_t *block[CAP];

	CHECK(blocks_init(&blocks, CAP, SIZE));
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < CAP; i++) {
			block[i] = blocks_take(&blocks, 0);
			CHECK(block[i] && blocks.used == (uint32_t)i + 1);
			memset(block[i], i, SIZE);
		}
		CHECK(!blocks_take(&blocks, 0) && blocks.refused == (uint64_t)round + 1);
		for (int i = 0; i < CAP; i++) {
			for (int k = 0; k < SIZE; k++)
				CHECK(block[i][k] == i);
			blocks_give(&blocks, block[i]);
		}
	}
	CHECK(blocks.used == 0 && blocks.peak == CAP);
	blocks_give(&blocks, NULL);
	CHECK(blocks.used == 0);
}

static void the_last_are_for_who_may(void)
{
	const uint64_t before = blocks.refused;

	for (int i = 0; i < CAP - 3; i++)
		CHECK(blocks_take(&blocks, 3));
	CHECK(!blocks_take(&blocks, 3) && blocks.refused == before + 1 && blocks.used == CAP - 3);
	for (int i = 0; i < 3; i++)
		CHECK(blocks_take(&blocks, 0));
	CHECK(!blocks_take(&blocks, 0));
}

static void what_is_not_needed_is_not_touched(void)
{
	static struct blocks b;

	CHECK(blocks_init(&b, CAP, SIZE));
	void *first = blocks_take(&b, 0), *second = blocks_take(&b, 0);
	for (int i = 0; i < 100; i++) {
		blocks_give(&b, second);
		CHECK(blocks_take(&b, 0) == second && first != second);
	}
	CHECK(b.fresh == 2 && b.peak == 2);
}

static void a_size_that_holds_no_pointer_is_refused(void)
{
	static struct blocks b;

	CHECK(!blocks_init(&b, CAP, 4) && !blocks_init(&b, CAP, 20));
}

int main(void)
{
	RUN(each_is_its_own);
	RUN(the_last_are_for_who_may);
	RUN(what_is_not_needed_is_not_touched);
	RUN(a_size_that_holds_no_pointer_is_refused);
	return TEST_END;
}
