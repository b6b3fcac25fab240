/* SPDX-License-Identifier: ISC */
/* T49: what a capture costs grows with its octets, however it is cut into segments. Both runs of a pair have the same number of
 * segments or the same number of octets; were either looked at again from the beginning, the second would take many times the first. */
#include "audit/audit.h"
#include "test.h"
#include <stdlib.h>
#include <time.h>

enum { MANY = 100, TRIES = 3, SHORT = 1024, LONG = TCP_BUFFER - 64, PIECES = 12000, TIMES_MAX = 6, LEAST_NS = 1000000 };

static struct audit audit;
static uint8_t text[LONG];
static uint32_t seq;

static void put_u16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* One segment between two hosts, as a frame without a link. */
static void segment(const void *payload, size_t n)
{
	static uint8_t d[40 + LONG];
	struct frame f = {.link = 101, .wire_len = (uint32_t)(40 + n), .data = span_of(d, 40 + n)};

	memcpy(d, "\x45\0\0\0\0\0\0\0\x40\x06\0\0\x0a\0\0\x01\x0a\0\0\x02\x13\xc4\x13\xc4\0\0\0\0\0\0\0\0\x50\x10", 34);
	put_u16(d + 2, 40 + n);
	put_u16(d + 24, seq >> 16);
	put_u16(d + 26, seq & 0xffff);
	memcpy(d + 40, payload, n);
	seq += (uint32_t)n;
	audit_frame(&audit, &f);
}

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void begin(void)
{
	static const char first[] = "OPTIONS sip:a@b SIP/2.0\r\nCall-ID: 1\r\nl: 0\r\n\r\n";

	if (!audit_init(&audit))
		abort();
	seq = 1;
	segment(first, sizeof first - 1);
}

/* MANY times LONG octets of lines that are no message, each segment of so many. */
static uint64_t lines_in_segments_of(size_t n)
{
	begin();
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = i % 2 ? '\n' : 'x';
	uint64_t from = cpu_ns();
	for (size_t i = 0; i < MANY * (LONG / n); i++)
		segment(text, n);
	uint64_t ns = cpu_ns() - from;
	audit_fini(&audit);
	return ns < LEAST_NS ? LEAST_NS : ns;
}

static void small_messages_in_a_large_segment(void)
{
	uint64_t each = UINT64_MAX, all = UINT64_MAX;

	for (int i = 0; i < TRIES; i++) {
		uint64_t ns = lines_in_segments_of(SHORT);
		each = ns < each ? ns : each;
		ns = lines_in_segments_of(LONG);
		all = ns < all ? ns : all;
	}
	CHECK(2 * all < 5 * each); /* four times, were the rest moved up for each */
}

/* The same number of segments, of which so many make up a message that does not end; then one that is whole. */
static uint64_t pieces(const char *start, const char *piece, size_t restart)
{
	const char whole[] = "\r\nOPTIONS sip:a@b SIP/2.0\r\nCall-ID: 2\r\nl: 0\r\n\r\n";
	uint64_t from, sip;

	begin();
	from = cpu_ns();
	for (size_t i = 0; i < PIECES; i++) {
		if (i % restart == 0) {
			seq += 100000; /* lost, and the next begins anew */
			segment(start, strlen(start));
		}
		segment(piece, piece[0] == '\x89' ? 2 : strlen(piece));
	}
	uint64_t ns = cpu_ns() - from;
	sip = audit.count.sip;
	seq += 100000;
	segment(whole + 2, sizeof whole - 3);
	bool goes_on = audit.count.sip == sip + 1;
	audit_fini(&audit);
	return !goes_on ? UINT64_MAX : ns < LEAST_NS ? LEAST_NS : ns;
}

static void a_head_of_many_small_segments(void)
{
	const char start[] = "OPTIONS sip:a@b SIP/2.0\r\n";
	uint64_t few = pieces(start, "a\n", 50), many = pieces(start, "a\n", PIECES);

	CHECK(few != UINT64_MAX && many < TIMES_MAX * few);
}

static void a_web_message_of_many_small_frames(void)
{
	const char start[] = "\x01\x19OPTIONS sip:a@b SIP/2.0\r\n";
	uint64_t few = pieces(start, "\x89\0", 50), many = pieces(start, "\x89\0", PIECES);

	CHECK(few != UINT64_MAX && many < TIMES_MAX * few);
}

int main(void)
{
	RUN(small_messages_in_a_large_segment);
	RUN(a_head_of_many_small_segments);
	RUN(a_web_message_of_many_small_frames);
	return TEST_END;
}
