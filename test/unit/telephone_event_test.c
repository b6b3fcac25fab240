/* SPDX-License-Identifier: ISC */
/* RFC 4733: the packets of key presses in every order, with losses, repeats, overlaps and long holds: each press is one digit. */
#include "wire/telephone_event.h"
#include "test.h"

enum { PACKETS = 6 };

static struct event_reader reader;
static char got[64];
static size_t got_n;

static void hear(uint8_t event, uint32_t timestamp, uint16_t duration, bool end, bool marker)
{
	uint8_t digit[EVENT_PRESSES_MAX];
	const uint8_t p[] = {event, (uint8_t)((end ? 0x80 : 0) | 10), (uint8_t)(duration >> 8), (uint8_t)duration};
	size_t n = event_read(&reader, timestamp, marker, span_of(p, sizeof p), digit);

	for (size_t i = 0; i < n && got_n + 1 < sizeof got; i++)
		got[got_n++] = "0123456789*#"[digit[i]];
	got[got_n] = 0;
}

static void anew(void)
{
	reader = (struct event_reader){0};
	got_n = 0;
	got[0] = 0;
}

static void packet(uint8_t event, uint32_t timestamp, int i)
{
	/* three that go on, three times the end */
	hear(event, timestamp, (uint16_t)(i < 3 ? 160 * (i + 1) : 640), i >= 3, i == 0);
}

/* All orders of the packets of one press, and of each subset of them that is not empty. */
static void permute(int *order, int n, int at, uint32_t mask)
{
	if (test_failed_here)
		return;
	if (at == n) {
		anew();
		for (int i = 0; i < n; i++)
			if (mask >> order[i] & 1)
				packet(7, 1000, order[i]);
		CHECK(strcmp(got, mask ? "7" : "") == 0);
		return;
	}
	for (int i = at; i < n; i++) {
		int t = order[at];
		order[at] = order[i];
		order[i] = t;
		permute(order, n, at + 1, mask);
		order[i] = order[at];
		order[at] = t;
	}
}

static void one_press_is_one_digit_in_any_order(void)
{
	for (uint32_t mask = 0; mask < 1u << PACKETS; mask++) {
		int order[PACKETS] = {0, 1, 2, 3, 4, 5};
		permute(order, PACKETS, 0, mask);
	}
}

/* Two presses whose packets mix in every way that keeps each one's own order. */
static void two_presses_mix(void)
{
	for (uint32_t mask = 0; mask < 1u << (2 * PACKETS); mask++) {
		if (__builtin_popcount(mask) != PACKETS)
			continue;
		for (int same = 0; same < 2; same++) {
			int a = 0, b = 0;
			anew();
			packet(3, 5000, a++); /* the first press came first */
			for (int i = 0; i < 2 * PACKETS; i++)
				if (mask >> i & 1) {
					if (a < PACKETS)
						packet(3, 5000, a++);
				} else {
					packet(same ? 3 : 4, 6600, b++);
				}
			CHECK(strcmp(got, same ? "33" : "34") == 0);
		}
	}
}

static void the_end_may_be_lost_and_the_beginning_too(void)
{
	anew();
	hear(1, 0, 160, false, true);
	hear(2, 1600, 480, false, false);
	hear(3, 3200, 800, true, false);
	hear(3, 3200, 800, true, false);
	CHECK(strcmp(got, "123") == 0);
}

static void timestamps_run_over(void)
{
	anew();
	for (uint32_t i = 0; i < 8; i++)
		for (int k = 0; k < PACKETS; k++)
			packet((uint8_t)i, 0xfffff000u + 1600 * i, k);
	CHECK(strcmp(got, "01234567") == 0);
}

/* 2.5.1.3: a duration of 16 bits runs out after 8 s at 8 kHz, and after 1.4 s at 48 kHz */
static void a_long_hold_is_one_digit(void)
{
	anew();
	for (uint32_t segment = 0; segment < 4; segment++)
		for (uint32_t d = 960; d <= 0xffff; d += 960)
			hear(9, 0xffff0000u + segment * 0xffff, (uint16_t)d, false, segment == 0 && d == 960);
	hear(9, 0xffff0000u + 4 * 0xffffu, 500, true, false);
	CHECK(strcmp(got, "9") == 0);
	/* pressed again it is another one, and one that ended does not go on */
	hear(9, 0xffff0000u + 4 * 0xffffu + 500, 160, false, false);
	CHECK(strcmp(got, "99") == 0);
}

static void another_key_at_the_end_of_a_segment_is_another_digit(void)
{
	anew();
	hear(5, 1000, 800, false, true);
	hear(6, 1800, 160, false, false);
	CHECK(strcmp(got, "56") == 0);
	hear(6, 1960, 160, false, true); /* the marker begins a press */
	CHECK(strcmp(got, "566") == 0);
}

static void a_late_repeat_is_no_digit(void)
{
	anew();
	for (uint32_t i = 0; i < 10; i++)
		packet((uint8_t)i, 1600 * i, 0);
	packet(2, 1600 * 2, 5); /* long forgotten, but older than what came since */
	packet(9, 1600 * 9, 5);
	CHECK(strcmp(got, "0123456789") == 0);
	packet(8, 0x70000000, 0); /* a new stream begins anywhere */
	packet(7, 0x10000000, 0);
	CHECK(strcmp(got, "012345678987") == 0);
}

/* 2.5.1.5: several events in one packet */
static void several_events_in_one_packet(void)
{
	uint8_t digit[EVENT_PRESSES_MAX];
	const uint8_t two[] = {4, 0x8a, 3, 0x20, 5, 0x0a, 0, 160};

	anew();
	CHECK(event_read(&reader, 1000, true, span_of(two, 8), digit) == 2 && digit[0] == 4 && digit[1] == 5);
	CHECK(event_read(&reader, 1000, true, span_of(two, 8), digit) == 0);
}

static void what_is_no_digit_is_none(void)
{
	uint8_t digit[EVENT_PRESSES_MAX], p[64] = {0};

	for (int event = 12; event < 256; event++) {
		anew();
		hear((uint8_t)event, 1000, 160, false, true);
		CHECK(got_n == 0);
	}
	for (size_t n = 0; n < sizeof p; n++) {
		anew();
		bool ok = n == 4 || n == 8 || n == 12 || n == 16;
		CHECK(!event_read(&reader, 1000, true, span_of(p, n), digit) == !ok);
	}
}

static void keys_and_events_are_one_to_one(void)
{
	int keys = 0;

	for (unsigned c = 0; c < 512; c++) {
		int event = event_of_key(c);
		keys += event >= 0;
		CHECK(event < 0 || (event <= EVENT_DIGIT_MAX && (unsigned char)event_key[event] == c));
	}
	CHECK(keys == EVENT_DIGIT_MAX + 1 && event_of_key('0') == 0 && event_of_key('*') == 10 && event_of_key('#') == 11);
}

int main(void)
{
	RUN(one_press_is_one_digit_in_any_order);
	RUN(two_presses_mix);
	RUN(the_end_may_be_lost_and_the_beginning_too);
	RUN(timestamps_run_over);
	RUN(a_long_hold_is_one_digit);
	RUN(another_key_at_the_end_of_a_segment_is_another_digit);
	RUN(a_late_repeat_is_no_digit);
	RUN(several_events_in_one_packet);
	RUN(what_is_no_digit_is_none);
	RUN(keys_and_events_are_one_to_one);
	return TEST_END;
}
