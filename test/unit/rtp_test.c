/* SPDX-License-Identifier: ISC */
/* R7, T24 - T26, T30: telling packets apart, and clear ones from encrypted ones by their shape. */
#include "test.h"
#include "wire/rtp.h"
#include "wire/sdp.h"

static void first_octets(void)
{
	uint8_t d[64] = {0};

	for (unsigned first = 0; first < 256; first++) {
		enum wire_kind expected = first < 4	? WIRE_STUN
					  : first < 16	? WIRE_OTHER
					  : first < 20	? WIRE_ZRTP
					  : first < 64	? WIRE_DTLS
					  : first < 128 ? WIRE_OTHER
					  : first < 192 ? WIRE_RTP
							: WIRE_OTHER;
		d[0] = (uint8_t)first;
		CHECK(wire_classify(span_of(d, sizeof d)) == expected);
	}
	d[0] = 0x80;
	for (unsigned second = 0; second < 256; second++) {
		d[1] = (uint8_t)second;
		CHECK(wire_classify(span_of(d, sizeof d)) ==
		      (second >= 192 && second <= 223 ? WIRE_RTCP : WIRE_RTP));
	}
	d[1] = 0;
	CHECK(wire_classify(span_of(d, 12)) == WIRE_OTHER && wire_classify(span_of(d, 13)) == WIRE_RTP);
	d[1] = 203;
	CHECK(wire_classify(span_of(d, 4)) == WIRE_RTCP && wire_classify(span_of(d, 3)) == WIRE_OTHER);
	CHECK(wire_classify(span_of(d, 0)) == WIRE_OTHER);
}

static void header(void)
{
	static const uint8_t plain[] = {
	    0x80, 0x88, 0x12, 0x34, 0, 0, 0, 160, 0xde, 0xad, 0xbe, 0xef, 1, 2, 3};
	static const uint8_t full[] = {0xb2, 0x60, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 1, 1, 1, 1, 2, 2, 2, 2, 0xbe,
	    0xde, 0, 1, 9, 9, 9, 9, 7, 8, 0, 2};
	struct rtp r;
	struct span payload;

	CHECK(rtp_parse(span_of(plain, sizeof plain), &r));
	CHECK(r.marker && r.pt == 8 && r.seq == 0x1234 && r.timestamp == 160 && r.ssrc == 0xdeadbeef &&
	      !r.padding);
	CHECK(r.payload_at == 12 && r.payload_len == 3 && r.csrc_n == 0 && r.extension_len == 0);
	CHECK(rtp_parse(span_of(full, sizeof full), &r));
	CHECK(r.csrc_n == 2 && r.extension_profile == 0xbede && r.extension_len == 4 && r.payload_at == 28);
	CHECK(r.padding && rtp_payload(span_of(full, sizeof full), &r, &payload) && payload.n == 2);
	for (size_t n = 0; n <= 28; n++)
		CHECK(!rtp_parse(span_of(full, n), &r));

	uint8_t bad[sizeof full];
	memcpy(bad, full, sizeof bad);
	bad[22] = 0xff; /* extension past the end */
	CHECK(!rtp_parse(span_of(bad, sizeof bad), &r));
	memcpy(bad, full, sizeof bad);
	bad[31] = 5;
	CHECK(
	    rtp_parse(span_of(bad, sizeof bad), &r) && !rtp_payload(span_of(bad, sizeof bad), &r, &payload));
	bad[31] = 0;
	CHECK(!rtp_payload(span_of(bad, sizeof bad), &r, &payload));
	bad[0] = 0x72;
	CHECK(!rtp_parse(span_of(bad, sizeof bad), &r));
}

/* What baresip 1.0 sends before keys on a port of its own: one clear APP packet (FACTS.md). T26: RTCP of 4
 * octets. */
