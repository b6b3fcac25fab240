/* SPDX-License-Identifier: ISC */
/* R7, R8, T30, T33: what baresip 1.0.0 and linphonec 5.1.65 really sent each other in the lab, recorded (the
 * corpora of the fuzzers hold it; conversations are {sender, length(2), datagram} over and over, media but
 * for the first packets left out). The folder of the corpora is the argument. */
#include "recorded.h"
#include "test.h"
#include "wire/dtls.h"
#include "wire/rtp.h"
#include "wire/sdp_offer.h"
#include "wire/stun.h"
#include "wire/zrtp.h"

static const char *corpus;
/* Encrypted media, as far as its shape shows. */
static bool sealed(struct span d, uint8_t tag_len)
{
	struct rtp rtp;

	if (wire_classify(d) == WIRE_RTCP)
		return !rtcp_is_clear(d);
	if (!rtp_parse(d, &rtp))
		return false;
	uint8_t codec = rtp.pt == 0 ? SDP_PCMU : rtp.pt == 8 ? SDP_PCMA : SDP_OPUS;
	return rtp_shape_ok(rtp.payload_len, codec, tag_len);
}

/* Each pairing is keyed exactly with its last handshake datagram, before the first packet of media. */
static void dtls(void)
{
	static const char *const names[] = {"dtls/baresip_baresip", "dtls/baresip_linphone",
	    "dtls/linphone_baresip", "dtls/linphone_linphone"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct cursor c = cursor_of(recorded(corpus, names[i]));
		struct dtls_watch w = {0};
		unsigned from, media = 0;
		struct span d;
		while (recorded_next(&c, &from, &d)) {
			CHECK((wire_classify(d) == WIRE_DTLS) == !w.done);
			if (!w.done)
				dtls_watch_feed(&w, from, d);
			else
				media += sealed(d, dtls_watch_tag_len(&w));
		}
		CHECK(w.done == 3 && w.version == DTLS_1_2 && w.profile == 1 && !w.failed && media == 4);
	}
}

static struct sdp described(const char *name)
{
	struct sdp sdp = {0};
	struct sdp_error error = {"", 0};
	if (!sdp_parse(recorded(corpus, name), &sdp, &error))
		fprintf(stderr, "%s: %s\n", name, error.reason);
	return sdp;
}

static void zrtp(void)
{
	struct sdp offer = described("sdp/linphone_zrtp"), answer = described("sdp/linphone_zrtp_answer");
	struct zrtp_watch w = {.has_hash = {true, true}}, forged;
	struct cursor c = cursor_of(recorded(corpus, "zrtp/linphone_linphone"));
	unsigned from, media = 0;
	struct span d;

	CHECK(
	    sdp_check_offer(&offer) == SDP_ACCEPTABLE && sdp_check_answer(&offer, &answer) == SDP_ACCEPTABLE);
	memcpy(w.hash[0], offer.audio.zrtp_hash, 32);
	memcpy(w.hash[1], answer.audio.zrtp_hash, 32);
	forged = w;
	forged.hash[1][31] ^= 1;
	while (recorded_next(&c, &from, &d)) {
		if (wire_classify(d) == WIRE_ZRTP) {
			CHECK(!w.open && (zrtp_watch_feed(&w, from, d) & ~ZRTP_OPENED) == ZRTP_RELAY);
			zrtp_watch_feed(&forged, from, d);
		} else {
			media += w.open && sealed(d, zrtp_watch_tag_len(&w));
		}
	}
	CHECK(w.open && media == 4 && zrtp_watch_tag_len(&w) == 10);
	CHECK(!forged.open && forged.forged);
}

static void descriptions(void)
{
	static const struct {
		const char *name;
		uint8_t keys, codecs, candidates, setup;
	} row[] = {
	    {"sdp/baresip_sdes", SDP_KEYS_SDES, 2, 0, SDP_SETUP_NONE},
	    {"sdp/baresip_dtls_ice", SDP_KEYS_DTLS, 2, 2, SDP_ACTPASS},
	    {"sdp/baresip_answer_opus", SDP_KEYS_DTLS, 1, 0, SDP_ACTIVE},
	    {"sdp/linphone_dtls_opus", SDP_KEYS_DTLS, 2, 0, SDP_ACTPASS},
	    {"sdp/linphone_sdes_ice", SDP_KEYS_SDES, 2, 2, SDP_SETUP_NONE},
	    {"sdp/linphone_sdes_ipv6", SDP_KEYS_SDES, 2, 2, SDP_SETUP_NONE},
	};

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct sdp sdp = described(row[i].name);
		CHECK(sdp_keys(&sdp) == row[i].keys && sdp_check_offer(&sdp) == SDP_ACCEPTABLE);
		CHECK(sdp.audio.codec_n == row[i].codecs && sdp.audio.candidate_n == row[i].candidates);
		CHECK(sdp.audio.setup == row[i].setup &&
		      sdp.audio.fingerprint_n == (row[i].keys == SDP_KEYS_DTLS));
	}
	struct sdp offer = described("sdp/linphone_dtls_opus"), answer = described("sdp/baresip_answer_opus");
	CHECK(sdp_check_answer(&offer, &answer) == SDP_ACCEPTABLE);
	CHECK(answer.audio.codec[0].opus_flags == SDP_OPUS_CBR);
}

/* A connectivity check of each, under the password of the other's own description. */
static void ice(void)
{
	struct sdp baresip = described("sdp/baresip_dtls_ice"), linphone = described("sdp/linphone_sdes_ice");
	struct stun m;

	struct span d = recorded(corpus, "stun/baresip_check");
	CHECK(stun_parse(d, &m) && m.fingerprint);
	CHECK(stun_check(d, &m, span_str(baresip.audio.ice_ufrag), span_str(baresip.audio.ice_pwd),
		  SPAN("F3pNeaO")) == STUN_ROLE_CONFLICT); /* this one is the answerer's, so it is controlled;
							      against us it would be controlling */
	CHECK(stun_integrity_ok(d, &m, span_str(baresip.audio.ice_pwd)));
	d = recorded(corpus, "stun/linphone_check");
	CHECK(
	    stun_parse(d, &m) && m.fingerprint && stun_integrity_ok(d, &m, span_str(linphone.audio.ice_pwd)));
	CHECK(!stun_integrity_ok(d, &m, span_str(baresip.audio.ice_pwd)));
}

int main(int argc, char **argv)
{
	corpus = argc > 1 ? argv[1] : "fuzz/corpus";
	RUN(dtls);
	RUN(zrtp);
	RUN(descriptions);
	RUN(ice);
	return TEST_END;
}
