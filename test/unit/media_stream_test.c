/* SPDX-License-Identifier: ISC */
/* The numbers of a stream that has many sources, and what RTCP says of one (R7, R29): splice.c and rtcp.c alone. */
#include "rtcp.h"
#include "splice.h"
#include "test.h"
#include "wire/rtp.h"

static struct splice s;
static uint64_t now = 5000000;

static struct splice_packet from(uint8_t who, uint32_t ssrc, uint64_t index, uint32_t timestamp)
{
	return (struct splice_packet){.who = who, .ssrc = ssrc, .index = index, .timestamp = timestamp, .rate = 8000};
}

static void one_source_keeps_its_gaps(void)
{
	splice_begin(&s, 42, 0xffff, 1000);
	CHECK(s.next == 0x7fff); /* the first half of a round */
	struct splice_packet p = from(SPLICE_OTHER, 7, 500, 90000);
	CHECK(splice_take(&s, &p, now) && p.index == 0x7fff && p.ssrc == 42 && p.timestamp == 1000 && p.marker);
	p = from(SPLICE_OTHER, 7, 503, 90480);
	CHECK(splice_take(&s, &p, now + 60) && p.index == 0x8002 && p.timestamp == 1480 && !p.marker);
	p = from(SPLICE_OTHER, 7, 502, 90320); /* late */
	CHECK(splice_take(&s, &p, now + 61) && p.index == 0x8001 && p.timestamp == 1320);
	CHECK(s.next == 0x8003 && s.timestamp == 1480);
	p = from(SPLICE_OTHER, 7, 499, 89840); /* before the first that we took: no number is left for it */
	CHECK(!splice_take(&s, &p, now + 62) && s.next == 0x8003);
	p = from(SPLICE_OTHER, 7, 504, 90640);
	CHECK(splice_take(&s, &p, now + 80) && p.index == 0x8003 && p.timestamp == 1640);
}

static void sources_follow_each_other_without_a_break(void)
{
	static const struct {
		uint8_t who;
		uint32_t ssrc;
		uint64_t index;
		uint32_t timestamp, after_ms;
	} row[] = {{SPLICE_VOICE, 0, 0, 0, 20}, {SPLICE_OTHER, 9, 70000, 4000000000, 500}, {SPLICE_OTHER, 10, 3, 5, 40},
	    {SPLICE_VOICE, 0, 1, 160, 20}, {SPLICE_OTHER, 10, 4, 165, 1}, {SPLICE_OTHER, 10, 4 + SPLICE_DROPOUT + 1, 99999, 20},
	    {SPLICE_OTHER, 10, 4, 165, 20}};

	splice_begin(&s, 1, 100, 0);
	struct splice_packet p = from(SPLICE_OTHER, 8, 1, 1);
	CHECK(splice_take(&s, &p, now));
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		uint64_t next = s.next;
		uint32_t timestamp = s.timestamp;
		now += row[i].after_ms;
		p = from(row[i].who, row[i].ssrc, row[i].index, row[i].timestamp);
		CHECK(splice_take(&s, &p, now) && p.marker && p.index == next);
		CHECK(p.timestamp == timestamp + row[i].after_ms * 8);
	}
	/* two in the same moment never have one timestamp */
	uint32_t timestamp = s.timestamp;
	p = from(SPLICE_VOICE, 0, 7, 7);
	CHECK(splice_take(&s, &p, now) && p.timestamp == timestamp + 1);
	splice_cut(&s);
	uint64_t next = s.next;
	p = from(SPLICE_VOICE, 0, 8, 167);
	CHECK(splice_take(&s, &p, now + 20) && p.index == next && p.marker);
}

static void events_run_on_the_clock_of_the_audio(void)
{
	splice_begin(&s, 1, 0, 0);
	struct splice_packet p = from(SPLICE_OTHER, 8, 1, 0);
	p.rate = 48000;
	CHECK(splice_take(&s, &p, now));
	p = from(SPLICE_OTHER, 8, 2, 960);
	p.rate = 0;
	CHECK(splice_take(&s, &p, now + 20) && s.rate == 48000);
	CHECK(splice_now(&s, now + 1020) == 960 + 48000);
}

/* --- RTCP --- */