static void rtcp(void)
{
	static const uint8_t app[] = {0x80, 204, 0, 2, 1, 2, 3, 4, 'n', 'a', 'm', 'e'};
	static const uint8_t compound[] = {
	    0x80, 201, 0, 1, 1, 2, 3, 4, 0x81, 202, 0, 2, 1, 2, 3, 4, 1, 1, 'x', 0, 0x80, 203, 0, 0};
	uint8_t sealed[sizeof compound + 14];
	struct cursor c = cursor_of(span_of(compound, sizeof compound));
	struct rtcp p;

	CHECK(rtcp_is_clear(span_of(app, sizeof app)));
	CHECK(rtcp_is_clear(span_of(compound, sizeof compound)));
	CHECK(rtcp_is_clear(span_of(compound + 20, 4)));
	CHECK(!rtcp_is_clear(span_of(compound, 0)));
	CHECK(rtcp_next(&c, &p) && p.pt == 201 && p.count == 0 && p.body.n == 4);
	CHECK(rtcp_next(&c, &p) && p.pt == 202 && p.count == 1 && p.body.n == 8);
	CHECK(rtcp_next(&c, &p) && p.pt == 203 && p.body.n == 0);
	CHECK(!rtcp_next(&c, &p) && cursor_left(&c) == 0);
	for (size_t n = 1; n < sizeof compound; n++)
		CHECK(rtcp_is_clear(span_of(compound, n)) == (n == 8 || n == 20));

	/* SRTCP: E bit and index, then 80 bits of tag; whatever they are, the walk does not come out even */
	memcpy(sealed, compound, sizeof compound);
	for (unsigned fill = 0; fill < 256; fill++) {
		memset(sealed + sizeof compound, (int)fill, 14);
		CHECK(!rtcp_is_clear(span_of(sealed, sizeof sealed)));
	}
}

static void shapes(void)
{
	static const struct {
		size_t len;
		uint8_t codec, tag;
		bool ok;
	} row[] = {
	    {160, SDP_PCMU, 10, false}, /* 20 ms in clear */
	    {170, SDP_PCMU, 10, true},
	    {170, SDP_PCMA, 10, true},
	    {170, SDP_G722, 10, true},
	    {176, SDP_G722, 16, true},
	    {164, SDP_PCMA, 4, true},
	    {176, SDP_PCMA, 10, false},
	    {170, SDP_PCMA, 16, false},
	    {80, SDP_PCMA, 10, false},
	    {90, SDP_PCMA, 10, true},
	    {250, SDP_PCMU, 10, true},
	    {10, SDP_PCMU, 10, false},
	    {0, SDP_PCMU, 10, false},
	    {160, SDP_PCMU, RTP_TAG_ANY, false},
	    {80, SDP_G722, RTP_TAG_ANY, false},
	    {240, SDP_PCMA, RTP_TAG_ANY, false},
	    {164, SDP_PCMU, RTP_TAG_ANY, true},
	    {168, SDP_PCMU, RTP_TAG_ANY, true},
	    {170, SDP_PCMU, RTP_TAG_ANY, true},
	    {176, SDP_PCMU, RTP_TAG_ANY, true},
	    {4, SDP_TELEPHONE_EVENT, 10, false}, /* T30: digits in clear */
	    {14, SDP_TELEPHONE_EVENT, 10, true},
	    {4, SDP_TELEPHONE_EVENT, RTP_TAG_ANY, false},
	    {8, SDP_TELEPHONE_EVENT, RTP_TAG_ANY, true},
	    {11, SDP_OPUS, 10, true},
	    {10, SDP_OPUS, 10, false},
	    {170, SDP_CODEC_N, 10, false},
	};

	for (size_t i = 0; i < sizeof row / sizeof *row; i++)
		CHECK(rtp_shape_ok(row[i].len, row[i].codec, row[i].tag) == row[i].ok);
	for (unsigned ms = 5; ms <= SDP_PTIME_MAX;
	     ms += 5) /* no clear packet of these times passes, whatever the tag */
		CHECK(!rtp_shape_ok(8 * ms, SDP_PCMU, RTP_TAG_ANY) && !rtp_shape_ok(8 * ms, SDP_G722, 16));
}

int main(void)
{
	RUN(first_octets);
	RUN(header);
	RUN(rtcp);
	RUN(shapes);
	return TEST_END;
}
