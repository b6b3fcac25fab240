/* SPDX-License-Identifier: ISC */
/* Many packets are taken together, a few at once, and a flood at one socket holds nobody up (R7, R27).
 * media_gather_test EXECUTABLE */
#include "media/gather.h"
#include "media_house.h"
#include "test.h"
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum { ROW = 2, PORTS = 4, FEW = 50, APART_US = 2500, MANY = 60, TRIES = 40 };
enum { CALLS = 3, FLOOD = 160, FLOOD_TURNS = FLOOD / 16 /* at the least */ };

static struct phone a, b, c;

static void call(uint64_t join, uint16_t row)
{
	phone_begin(&a, SDP_AEAD_AES_128_GCM);
	phone_begin(&b, SDP_AEAD_AES_128_GCM);
	a.port = (uint16_t)(HOUSE_LO + PORTS * row);
	b.port = (uint16_t)(a.port + 2);
	house_wish(row, &a, &b);
	house_send_wish(join);
}

static void a_few_are_relayed_at_once(void)
{
	call(1, ROW);
	CHECK(house_gate(1) && house_talks(&a, &b));
	usleep(APART_US);
	uint64_t before = house_counter("turns-gathered");
	for (uint8_t i = 0; i < FEW; i++) {
		usleep(APART_US);
		phone_say(&a, 0, i, 160);
		CHECK(phone_hears_within(&b, HOUSE_ARRIVAL_MS) && b.payload[0] == i);
	}
	CHECK(house_counter("turns-gathered") == before);
}

static bool hears_all_in_order(uint8_t n)
{
	for (uint8_t i = 0; i < n; i++)
		if (!phone_hears_within(&b, HOUSE_ARRIVAL_MS) || b.payload[0] != i)
			return false;
	return true;
}

/* Whether they last a millisecond is the machine's affair. */
static void many_are_taken_together(void)
{
	uint64_t before = house_counter("turns-gathered"), now = before;

	for (int i = 0; i < TRIES && now == before; i++) {
		CHECK(kill(house.s.pid, SIGSTOP) == 0);
		for (uint8_t n = 0; n < MANY; n++)
			phone_say(&a, 0, n, 160);
		CHECK(kill(house.s.pid, SIGCONT) == 0);
		for (uint8_t n = MANY; n < 2 * MANY; n++)
			phone_say(&a, 0, n, 160);
		CHECK(hears_all_in_order(2 * MANY));
		now = house_counter("turns-gathered");
		usleep(500000); /* the bucket fills */
	}
	CHECK(now > before);
	CHECK(house_talks(&a, &b));
}

/* What strangers send faster than a socket's turns come leaves no room in its buffer for the phone, unless they come without delay. To
 * last for milliseconds it waits at all ports of some calls. */
static void nothing_waits_behind_a_flood(void)
{
	uint64_t dropped = house_counter("dropped-stranger"), before;

	for (uint16_t row = 1; row < CALLS; row++)
		call(row + 1, ROW + row);
	CHECK(house_gate(CALLS));
	call(1, ROW);
	CHECK(house_gate(1) && house_talks(&a, &b));
	before = house_counter("turns-gathered");
	phone_begin(&c, SDP_AEAD_AES_128_GCM);
	CHECK(kill(house.s.pid, SIGSTOP) == 0);
	for (unsigned i = 0; i < FLOOD * PORTS * CALLS; i++) {
		c.port = (uint16_t)(HOUSE_LO + PORTS * ROW + i % (PORTS * CALLS));
		phone_say(&c, 0, 1, 160);
	}
	CHECK(kill(house.s.pid, SIGCONT) == 0);
	CHECK(house_counts("dropped-stranger", dropped + FLOOD * PORTS * CALLS));
	CHECK(house_counter("turns-gathered") <= before + FLOOD_TURNS / 3);
	CHECK(house_talks(&a, &b));
}

int main(int argc, char **argv)
{
	if (argc < 2 || !house_open(argv[1])) {
		fprintf(stderr, "media does not start: %s\n", house.s.reason);
		return 1;
	}
	phone_open(&a, "127.0.0.2");
	phone_open(&b, "127.0.0.2");
	phone_open(&c, "127.0.0.3");
	RUN(a_few_are_relayed_at_once);
	RUN(many_are_taken_together);
	RUN(nothing_waits_behind_a_flood);
	house_end();
	return TEST_END;
}
