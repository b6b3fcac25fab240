/* SPDX-License-Identifier: ISC */
/* R5, R7, R8, T31, T32: which offers and answers may go on, and what the two ends have in common. */
#include "test.h"
#include "wire/sdp_offer.h"

#define HEAD "v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
#define KEY "inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\r\n"
#define SDES(tag, suite) "a=crypto:" tag " " suite " " KEY
#define SHA256                                                                                               \
	"a=fingerprint:sha-256 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB:4A:AD:B9:B1:3F:"  \
	"82:18:3B:54:02:12:DF\r\n"
#define SHA1 "a=fingerprint:sha-1 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB\r\n"
#define ZRTP "a=zrtp-hash:1.10 0130efd02423cb054e50efd0248742ac7a52c8f91bc2df881ae642c371ba46df\r\n"
#define GOOD SDES("1", "AES_CM_128_HMAC_SHA1_80")

static struct sdp parsed(const char *text)
{
	struct sdp sdp = {0};
	struct sdp_error error;
	if (!sdp_parse(span_str(text), &sdp, &error)) {
		fprintf(stderr, "%s at %u\n", error.reason, error.offset);
		memset(&sdp, 0xff, sizeof sdp);
	}
	return sdp;
}

static void offers(void)
{
	static const struct {
		const char *text;
		uint8_t keys;
		enum sdp_refusal refusal;
	} row[] = {
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\n" GOOD, SDP_KEYS_SDES, SDP_ACCEPTABLE},
	    {HEAD "m=audio 5000 RTP/SAVPF 0\r\n" GOOD SHA256, SDP_KEYS_SDES | SDP_KEYS_DTLS, SDP_ACCEPTABLE},
	    {HEAD "m=audio 5000 UDP/TLS/RTP/SAVP 0\r\n" SHA256, SDP_KEYS_DTLS, SDP_ACCEPTABLE},
	    {HEAD "m=audio 5000 UDP/TLS/RTP/SAVP 0\r\n" SHA1 SHA256, SDP_KEYS_DTLS, SDP_ACCEPTABLE},
	    {HEAD "m=audio 5000 RTP/AVP 0\r\n" ZRTP, SDP_KEYS_ZRTP, SDP_ACCEPTABLE},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\n" GOOD ZRTP, SDP_KEYS_SDES | SDP_KEYS_ZRTP, SDP_ACCEPTABLE},
	    {HEAD "m=audio 5000 RTP/AVP 0\r\n", 0, SDP_PLAIN_RTP},
	    {HEAD "m=audio 5000 RTP/AVP 0\r\n" GOOD, 0, SDP_PLAIN_RTP},
	    {HEAD "m=audio 5000 RTP/AVP 0\r\n" SHA256, 0, SDP_PLAIN_RTP},
	    {HEAD "m=audio 5000 RTP/AVPF 0\r\n" GOOD SHA256, 0, SDP_PLAIN_RTP},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\n", 0, SDP_NO_KEYS},
	    {HEAD "m=audio 5000 UDP/TLS/RTP/SAVP 0\r\n" GOOD, 0, SDP_NO_KEYS},
	    {HEAD "m=audio 5000 UDP/TLS/RTP/SAVP 0\r\n" SHA1, 0, SDP_WEAK_FINGERPRINT},
	    {HEAD "m=audio 5000 TCP/RTP/AVP 0\r\n", 0, SDP_BAD_PROFILE},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\n" SDES("1", "AES_CM_128_HMAC_SHA1_32"), 0, SDP_ONLY_TAG_32},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\n" SDES("1", "F8_128_HMAC_SHA1_80"), 0, SDP_ONLY_F8},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\n" SDES("1", "AES_CM_128_NULL_AUTH"), 0, SDP_ONLY_NULL},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\n" SDES("1", "ROT13"), 0, SDP_ONLY_UNKNOWN_SUITE},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\n" SDES("1", "AES_CM_128_HMAC_SHA1_32") GOOD, SDP_KEYS_SDES,
		SDP_ACCEPTABLE},
	    {HEAD "m=audio 5000 RTP/SAVP 18 13 101\r\na=rtpmap:101 telephone-event/8000\r\n" GOOD,
		SDP_KEYS_SDES, SDP_NO_CODEC},
	    {HEAD "m=audio 0 RTP/SAVP 0\r\n" GOOD, SDP_KEYS_SDES, SDP_NO_AUDIO_OFFERED},
	    {HEAD "m=video 5000 RTP/SAVP 96\r\n" GOOD, 0, SDP_NO_AUDIO_OFFERED},
	};

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct sdp sdp = parsed(row[i].text);
		CHECK(sdp_ok(&sdp));
		CHECK(sdp_keys(&sdp) == row[i].keys);
		CHECK(sdp_check_offer(&sdp) == row[i].refusal);
	}
	for (enum sdp_refusal r = 0; r < SDP_REFUSAL_N; r++)
		CHECK(sdp_refusal_text(r) && strlen(sdp_refusal_text(r)) > 3);
}

