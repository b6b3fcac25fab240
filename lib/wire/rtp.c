/* SPDX-License-Identifier: ISC */
#include "wire/rtp.h"
#include "wire/sdp.h"

/* RFC 5761, 4: packet types of RTCP as the second octet shows them. */
static bool is_rtcp_type(uint8_t second)
{
	return second >= 192 && second <= 223;
}

static enum wire_kind classify_rtp(struct span d)
{
	if (d.n >= RTCP_HEADER && is_rtcp_type(d.p[1]))
		return WIRE_RTCP;
	return d.n > RTP_HEADER ? WIRE_RTP : WIRE_OTHER;
}

enum wire_kind wire_classify(struct span d)
{
	if (d.n == 0)
		return WIRE_OTHER;
	uint8_t first = d.p[0];
	if (first < 4)
		return d.n >= 20 ? WIRE_STUN : WIRE_OTHER;
	if (first >= 16 && first < 20)
		return d.n >= 28 ? WIRE_ZRTP : WIRE_OTHER;
	if (first >= 20 && first < 64)
		return d.n >= 2 ? WIRE_DTLS : WIRE_OTHER;
	if (first >= 128 && first < 192)
		return classify_rtp(d);
	return WIRE_OTHER;
}

bool rtp_parse(struct span d, struct rtp *out)
{
	struct cursor c = cursor_of(d);
	struct rtp r = {0};
	uint8_t first, second;
	uint16_t words;

	if (d.n > UINT16_MAX || !cursor_u8(&c, &first) || first >> 6 != 2 || !cursor_u8(&c, &second) ||
	    is_rtcp_type(second) || !cursor_u16(&c, &r.seq) || !cursor_u32(&c, &r.timestamp) ||
	    !cursor_u32(&c, &r.ssrc))
		return false;
	r.padding = first >> 5 & 1;
	r.csrc_n = first & 15;
	r.marker = second >> 7;
	r.pt = second & 127;
	if (!cursor_skip(&c, sizeof(uint32_t) * r.csrc_n))
		return false;
	if (first & 0x10) {
		if (!cursor_u16(&c, &r.extension_profile) || !cursor_u16(&c, &words) ||
		    !cursor_skip(&c, sizeof(uint32_t) * words))
			return false;
		r.extension_len = (uint16_t)(4 * words);
	}
	if (cursor_left(&c) == 0)
		return false;
	r.payload_len = (uint16_t)cursor_left(&c);
	r.payload_at = (uint16_t)(d.n - r.payload_len);
	*out = r;
	return true;
}

bool rtp_payload(struct span d, const struct rtp *rtp, struct span *out)
{
	struct span s = span_skip(d, rtp->payload_at);

	if (rtp->padding) {
		uint8_t n = s.n ? s.p[s.n - 1] : 0;
		if (n == 0 || n > s.n)
			return false;
		s.n -= n;
	}
	*out = s;
	return true;
}

static bool next_of_version_2(struct cursor *c, struct rtcp *out)
{
	struct cursor at = *c;
	struct rtcp r;
	uint8_t first;
	uint16_t words;

	if (!cursor_u8(&at, &first) || first >> 6 != 2 || !cursor_u8(&at, &r.pt) || !cursor_u16(&at, &words) ||
	    !cursor_span(&at, sizeof(uint32_t) * words, &r.body))
		return false;
	r.count = first & 31;
	r.padding = first >> 5 & 1;
	*out = r;
	*c = at;
	return true;
}

bool rtcp_next(struct cursor *c, struct rtcp *out)
{
	struct cursor at = *c;
	struct rtcp r;

	if (!next_of_version_2(&at, &r) || !is_rtcp_type(r.pt))
		return false;
	*out = r;
	*c = at;
	return true;
}

bool rtcp_is_clear(struct span d)
{
	struct cursor c = cursor_of(d);
	struct rtcp r;

	while (next_of_version_2(&c, &r))
		;
	return d.n > 0 && cursor_left(&c) == 0;
}

static bool shape_of_tag(size_t n, uint8_t codec, uint8_t tag_len)
{
	if (n <= tag_len)
		return false;
	switch (codec) {
	case SDP_PCMU:
	case SDP_PCMA:
	case SDP_G722:
		return (n - tag_len) % RTP_SHAPE_UNIT == 0;
	case SDP_TELEPHONE_EVENT:
		return n - tag_len == 4;
	case SDP_OPUS:
		return true;
	default:
		return false;
	}
}

bool rtp_shape_ok(size_t payload_len, uint8_t codec, uint8_t tag_len)
{
	static const uint8_t tags[] = {4, 8, 10, 16};

	if (tag_len != RTP_TAG_ANY)
		return shape_of_tag(payload_len, codec, tag_len);
	for (size_t i = 0; i < sizeof tags; i++)
		if (shape_of_tag(payload_len, codec, tags[i]))
			return true;
	return false;
}
