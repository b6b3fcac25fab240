/* SPDX-License-Identifier: ISC */
/* What is counted of a side's RTP (R29; RFC 3550 A.1, A.3, A.8): bpf/stream.h alone. That the programs count the same is kernel_test's. */
#include "stream.h"
#include "test.h"

enum { SSRC = 7 };


static void feed(struct flow_stream *s, const char *numbers)
{
	unsigned number, ssrc = SSRC;
	int n;

	for (; sscanf(numbers, " @%u%n", &ssrc, &n) == 1 || sscanf(numbers, " %u%n", &number, &n) == 1; numbers += n)
		if (numbers[strspn(numbers, " ")] != '@')
			(void)stream_take(s, ssrc, (uint16_t)number);
}

/* numbers in the order of their arrival; @ begins those of another source */
static const struct {
	const char *what, *numbers;
	uint32_t expected, lost;
} table[] = {
    {"none", "", 0, 0},
    {"one", "9", 1, 0},
    {"in order", "9 10 11 12", 4, 0},
    {"over the wrap", "65533 65534 65535 0 1", 5, 0},
    {"loss", "1 2 5 6", 6, 2},
    {"loss over the wrap", "65534 2", 5, 3},
    {"disorder", "1 3 2 4", 4, 0},
    {"disorder over the wrap", "65535 1 0 2", 4, 0},
    {"one is late, one is lost", "1 4 2 5", 5, 1},
    {"twice", "1 2 2 3 3 1", 3, 0},
    {"a second copy makes up for no loss", "1 3 3 3 1", 3, 1},
    {"late, and again", "1 5 3 3 3", 5, 2},
    {"what is before the first is not missed, and no gain", "100 99 98 101 103", 4, 1},
    {"just within the window", "1 64 2", 64, 61},
    {"too late: it stays lost", "1 65 1 2", 65, 62},
    {"a gap wider than the window", "1 200 199 3", 200, 197},
    {"another source", "1 2 4 @8 500 501 503", 8, 2},
    {"two by turns", "1 2 @8 70 @7 3 @8 71", 5, 0},
    {"a leap that is one packet", "10 11 4000 12 13", 4, 0},
    {"a leap that stays", "10 11 4000 4001 4002", 4, 0},
    {"a leap back", "5000 5001 1000 1001 1003", 5, 1},
    {"a leap, late ones and another", "10 4000 11 9000 12 9001 9002", 5, 0},
    {"the widest gap that is a loss", "1 3000", 3000, 2998},
};

static void numbers_are_counted(void)
{
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct flow_stream s = {0};
		feed(&s, table[i].numbers);
		if (s.expected != table[i].expected || s.lost != table[i].lost)
			fprintf(stderr, "%s: %u expected, %u lost\n", table[i].what, s.expected, s.lost);
		CHECK(s.expected == table[i].expected && s.lost == table[i].lost);
	}
}

/* Every third is lost, every fourth comes twice, each pair in the wrong order, for three rounds of numbers. */
static void a_long_stream_adds_up(void)
{
	struct flow_stream s = {0};
	uint32_t came = 0;
	const uint32_t n = 3 * 65536;

	(void)stream_take(&s, SSRC, 0);
	for (uint32_t i = 1; i < n; i++) {
		uint32_t number = ((i - 1) ^ 1) + 1;
		if (number % 3 == 0)
			continue;
		came++;
		(void)stream_take(&s, SSRC, (uint16_t)number);
		if (i % 4 == 0)
			(void)stream_take(&s, SSRC, (uint16_t)number);
	}
	CHECK(s.expected - s.lost == came + 1);
	CHECK(s.expected >= n - 2 && s.expected <= n + 1);
}

/* Media writes this when another engine has the packets meanwhile. */
static void a_cut_begins_anew_and_keeps_what_was(void)
{
	struct flow_stream s = {0};

	feed(&s, "1 2 4");
	s.seen = 0;
	feed(&s, "900 901 903");
	CHECK(s.expected == 8 && s.lost == 2);
}

static void what_another_cpu_wrote_over_does_not_wrap(void)
{
	struct flow_stream s = {0};

	feed(&s, "1 3");
	s.lost = 0;
	feed(&s, "2");
	CHECK(s.lost == 0);
}

