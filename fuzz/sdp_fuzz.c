/* SPDX-License-Identifier: ISC */
#include "fuzz.h"
#include "wire/sdp_offer.h"

static char text[SDP_TEXT_MAX];

static struct span written(const struct sdp *sdp)
{
	struct buf b = buf_of(text, sizeof text);

	FUZZ_CHECK(sdp_write(&b, sdp));
	for (size_t i = 0; i < b.n; i++)
		FUZZ_CHECK((b.p[i] >= ' ' && b.p[i] < 0x7f) || b.p[i] == '\r' || b.p[i] == '\n');
	return buf_span(&b);
}

/* Packed it is the same; a piece of it, or more than it, is nothing. */
static void packs(const struct sdp *sdp)
{
	uint8_t packed[SDP_PACKED_MAX + 1] = {0};
	size_t n = sdp_pack(sdp, packed);
	struct sdp again;

	FUZZ_CHECK(sdp_unpack(span_of(packed, n), &again) && !memcmp(&again, sdp, sizeof again));
	FUZZ_CHECK(sdp_same_session(&again, sdp));
	FUZZ_CHECK(!sdp_unpack(span_of(packed, n - 1), &again) && !sdp_unpack(span_of(packed, n + 1), &again));
}

/* What was read is in range, and what is written of it reads back as the same. */
static void as_text(const uint8_t *data, size_t n)
{
	struct sdp sdp, again;
	struct sdp_error error = {NULL, 0};

	if (!sdp_parse(span_of(data, n), &sdp, &error)) {
		FUZZ_CHECK(error.reason && error.offset <= n);
		return;
	}
	FUZZ_CHECK(sdp_ok(&sdp));
	packs(&sdp);
	FUZZ_CHECK(sdp_parse(written(&sdp), &again, &error));
	FUZZ_CHECK(again.line_n == sdp.line_n && again.id == sdp.id && again.version == sdp.version);
	if (!sdp.audio.at.port || !sdp.audio.codec_n || !sdp.audio.proto)
		return;
	FUZZ_CHECK(again.audio_line == sdp.audio_line && addr_eq(&again.audio.at, &sdp.audio.at));
	FUZZ_CHECK(sdp_keys(&again) == sdp_keys(&sdp) && again.audio.direction == sdp.audio.direction);
	FUZZ_CHECK(
	    again.audio.codec_n == sdp.audio.codec_n && again.audio.candidate_n == sdp.audio.candidate_n);
	FUZZ_CHECK(!memcmp(again.audio.crypto, sdp.audio.crypto, sizeof sdp.audio.crypto));
	FUZZ_CHECK((sdp_check_offer(&again) == SDP_ACCEPTABLE) == (sdp_check_offer(&sdp) == SDP_ACCEPTABLE));
}

static const char honest[] =
    "v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
    "m=audio 5000 RTP/SAVPF 0 96 101\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:101 telephone-event/8000\r\n"
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\r\n"
    "a=fingerprint:sha-1 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB\r\na=setup:actpass\r\n"
    "a=zrtp-hash:1.10 fe30efd02423cb054e50efd0248742ac7a52c8f91bc2df881ae642c371ba46df\r\n"
    "a=ice-ufrag:yWHP\r\na=ice-pwd:JYWLNDKPeBn+tvYR5L8ZvBbK\r\n"
    "a=candidate:1 1 udp 2113937151 192.0.2.7 54321 typ host\r\nm=video 0 RTP/AVP 96\r\n";

/* The struct as a lying sibling may send it, an honest one with octets changed (place, place, value):
 * refused, or written without harm. */
static void as_message(const uint8_t *data, size_t n)
{
	struct sdp sdp;
	struct sdp_error error;

	FUZZ_CHECK(sdp_parse(span_of(honest, sizeof honest - 1), &sdp, &error));
	for (size_t i = 0; i + 3 <= n; i += 3)
		((uint8_t *)&sdp)[((size_t)data[i] << 8 | data[i + 1]) % sizeof sdp] = data[i + 2];
	if (!sdp_ok(&sdp))
		return;
	FUZZ_CHECK(sdp_same_session(&sdp, &sdp));
	written(&sdp);
	sdp_check_offer(&sdp);
	sdp_check_answer(&sdp, &sdp);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	as_text(data, n);
	as_message(data, n);
	struct sdp sdp;
	if (sdp_unpack(span_of(data, n), &sdp) && sdp_ok(&sdp))
		packs(&sdp);
	return 0;
}