static void answers(void)
{
	static const struct {
		const char *offer, *answer;
		enum sdp_refusal refusal;
	} row[] = {
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\n" GOOD, HEAD "m=audio 6000 RTP/SAVP 0\r\n" GOOD,
		SDP_ACCEPTABLE},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\n" GOOD, HEAD "m=audio 0 RTP/SAVP 0\r\n", SDP_AUDIO_DECLINED},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\n" GOOD, HEAD "m=audio 6000 RTP/AVP 0\r\n" GOOD, SDP_PLAIN_RTP},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\n" GOOD, HEAD "m=audio 6000 RTP/SAVP 0\r\n", SDP_NO_KEYS},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\n" GOOD,
		HEAD "m=audio 6000 RTP/SAVP 0\r\n" SDES("2", "AES_CM_128_HMAC_SHA1_80"), SDP_ANSWER_CRYPTO},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\n" GOOD SDES("2", "AES_CM_128_HMAC_SHA1_80"),
		HEAD "m=audio 6000 RTP/SAVP 0\r\n" GOOD SDES("2", "AES_CM_128_HMAC_SHA1_80"),
		SDP_ANSWER_CRYPTO},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\n" GOOD,
		HEAD "m=audio 6000 RTP/SAVP 0\r\n" SHA256 "a=setup:active\r\n", SDP_NO_COMMON_KEYS},
	    {HEAD "m=audio 5000 UDP/TLS/RTP/SAVP 0\r\n" SHA256,
		HEAD "m=audio 6000 UDP/TLS/RTP/SAVP 0\r\n" SHA256 "a=setup:passive\r\n", SDP_ACCEPTABLE},
	    {HEAD "m=audio 5000 UDP/TLS/RTP/SAVP 0\r\n" SHA256,
		HEAD "m=audio 6000 UDP/TLS/RTP/SAVP 0\r\n" SHA256 "a=setup:actpass\r\n", SDP_ANSWER_SETUP},
	    {HEAD "m=audio 5000 RTP/AVP 0\r\n" ZRTP, HEAD "m=audio 6000 RTP/AVP 0\r\n" ZRTP, SDP_ACCEPTABLE},
	    {HEAD "m=audio 5000 RTP/AVP 0\r\n" ZRTP, HEAD "m=audio 6000 RTP/AVP 0\r\n", SDP_PLAIN_RTP},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\n" GOOD, HEAD "m=audio 6000 RTP/SAVP 8\r\n" GOOD,
		SDP_NO_COMMON_CODEC},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\n" GOOD, HEAD "m=video 6000 RTP/SAVP 0\r\n" GOOD,
		SDP_ANSWER_LINES},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\n" GOOD, HEAD, SDP_ANSWER_LINES},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\n" GOOD,
		HEAD "m=audio 6000 RTP/SAVP 0\r\n" GOOD "m=video 0 RTP/SAVP 0\r\n", SDP_ANSWER_LINES},
	};

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct sdp offer = parsed(row[i].offer), answer = parsed(row[i].answer);
		CHECK(sdp_check_answer(&offer, &answer) == row[i].refusal);
	}
}

#define OPUS_AND_EVENTS                                                                                      \
	"a=rtpmap:96 opus/48000/2\r\na=rtpmap:97 telephone-event/48000\r\na=rtpmap:101 "                     \
	"telephone-event/8000\r\n"

static void codecs_kept(void)
{
	struct sdp sdp = parsed(HEAD "m=audio 5000 RTP/SAVP 96 0 97 101\r\n" OPUS_AND_EVENTS GOOD);

	CHECK(sdp.audio.codec_n == 4);
	sdp_keep_codecs(&sdp, (1 << SDP_OPUS) | (1 << SDP_TELEPHONE_EVENT));
	CHECK(sdp.audio.codec_n == 3 && sdp.audio.codec[1].pt == 97 && sdp.audio.codec[2].pt == 101);
	sdp_keep_codecs(&sdp, (1 << SDP_PCMU) | (1 << SDP_TELEPHONE_EVENT));
	CHECK(sdp.audio.codec_n == 1 && sdp.audio.codec[0].pt == 101);
	CHECK(sdp_check_offer(&sdp) == SDP_NO_CODEC);
}

static void codecs_in_common(void)
{
	struct sdp offer = parsed(HEAD "m=audio 5000 RTP/SAVP 96 0 97 101\r\n" OPUS_AND_EVENTS GOOD);
	struct sdp own = parsed(HEAD "m=audio 6000 RTP/SAVP 8 110\r\na=rtpmap:110 telephone-event/8000\r\n" GOOD);

	sdp_answer_codecs(&offer, &own);
	CHECK(own.audio.codec_n == 1 && own.audio.codec[0].pt == 110);
}

