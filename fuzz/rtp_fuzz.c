/* SPDX-License-Identifier: ISC */
#include "fuzz.h"
#include "wire/rtp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span d = span_of(data, n), payload;
	enum wire_kind kind = wire_classify(d);
	struct rtp rtp;
	struct rtcp rtcp;

	if (rtp_parse(d, &rtp)) {
		FUZZ_CHECK(kind == WIRE_RTP && rtp.payload_len > 0 && rtp.payload_at + rtp.payload_len == n);
		FUZZ_CHECK(rtp.payload_at >= RTP_HEADER + 4 * rtp.csrc_n + rtp.extension_len);
		if (rtp_payload(d, &rtp, &payload))
			FUZZ_CHECK(payload.p == data + rtp.payload_at && payload.n <= rtp.payload_len);
		for (uint8_t codec = 0; codec < 6; codec++)
			rtp_shape_ok(rtp.payload_len, codec, data[1] & 31);
	}
	struct cursor c = cursor_of(d);
	size_t packets = 0;
	while (rtcp_next(&c, &rtcp))
		packets++;
	FUZZ_CHECK(packets <= n / RTCP_HEADER);
	if (packets && cursor_left(&c) == 0)
		FUZZ_CHECK(rtcp_is_clear(d));
	else if (n < SRTCP_LEAST)
		rtcp_is_clear(d);
	return 0;
}
