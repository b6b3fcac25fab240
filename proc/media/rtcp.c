/* SPDX-License-Identifier: ISC */
#include "rtcp.h"
#include "splice.h"
#include "wire/rtp.h"

enum { SENDER_REPORT = 200, RECEIVER_REPORT = 201, DESCRIPTION = 202, CNAME = 1, LOST_MAX = 0x7fffff };

/* RFC 3550 A.8, with the arrival in the packet's own clock */
static void count_jitter(struct reception *r, uint32_t timestamp, uint32_t rate, uint64_t now_ms)
{
	uint32_t transit = (uint32_t)(now_ms * rate / 1000) - timestamp;
	int32_t d = (int32_t)(transit - r->transit);

	if (r->received > 1)
		r->jitter += (uint32_t)(d < 0 ? -(int64_t)d : d) - ((r->jitter + 8) >> 4);
	r->transit = transit;
}

void reception_take(
    struct reception *r, uint32_t ssrc, uint64_t index, uint32_t timestamp, uint32_t rate, uint64_t now_ms)
{
	if (!r->any || r->ssrc != ssrc || index > r->highest + SPLICE_DROPOUT)
		*r = (struct reception){.ssrc = ssrc, .any = true, .first = index, .highest = index};
	if (index < r->first)
		r->first = index;
	if (index > r->highest)
		r->highest = index;
	r->received++;
	if (rate)
		count_jitter(r, timestamp, rate, now_ms);
}

static bool read_sender(const struct rtcp *p, struct reception *r, uint64_t now_ms)
{
	struct cursor c = cursor_of(p->body);
	uint32_t ssrc, seconds, fraction;

	if (!cursor_u32(&c, &ssrc) || !cursor_u32(&c, &seconds) || !cursor_u32(&c, &fraction))
		return false;
	if (!r->any || ssrc != r->ssrc)
		return true;
	r->report = seconds << 16 | fraction >> 16;
	r->report_ms = now_ms;
	return true;
}

bool reception_report(struct reception *r, struct span compound, uint64_t now_ms)
{
	struct cursor c = cursor_of(compound);
	struct rtcp p;

	while (rtcp_next(&c, &p))
		if (p.pt == SENDER_REPORT && !read_sender(&p, r, now_ms))
			return false;
	return cursor_left(&c) == 0 && compound.n > 0;
}

/* RFC 3550 A.3 */
static uint8_t lost_fraction(struct reception *r, uint64_t expected)
{
	uint64_t of = expected - r->expected_before, came = r->received - r->received_before;

	r->expected_before = expected;
	r->received_before = r->received;
	if (came >= of)
		return 0;
	uint64_t fraction = ((of - came) << 8) / of;
	return (uint8_t)(fraction > 255 ? 255 : fraction);
}

static void put_block(struct buf *b, struct reception *r, uint64_t now_ms)
{
	uint64_t expected = r->highest - r->first + 1, lost = expected > r->received ? expected - r->received : 0;
	uint64_t since_ms = r->report_ms ? now_ms - r->report_ms : 0;

	buf_u32(b, r->ssrc);
	buf_u32(b, (uint32_t)lost_fraction(r, expected) << 24 | (uint32_t)(lost > LOST_MAX ? LOST_MAX : lost));
	buf_u32(b, (uint32_t)r->highest);
	buf_u32(b, r->jitter >> 4);
	buf_u32(b, r->report_ms ? r->report : 0);
	buf_u32(b, (uint32_t)(since_ms * 65536 / 1000));
}

static void put_head(struct buf *b, unsigned count, uint8_t type, unsigned octets)
{
	buf_u8(b, (uint8_t)(0x80 | count));
	buf_u8(b, type);
	buf_u16(b, (uint16_t)(octets / 4 - 1));
}

static void put_cname(struct buf *b, const struct sender *s)
{
	put_head(b, 1, DESCRIPTION, 8 + 2 + RTCP_CNAME + 2); /* the item, its end and padding fill whole words */
	buf_u32(b, s->ssrc);
	buf_u8(b, CNAME);
	buf_u8(b, RTCP_CNAME);
	buf_put(b, s->cname, RTCP_CNAME);
	buf_u16(b, 0);
}

void rtcp_write(struct buf *b, const struct sender *s, struct reception *r, uint64_t now_ms)
{
	unsigned blocks = r->any ? 24 : 0;

	put_head(b, r->any, s->packets ? SENDER_REPORT : RECEIVER_REPORT, (s->packets ? 28 : 8) + blocks);
	buf_u32(b, s->ssrc);
	if (s->packets) {
		buf_u32(b, (uint32_t)(s->clock_ms / 1000));
		buf_u32(b, (uint32_t)((s->clock_ms % 1000 << 32) / 1000));
		buf_u32(b, s->timestamp);
		buf_u32(b, s->packets);
		buf_u32(b, s->octets);
	}
	if (r->any)
		put_block(b, r, now_ms);
	put_cname(b, s);
}