static void keys_kept(void)
{
	struct sdp all = parsed(HEAD "m=audio 5000 RTP/SAVP 0\r\na=setup:actpass\r\n" GOOD SHA256 ZRTP);

	CHECK(sdp_keys(&all) == SDP_KEYS_ALL);
	for (uint8_t mask = 0; mask <= SDP_KEYS_ALL; mask++) {
		struct sdp sdp = all;
		sdp_keep_keys(&sdp, mask);
		CHECK(sdp_ok(&sdp) && sdp_keys(&sdp) == mask);
		CHECK((mask & SDP_KEYS_SDES) || sdp.audio.crypto[0].key[0] == 0);
	}
}

static void lines(void)
{
	struct sdp offer = parsed(HEAD "m=video 5002 RTP/AVP 96\r\nm=audio 5000 RTP/SAVPF 0\r\n" GOOD);
	struct sdp down = offer, answer;
	char text[SDP_TEXT_MAX];
	struct buf b = buf_of(text, sizeof text);

	sdp_keep_audio_only(&down);
	CHECK(down.line_n == 1 && down.audio_line == 0 && !strcmp(down.line[0].media, "audio"));
	answer = parsed(HEAD "m=audio 6000 RTP/SAVP 0\r\n" GOOD);
	CHECK(sdp_check_answer(&down, &answer) == SDP_ACCEPTABLE);
	sdp_answer_lines(&offer, &answer);
	CHECK(sdp_check_answer(&offer, &answer) == SDP_ACCEPTABLE);
	CHECK(sdp_write(&b, &answer) && buf_cstr(&b));
	CHECK(strstr(text, "m=video 0 RTP/AVP 96\r\nm=audio 6000 RTP/SAVPF 0\r\n"));
}

static void ice_dropped(void)
{
	struct sdp sdp =
	    parsed(HEAD "a=ice-lite\r\nm=audio 5000 RTP/SAVP 0\r\na=ice-ufrag:abcd\r\n"
			"a=ice-pwd:0123456789012345678901\r\na=ice-options:trickle\r\n"
			"a=candidate:1 1 UDP 1 192.0.2.1 5 typ host\r\na=end-of-candidates\r\n" GOOD);
	struct sdp plain = parsed(HEAD "m=audio 5000 RTP/SAVP 0\r\n" GOOD);

	CHECK(sdp.audio.candidate_n == 1 && sdp.audio.ice_lite && sdp.audio.ice_trickle && sdp.audio.ice_end);
	sdp_drop_ice(&sdp);
	CHECK(!memcmp(&sdp.audio, &plain.audio, sizeof sdp.audio));
}

static void crypto_choice(void)
{
	struct sdp offer = parsed(
	    HEAD "m=audio 5000 RTP/SAVP 0\r\n"
		 "a=crypto:7 AEAD_AES_128_GCM inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQ==\r\n" GOOD);
	CHECK(sdp_choose_crypto(&offer, 0xf) == 0);
	CHECK(sdp_choose_crypto(&offer, 1 << SDP_AES_CM_128_HMAC_SHA1_80) == 1);
	CHECK(sdp_choose_crypto(&offer, 1 << SDP_AEAD_AES_256_GCM) == -1);
}

static void hold(void)
{
	CHECK(sdp_direction_reverse(SDP_SENDONLY) == SDP_RECVONLY);
	CHECK(sdp_direction_reverse(SDP_RECVONLY) == SDP_SENDONLY);
	CHECK(sdp_direction_reverse(SDP_SENDRECV) == SDP_SENDRECV);
	CHECK(sdp_direction_reverse(SDP_INACTIVE) == SDP_INACTIVE);
	CHECK(sdp_direction_answer(SDP_SENDONLY, SDP_SENDRECV) == SDP_RECVONLY);
	CHECK(sdp_direction_answer(SDP_SENDONLY, SDP_SENDONLY) == SDP_INACTIVE);
	CHECK(sdp_direction_answer(SDP_SENDRECV, SDP_SENDONLY) == SDP_SENDONLY);
	struct sdp sdp = parsed(HEAD "m=audio 5000 RTP/SAVP 0\r\na=sendonly\r\n" GOOD);
	CHECK(sdp_holds(&sdp));
	sdp = parsed(HEAD "m=audio 5000 RTP/SAVP 0\r\n" GOOD);
	CHECK(!sdp_holds(&sdp));
}

int main(void)
{
	RUN(offers);
	RUN(answers);
	RUN(codecs_kept);
	RUN(codecs_in_common);
	RUN(keys_kept);
	RUN(lines);
	RUN(ice_dropped);
	RUN(crypto_choice);
	RUN(hold);
	return TEST_END;
}