/* --- jitter --- */

static void arrive(struct flow_stream *s, uint16_t number, uint32_t timestamp, uint32_t tick_ns, uint64_t now_ns)
{
	enum stream_look look = stream_take(s, SSRC, number);

	if (look != STREAM_NOT)
		stream_arrived(s, look, timestamp, tick_ns, now_ns);
}

static bool near(uint32_t ns, double ms)
{
	return ns > (ms - 0.01) * 1e6 && ns < (ms + 0.01) * 1e6;
}

/* n packets from number 0: 20 ms apart by their timestamps, every second one late by that much. */
static struct flow_stream uneven(unsigned n, uint32_t clock, uint8_t frame, double late_ms)
{
	struct flow_stream s = {0};

	for (unsigned i = 0; i < n; i++)
		arrive(&s, (uint16_t)i, 4294967000u + i * (clock / 50), stream_tick_ns(frame),
		    4000000000u + i * 20000000ull + (uint64_t)(i % 2 ? late_ms * 1e6 : 0));
	return s;
}

static void jitter_is_that_of_the_rfc(void)
{
	CHECK(uneven(1, 8000, FLOW_FRAME_PCM, 3).jitter_ns == 0);
	CHECK(near(uneven(2, 8000, FLOW_FRAME_PCM, 3).jitter_ns, 3));
	CHECK(near(uneven(5000, 8000, FLOW_FRAME_PCM, 3).jitter_ns, 3));
	CHECK(near(uneven(5000, 48000, FLOW_FRAME_OPUS, 7.5).jitter_ns, 7.5));
	CHECK(uneven(5000, 8000, FLOW_FRAME_PCM, 0).jitter_ns == 1); /* measured, and none */
	/* a step of another size is taken up by a sixteenth */
	struct flow_stream s = uneven(16, 8000, FLOW_FRAME_PCM, 1);
	arrive(&s, 16, 1600, 125000, 1000000000);
	arrive(&s, 17, 1760, 125000, 1000000000 + 20000000 + 17000000);
	CHECK(near(s.jitter_ns, 2));
	arrive(&s, 32, 1600, 125000, 2000000000);
	arrive(&s, 33, 1760, 125000, 2000000000 + 20000000 + 2000000);
	CHECK(near(s.jitter_ns, 2));
	arrive(&s, 48, 1600, 125000, 2000000000);
	arrive(&s, 49, 1760, 125000, 2000000000 + 20000000); /* as much earlier as later */
	CHECK(near(s.jitter_ns, 2 - 2.0 / 16));
}

static void without_a_clock_or_a_pair_there_is_no_jitter(void)
{
	struct flow_stream s = {0};

	CHECK(stream_tick_ns(FLOW_FRAME_EVENT) == 0 && stream_tick_ns(FLOW_FRAME_NONE) == 0);
	CHECK(uneven(5000, 8000, FLOW_FRAME_EVENT, 3).jitter_ns == 0);
	for (uint16_t i = 0; i < 1000; i++)
		if (i % STREAM_EVERY != 1) /* the second of each pair is lost */
			arrive(&s, i, i * 160u, 125000, i * 25000000ull);
	CHECK(s.jitter_ns == 0);
	s = (struct flow_stream){0};
	arrive(&s, 16, 0, 0, 1000); /* an event, then audio */
	arrive(&s, 17, 160, 125000, 9000000);
	CHECK(s.jitter_ns == 0);
	arrive(&s, 32, 0, 125000, 1000);
	arrive(&s, 33, 160, 125000, 1000 + 20000000 + 1500000000); /* a hold */
	CHECK(s.jitter_ns == 0);
	arrive(&s, 48, 0, 125000, 1000);
	(void)stream_take(&s, SSRC + 1, 100); /* another source between the two */
	arrive(&s, 49, 160, 125000, 9000000);
	CHECK(s.jitter_ns == 0);
}

int main(void)
{
	RUN(numbers_are_counted);
	RUN(a_long_stream_adds_up);
	RUN(a_cut_begins_anew_and_keeps_what_was);
	RUN(what_another_cpu_wrote_over_does_not_wrap);
	RUN(jitter_is_that_of_the_rfc);
	RUN(without_a_clock_or_a_pair_there_is_no_jitter);
	return TEST_END;
}
