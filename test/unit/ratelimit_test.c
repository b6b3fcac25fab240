/* SPDX-License-Identifier: ISC */
/* So many in a stretch that begins with the first, by holder; who only asks uses nothing up. */
#include "base/ratelimit.h"
#include "test.h"

enum { LENGTH_MS = 60000 };

static uint32_t taken(struct ratelimit *r, uint32_t most, uint64_t now_ms)
{
	uint32_t n = 0;

	while (n < 100 && ratelimit_take(r, most, LENGTH_MS, now_ms))
		n++;
	return n;
}

static void the_first_begins_the_stretch(void)
{
	struct ratelimit r = {0};

	CHECK(ratelimit_take(&r, 1, LENGTH_MS, 5));
	CHECK(!ratelimit_take(&r, 1, LENGTH_MS, 5 + LENGTH_MS - 1) && ratelimit_take(&r, 1, LENGTH_MS, 5 + LENGTH_MS));
	CHECK(!ratelimit_take(&r, 1, LENGTH_MS, 5 + LENGTH_MS + 1)); /* what was refused prolongs nothing, and the next stretch is as long */
}

static void so_many_and_no_more(void)
{
	struct ratelimit r = {0};

	CHECK(taken(&r, 5, 0) == 5 && taken(&r, 5, LENGTH_MS - 1) == 0 && taken(&r, 5, LENGTH_MS) == 5);
	CHECK(ratelimit_take(&r, 5, LENGTH_MS, 10 * LENGTH_MS) && taken(&r, 5, 10 * LENGTH_MS + 30000) == 4);
}

static void each_holder_has_its_own(void)
{
	struct ratelimit r[2] = {{0}};

	CHECK(taken(&r[0], 3, 7) == 3 && taken(&r[1], 3, 8) == 3);
}

static void who_asks_uses_nothing_up(void)
{
	struct ratelimit r = {0};

	for (int i = 0; i < 10; i++)
		CHECK(ratelimit_would(&r, 1, 3));
	CHECK(ratelimit_take(&r, 1, LENGTH_MS, 3) && !ratelimit_would(&r, 1, 4));
	CHECK(ratelimit_would(&r, 1, 3 + LENGTH_MS) && !ratelimit_would(&r, 1, 2 + LENGTH_MS));
}

int main(void)
{
	RUN(the_first_begins_the_stretch);
	RUN(so_many_and_no_more);
	RUN(each_holder_has_its_own);
	RUN(who_asks_uses_nothing_up);
	return TEST_END;
}
