/* SPDX-License-Identifier: ISC */
/* What media waits for in a call, with time as an argument (R7, R29): keys, packets, and what holds do to it. */
#include "gate.h"
#include "patience.h"
#include "test.h"

static struct relay_row row;
static uint64_t now;

static void directions(uint8_t a, uint8_t b)
{
	bool talked = patience_talk(&row.spec);

	row.spec.side[0].direction = a;
	row.spec.side[1].direction = b;
	patience_follow(&row, talked, now);
}

static void begin(void)
{
	row = (struct relay_row){0};
	now = 1000000;
	directions(RELAY_BOTH, RELAY_BOTH);
	row.answered_ms = row.heard_ms = now;
}

static void who_is_not_answered_is_waited_for(void)
{
	begin();
	row.answered_ms = 0;
	now += 10 * SILENT_MS;
	CHECK(patience_now(&row, false, now) == PATIENCE_HOLDS);
	CHECK(patience_now(&row, true, now) == PATIENCE_HOLDS);
}

static void keys_have_ten_seconds(void)
{
	begin();
	CHECK(patience_now(&row, false, now + GATE_PATIENCE_MS) == PATIENCE_HOLDS);
	CHECK(patience_now(&row, false, now + GATE_PATIENCE_MS + 1) == PATIENCE_GATE_SHUT);
	CHECK(patience_now(&row, true, now + GATE_PATIENCE_MS + 1) == PATIENCE_HOLDS);
}

static void two_who_talk_and_are_silent_are_gone(void)
{
	begin();
	CHECK(patience_now(&row, true, now + SILENT_MS) == PATIENCE_HOLDS);
	CHECK(patience_now(&row, true, now + SILENT_MS + 1) == PATIENCE_SILENT);
	row.heard_ms = now + 1000;
	CHECK(patience_now(&row, true, now + SILENT_MS + 1000) == PATIENCE_HOLDS);
	row.heard_ms = 0; /* nothing came since the answer */
	CHECK(patience_now(&row, true, now + SILENT_MS) == PATIENCE_HOLDS);
	CHECK(patience_now(&row, true, now + SILENT_MS + 1) == PATIENCE_SILENT);
}

/* Any pair of directions that is no talk holds for ever, and a talk after it has its whole time. */
static void a_hold_takes_nothing_of_it(void)
{
	for (uint8_t a = 0; a < RELAY_DIRECTIONS; a++)
		for (uint8_t b = 0; b < RELAY_DIRECTIONS; b++) {
			begin();
			directions(a, b);
			now += 5 * SILENT_MS;
			bool talk = a == RELAY_BOTH && b == RELAY_BOTH;
			CHECK(patience_now(&row, true, now) == (talk ? PATIENCE_SILENT : PATIENCE_HOLDS));
			directions(RELAY_BOTH, RELAY_BOTH);
			if (talk) /* said once more, it is the same talk */
				CHECK(patience_now(&row, true, now) == PATIENCE_SILENT);
			else
				CHECK(patience_now(&row, true, now + SILENT_MS) == PATIENCE_HOLDS &&
				      patience_now(&row, true, now + SILENT_MS + 1) == PATIENCE_SILENT);
		}
}

int main(void)
{
	RUN(who_is_not_answered_is_waited_for);
	RUN(keys_have_ten_seconds);
	RUN(two_who_talk_and_are_silent_are_gone);
	RUN(a_hold_takes_nothing_of_it);
	return TEST_END;
}
