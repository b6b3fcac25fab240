/* SPDX-License-Identifier: ISC */
/* The wheel fires each timer once, never early, and says when it wants to be turned. */
#include "base/wheel.h"
#include "test.h"

static struct wheel wheel;
static uint64_t fired_ms[3];
static struct timer timer[3];

static void on_fire(struct timer *t, uint64_t now_ms)
{
	fired_ms[t - timer] = now_ms;
}

static void start(uint64_t now_ms)
{
	wheel_init(&wheel, now_ms);
	memset(fired_ms, 0, sizeof fired_ms);
	memset(timer, 0, sizeof timer);
	for (int i = 0; i < 3; i++)
		timer[i].fire = on_fire;
}

/* Turn only when the wheel asks for it; how often it did. */
static int turn_until(uint64_t end_ms)
{
	int turns = 0;

	for (uint64_t at = wheel_next_ms(&wheel); at <= end_ms; at = wheel_next_ms(&wheel), turns++)
		wheel_turn(&wheel, at);
	return turns;
}

static void nothing_set_is_never(void)
{
	start(5000);
	CHECK(wheel_next_ms(&wheel) == UINT64_MAX);
	timer_set(&wheel, &timer[0], 6000);
	timer_cancel(&wheel, &timer[0]);
	CHECK(wheel_next_ms(&wheel) == UINT64_MAX);
}

static void fires_in_time_without_ticking(void)
{
	start(5000);
	timer_set(&wheel, &timer[0], 5013);
	timer_set(&wheel, &timer[1], 5500);
	CHECK(wheel_next_ms(&wheel) == 5020);
	CHECK(turn_until(10000) == 2);
	CHECK(fired_ms[0] == 5020 && fired_ms[1] == 5500);
}

static void cancelled_ones_are_passed_over(void)
{
	start(5000);
	timer_set(&wheel, &timer[0], 5100);
	timer_set(&wheel, &timer[1], 5200);
	timer_cancel(&wheel, &timer[0]);
	CHECK(wheel_next_ms(&wheel) == 5200);
	turn_until(10000);
	CHECK(fired_ms[0] == 0 && fired_ms[1] == 5200);
}

static void more_than_a_round_ahead(void)
{
	uint64_t round = (uint64_t)WHEEL_SLOTS * WHEEL_TICK_MS;

	start(0);
	timer_set(&wheel, &timer[0], 3 * round + 70);
	timer_set(&wheel, &timer[1], 30);
	CHECK(turn_until(4 * round) <= 5);
	CHECK(fired_ms[0] == 3 * round + 70 && fired_ms[1] == 30);
}

/* A process that had no timer for a while turned nothing; what it sets then is still found. */
static void after_a_pause_without_timers(void)
{
	uint64_t later = 1000000;

	start(0);
	timer_set(&wheel, &timer[0], later + 500);
	timer_set(&wheel, &timer[1], later + 10);
	CHECK(wheel_next_ms(&wheel) <= later + 10);
	wheel_turn(&wheel, later);
	CHECK(wheel_next_ms(&wheel) == later + 10);
	turn_until(later + 1000);
	CHECK(fired_ms[0] == later + 500 && fired_ms[1] == later + 10);
}

int main(void)
{
	RUN(nothing_set_is_never);
	RUN(fires_in_time_without_ticking);
	RUN(cancelled_ones_are_passed_over);
	RUN(more_than_a_round_ahead);
	RUN(after_a_pause_without_timers);
	return TEST_END;
}