static void losses_are_counted_as_the_rfc_does(void)
{
	struct reception r = {0};
	uint8_t room[RTCP_MAX];
	uint32_t v[8];

	for (uint64_t i = 100; i < 300; i++)
		if (i % 4)
			reception_take(&r, 5, 65500 + i, (uint32_t)(160 * i), 8000, now + 20 * i);
	struct buf b = buf_of(room, sizeof room);
	struct sender us = {.ssrc = 9, .cname = "0123456789abcdef"};
	rtcp_write(&b, &us, &r, now);
	CHECK(!b.full && b.n == 8 + 24 + 28 && rtcp_is_clear(buf_span(&b)));
	struct cursor c = cursor_of(span_skip(buf_span(&b), 4));
	for (int i = 0; i < 7; i++)
		CHECK(cursor_u32(&c, &v[i]));
	/* of 199 numbers from the first that came, 49 were lost: a quarter of 256 */
	CHECK(v[0] == 9 && v[1] == 5 && (v[2] & 0xffffff) == 49 && v[2] >> 24 == 63);
	CHECK(v[3] == 65500 + 299 && v[4] == 0 && v[5] == 0 && v[6] == 0); /* round 1; no jitter; no report of theirs */
	/* the next interval without a loss */
	for (uint64_t i = 300; i < 400; i++)
		reception_take(&r, 5, 65500 + i, (uint32_t)(160 * i), 8000, now + 20 * i + (i & 1 ? 10 : 0));
	b = buf_of(room, sizeof room);
	rtcp_write(&b, &us, &r, now);
	CHECK(room[12] == 0 && room[15] == 49);
	CHECK(r.jitter >> 4 > 60 && r.jitter >> 4 <= 80); /* 10 ms are 80 ticks */
	/* another source begins anew */
	reception_take(&r, 6, 3, 0, 8000, now);
	CHECK(r.ssrc == 6 && r.received == 1 && r.first == 3);
	/* and so does a leap: nobody lost the round that it skips */
	reception_take(&r, 6, 3 + 0x10000, 0, 8000, now);
	CHECK(r.received == 1 && r.first == 3 + 0x10000);
}

static void their_report_is_answered_with_its_time(void)
{
	static const uint8_t report[] = "\x80\xc8\x00\x06\x00\x00\x00\x05\x11\x22\x33\x44\x55\x66\x77\x88\0\0\0\0\0\0\0\0\0\0\0\0"
	                                "\x81\xcb\x00\x01\x00\x00\x00\x05";
	struct reception r = {0};
	uint8_t room[RTCP_MAX];
	struct sender us = {.ssrc = 9, .packets = 3, .octets = 480, .timestamp = 77, .clock_ms = 1500, .cname = "0123456789abcdef"};
	struct buf b = buf_of(room, sizeof room);

	CHECK(reception_report(&r, span_of(report, 36), now) && !r.report_ms); /* of a source that sent nothing; and a BYE */
	reception_take(&r, 5, 1, 0, 8000, now);
	CHECK(reception_report(&r, span_of(report, 36), now) && r.report == 0x33445566);
	rtcp_write(&b, &us, &r, now + 500);
	CHECK(!b.full && room[1] == 200 && b.n == 28 + 24 + 28);
	CHECK(memcmp(room + 8, "\x00\x00\x00\x01\x80\x00\x00\x00\x00\x00\x00\x4d\x00\x00\x00\x03\x00\x00\x01\xe0", 20) == 0);
	CHECK(memcmp(room + 28 + 16, "\x33\x44\x55\x66\x00\x00\x80\x00", 8) == 0); /* half a second since */
	CHECK(memcmp(room + 52 + 8, "\x01\x10" "0123456789abcdef\0\0", 20) == 0);
	for (size_t n = 0; n < 36; n++) /* cut short */
		CHECK(reception_report(&r, span_of(report, n), now) == (n == 28));
	CHECK(!reception_report(&r, span_of("\x80\xc8\x00\x01\x00\x00\x00\x05", 8), now)); /* a sender report without its body */
}

int main(void)
{
	RUN(one_source_keeps_its_gaps);
	RUN(sources_follow_each_other_without_a_break);
	RUN(events_run_on_the_clock_of_the_audio);
	RUN(losses_are_counted_as_the_rfc_does);
	RUN(their_report_is_answered_with_its_time);
	return TEST_END;
}
