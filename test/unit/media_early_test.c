/* SPDX-License-Identifier: ISC */
/* What comes to media's ports before it is said from whom it may: the last few packets of each port, and not for long (R27, R28). */
#include "early.h"
#include "test.h"

static uint64_t now = 1000;
static struct port port[EARLY_PORTS + 1];
static struct addr from = {.family = 4, .port = 7};

uint64_t child_now(void)
{
	return now;
}

static void comes(struct port *p, uint8_t what, size_t n)
{
	uint8_t octets[EARLY_OCTETS + 1] = {what};

	from.port++;
	early_put(p, &from, span_of(octets, n));
}

/* The next packet's first octet; -1: none. */
static int next(struct port *p, size_t n)
{
	struct addr a;
	struct span s;

	if (!early_take(p, &a, &s))
		return -1;
	return s.n == n && a.family == 4 ? s.p[0] : -2;
}

static void the_last_of_a_port_come_in_order(void)
{
	CHECK(next(&port[0], 1) == -1);
	for (uint8_t i = 0; i < EARLY_EACH + 3; i++)
		comes(&port[0], i, 20);
	comes(&port[1], 99, EARLY_OCTETS);
	comes(&port[1], 98, EARLY_OCTETS + 1);
	for (int i = 3; i < EARLY_EACH + 3; i++)
		CHECK(next(&port[0], 20) == i);
	CHECK(next(&port[0], 20) == -1 && port[0].early == 0);
	CHECK(next(&port[1], EARLY_OCTETS) == 99 && next(&port[1], 0) == -1 && port[1].early == 0);
}

static void what_is_old_is_not_heard(void)
{
	comes(&port[0], 1, 20);
	now += EARLY_MS;
	comes(&port[0], 2, 20);
	now++;
	CHECK(next(&port[0], 20) == 2 && next(&port[0], 20) == -1);
	comes(&port[0], 3, 20);
	early_forget(&port[0]);
	comes(&port[0], 4, 20);
	CHECK(next(&port[0], 20) == 4 && next(&port[0], 20) == -1);
}

static void places_are_bounded_and_go_round(void)
{
	for (int i = 0; i <= EARLY_PORTS; i++)
		comes(&port[i], 5, 20);
	CHECK(port[EARLY_PORTS].early == 0 && next(&port[EARLY_PORTS], 20) == -1);
	now += EARLY_MS / 2;
	for (int i = 1; i < EARLY_PORTS; i++)
		comes(&port[i], 6, 20);
	now += EARLY_MS / 2 + 1;
	comes(&port[EARLY_PORTS], 7, 20); /* in the place of the one that has nothing to say any more */
	CHECK(port[EARLY_PORTS].early && port[0].early == 0);
	CHECK(next(&port[EARLY_PORTS], 20) == 7 && next(&port[0], 20) == -1 && next(&port[1], 20) == 6);
}

int main(void)
{
	early_open();
	RUN(the_last_of_a_port_come_in_order);
	RUN(what_is_old_is_not_heard);
	RUN(places_are_bounded_and_go_round);
	return TEST_END;
}
