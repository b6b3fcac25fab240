/* SPDX-License-Identifier: ISC */
#include "round.h"
#include "test.h"
#include <string.h>

enum { ROWS = 2000, AT_ONCE = 32 };

static bool due[ROWS];
static struct round r = {.due = due, .rows = ROWS};

static void each_is_met_once_in_order(void)
{
	uint32_t row, n = 0, turns = 0;
	bool more = true;

	CHECK(!round_next(&r, &row));
	memset(due, 1, sizeof due);
	due[7] = false;
	round_begin(&r);
	for (; more; turns++)
		for (int i = 0; i < AT_ONCE; i++) {
			more = round_next(&r, &row);
			if (!more)
				break;
			CHECK(row == n + (n >= 7));
			n++;
		}
	CHECK(n == ROWS - 1 && turns == ROWS / AT_ONCE + 1 && !r.runs);
	CHECK(!round_next(&r, &row));
}

/* As when the kernel has no memory for one: it is not asked over and over in one round. */
static void who_is_due_again_waits(void)
{
	uint32_t row, n = 0;

	memset(due, 0, sizeof due);
	due[3] = due[9] = true;
	round_begin(&r);
	while (round_next(&r, &row)) {
		CHECK(row == (n ? 9 : 3));
		due[row] = true;
		round_begin(&r); /* which runs */
		n++;
	}
	CHECK(n == 2 && due[3] && due[9] && !r.runs);
	round_begin(&r);
	CHECK(round_next(&r, &row) && row == 3 && round_next(&r, &row) && row == 9 && !round_next(&r, &row));
}

int main(void)
{
	RUN(each_is_met_once_in_order);
	RUN(who_is_due_again_waits);
	return TEST_END;
}
