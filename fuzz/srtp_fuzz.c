/* SPDX-License-Identifier: ISC */
#include "fuzz.h"
#include "rtcp.h"
#include "srtp/srtp.h"
#include "wire/rtp.h"

enum { PACKET_MAX = 2048 };

/* What nobody sealed is refused, and neither the packet nor anything else changes. */
static void strange(struct srtp *s, struct span d)
{
	uint8_t p[PACKET_MAX + SRTCP_GROWS];
	size_t n = d.n;

	memcpy(p, d.p, d.n);
	FUZZ_CHECK(srtp_open(s, p, &n, SRTP_LEAPS_MAX) != SRTP_OK && n == d.n && memcmp(p, d.p, d.n) == 0);
	FUZZ_CHECK(srtcp_open(s, p, &n) != SRTP_OK && n == d.n && memcmp(p, d.p, d.n) == 0);
	for (int i = 0; i < SRTP_SOURCES; i++)
		FUZZ_CHECK(!s->sources.at[i].used);
}

/* What was sealed is opened to what it was, once. */
static void sealed(struct srtp *out, struct srtp *in, struct span d)
{
	uint8_t p[PACKET_MAX + SRTCP_GROWS], copy[sizeof p];
	size_t n = d.n;

	memcpy(p, d.p, d.n);
	if (srtp_seal(out, p, &n) == SRTP_OK) {
		size_t again = n;
		memcpy(copy, p, n);
		FUZZ_CHECK(srtp_open(in, p, &n, 0) == SRTP_OK && n == d.n && memcmp(p, d.p, n) == 0);
		FUZZ_CHECK(srtp_open(in, copy, &again, 0) == SRTP_REPLAYED);
	}
	n = d.n;
	memcpy(p, d.p, d.n);
	if (srtcp_seal(out, p, &n) == SRTP_OK)
		FUZZ_CHECK(srtcp_open(in, p, &n) == SRTP_OK && n == d.n && memcmp(p, d.p, n) == 0);
}

/* suite, then datagrams {length (2), octets}: each as it is, sealed and opened, and read as a report. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct srtp out, in, other;
	static const uint8_t key[2][SDP_KEY_MAX] = {{1, 2, 3}, {4, 5, 6}};
	struct cursor c = cursor_of(span_of(data, n));
	struct reception r = {0};
	uint8_t suite;
	uint16_t len;
	struct span d;

	if (!cursor_u8(&c, &suite))
		return 0;
	srtp_set(&out, suite % SDP_SUITE_N, key[0]);
	srtp_set(&in, suite % SDP_SUITE_N, key[0]);
	srtp_set(&other, suite % SDP_SUITE_N, key[1]);
	while (cursor_u16(&c, &len)) {
		if (!cursor_span(&c, len, &d))
			cursor_span(&c, cursor_left(&c), &d);
		d.n = d.n < PACKET_MAX ? d.n : PACKET_MAX;
		strange(&other, d);
		sealed(&out, &in, d);
		if (reception_report(&r, d, 1000))
			FUZZ_CHECK(rtcp_is_clear(d));
	}
	return 0;
}
