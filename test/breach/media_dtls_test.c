/* SPDX-License-Identifier: ISC */
/* DTLS-SRTP that ends in media: both roles, the far certificate against the fingerprint of the wish, hellos and alerts of strangers
 * before and in the midst of handshakes (T29), old versions, no use_srtp, a silent signer, a kill in a call (R7, R28, T33).
 * media_dtls_test EXECUTABLE */
#include "base/clock.h"
#include "media_far.h"
#include "test.h"
#include <sys/socket.h>

#define OLD "NORMAL:-VERS-ALL:+VERS-DTLS1.0:%VERIFY_ALLOW_SIGN_WITH_SHA1:+SIGN-ALL"

static struct phone a, b, stranger;
static struct far far;

/* --- the wish --- */

static void wish(uint32_t at, uint64_t join, bool active, enum sdp_hash hash)
{
	phone_begin(&a, SDP_AES_CM_128_HMAC_SHA1_80);
	phone_begin(&b, SDP_AEAD_AES_128_GCM);
	a.port = (uint16_t)(HOUSE_LO + 4 * at);
	b.port = (uint16_t)(a.port + 2);
	house_wish(at, &a, &b);
	struct relay_side *s = &house.spec.side[0];
	s->end = RELAY_ENDED_DTLS;
	s->dtls_active = active;
	s->fingerprint.hash = (uint8_t)hash;
	memcpy(s->fingerprint.bytes, far.digest, sizeof s->fingerprint.bytes);
	house.gates = house.failed = house.forged = 0;
	house_send_wish(join);
}

/* The phone shakes hands and talks. */
static bool keyed_and_talking(bool client, uint64_t join)
{
	if (!far_begin(&far, client, FAR_MODERN, true) || far_handshake(&far, 8000) != 0)
		return false;
	bool ok = far_sees_our_cert(&far) && far_keys(&far, client) && house_gate(join) && house.gate_key == RELAY_KEY_DTLS &&
	          house_talks(&a, &b) && house_talks(&a, &b);
	far_end(&far);
	return ok;
}

/* --- tests --- */

static void both_roles_and_every_kind_of_certificate(void)
{
	static const struct {
		gnutls_pk_algorithm_t kind;
		unsigned bits;
		enum sdp_hash hash;
	} row[] = {{GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), SDP_SHA_256},
	    {GNUTLS_PK_RSA, 2048, SDP_SHA_256},
	    {GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP384R1), SDP_SHA_384},
	    {GNUTLS_PK_RSA, 2048, SDP_SHA_512}};
	uint64_t join = 100;

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		CHECK(far_make_cert(&far, row[i].kind, row[i].bits, row[i].hash));
		for (int active = 0; active < 2; active++, join++) {
			wish(0, join, active, row[i].hash);
			phone_say(&b, 0, 1, 160); /* nothing passes before (T30) */
			stage_run(&house.s, 30);
			CHECK(house.gates == 0);
			CHECK(keyed_and_talking(!active, join));
			house_close(join);
		}
		gnutls_certificate_free_credentials(far.cert);
	}
	CHECK(house_counts("dtls-done", 8) && house_counter("dtls-cookies") >= 4);
	CHECK(far_make_cert(&far, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), SDP_SHA_256));
}

/* T29: a hundred of a hundred, though hellos, fragments and alerts of strangers come before each flight. */
static void hostile_hellos_end_nothing(void)
{
	far.stranger = &stranger;
	for (uint64_t join = 200; join < 300; join++) {
		wish((uint32_t)join % 8, join, join % 2, SDP_SHA_256);
		CHECK(far_begin(&far, join % 2 == 0, FAR_MODERN, true));
		CHECK(far_handshake(&far, 15000) == 0);
		CHECK(far_keys(&far, join % 2 == 0) && house_talks(&a, &b));
		far_end(&far);
		house_close(join);
	}
	far.stranger = NULL;
}

static void hellos_without_cookies_cost_nothing(void)
{
	static const char hello[] = "\x16\xfe\xfd\0\0\0\0\0\0\0\0\0\x37\x01\0\0\x2b\0\0\0\0\0\0\0\x2b\xfe\xfd"
	                            "0123456789abcdef0123456789abcdef\0\0\0\x02\xc0\x2b\x01\0\0\0";

	wish(0, 300, false, SDP_SHA_256);
	for (int i = 0; i < 2000; i++) {
		phone_send(&a, hello, sizeof hello - 1);
		if (i % 50 == 49)
			stage_run(&house.s, 1);
	}
	CHECK(house_settle() && stage_status_line(&house.s, "dtls")->used == 0);
	stage_run(&house.s, 1100); /* the bucket of keying fills again */
	uint8_t rest[2048];
	while (recv(a.fd, rest, sizeof rest, 0) > 0)
		;
	CHECK(keyed_and_talking(true, 300));
	house_close(300);
}

/* T33: another certificate than the one that signalling announced. */
static void a_wrong_fingerprint_is_an_alarm(void)
{
	for (int active = 0; active < 2; active++) {
		uint64_t join = 310 + (uint64_t)active;
		far.digest[3] ^= 1;
		wish(1, join, active, SDP_SHA_256);
		far.digest[3] ^= 1;
		CHECK(far_begin(&far, !active, FAR_MODERN, true));
		int e = far_handshake(&far, 3000);
		CHECK(e != 0 || active); /* a server learns of the refusal after its own last flight at the latest */
		for (int i = 0; i < 1000 && (!house.failed || !house.forged); i++)
			stage_run(&house.s, 10);
		CHECK(house.failed > 0 && house.failed_join == join && house.failed_why == RELAY_GATE_SHUT && house.forged > 0);
		CHECK(house.gates == 0);
		phone_say(&b, 0, 1, 160);
		CHECK(!phone_hears_within(&a, HOUSE_SILENCE_MS));
		far_end(&far);
		house_close(join);
	}
}

static void what_has_no_srtp_or_is_old_is_not_keyed(void)
{
	wish(2, 320, false, SDP_SHA_256);
	CHECK(far_begin(&far, true, FAR_MODERN, false));
	far_handshake(&far, 1500);
	stage_run(&house.s, 300);
	CHECK(house.gates == 0);
	far_end(&far);
	house_close(320);
	wish(2, 321, false, SDP_SHA_256);
	if (far_begin(&far, true, OLD, true)) {
		CHECK(far_handshake(&far, 1500) != 0);
		CHECK(house.gates == 0);
	}
	far_end(&far);
	house_close(321);
}

static void before_the_fingerprint_nobody_is_answered(void)
{
	wish(3, 330, false, SDP_SHA_256);
	house_close(330);
	house.spec.side[0].keyed = 0;
	house_send_wish(331);
	CHECK(far_begin(&far, true, FAR_MODERN, true));
	CHECK(far_handshake(&far, 700) == GNUTLS_E_AGAIN);
	house.spec.side[0].keyed = 1;
	house_send_wish(331);
	CHECK(far_handshake(&far, 8000) == 0 && far_keys(&far, true) && house_talks(&a, &b));
	far_end(&far);
	house_close(331);
}

static void a_silent_signer_stalls_nothing(void)
{
	wish(4, 340, false, SDP_SHA_256);
	struct relay_spec sealed = house.spec;
	house.mute_signer = true;
	CHECK(far_begin(&far, true, FAR_MODERN, true));
	CHECK(far_handshake(&far, 1000) != 0 && house.gates == 0);
	far_end(&far);
	CHECK(house_settle() && house_counter("sign-timeouts") > 0);
	house.mute_signer = false;
	stage_cut(&house.s, house.signer); /* another signer comes */
	house.signer = stage_sibling(&house.s, PROC_SIGNER, 0);
	stage_run(&house.s, 200);
	house_close(340);
	house.spec = sealed;
	house_send_wish(341);
	CHECK(keyed_and_talking(true, 341));
	house_close(341);
}

/* R28: what DTLS agreed on outlives media. And a phone that begins anew is keyed anew, with the old keys until then. */
static void a_kill_and_a_second_association(void)
{
	wish(5, 350, false, SDP_SHA_256);
	CHECK(keyed_and_talking(true, 350));
	uint64_t sent = a.got_index;
	stage_kill(&house.s);
	CHECK(house_start());
	CHECK(house_talks(&a, &b) && a.got_index > sent);
	house_send_wish(350);
	CHECK(house_talks(&a, &b));
	CHECK(far_begin(&far, true, FAR_MODERN, true));
	CHECK(far_handshake(&far, 8000) == 0 && far_keys(&far, true));
	CHECK(house_talks(&a, &b));
	far_end(&far);
	/* a description with another fingerprint: the old key counts no more */
	uint8_t theirs = far.digest[0];
	far.digest[0] ^= 1;
	memcpy(house.spec.side[0].fingerprint.bytes, far.digest, 32);
	far.digest[0] = theirs;
	house_send_wish(350);
	phone_say(&a, 0, 1, 160);
	CHECK(!phone_hears_within(&b, HOUSE_SILENCE_MS));
	house_close(350);
}

/* R7: a call that was heard gets another side, as a parked one that is taken: core hears when that one is keyed too, also when the
 * handshake is over before media looks around again. */
static void who_comes_to_a_call_that_was_heard_is_told(void)
{
	for (uint64_t join = 360; join < 366; join++) {
		phone_begin(&b, SDP_AES_CM_128_HMAC_SHA1_80);
		phone_begin(&a, SDP_AES_CM_128_HMAC_SHA1_80);
		b.port = HOUSE_LO + 4 * 6;
		a.port = (uint16_t)(b.port + 2);
		house_wish(6, &b, NULL);
		struct relay_spec alone = house.spec;
		house.gates = 0;
		house_send_wish(join);
		CHECK(house_gate(join) && house.gate_key == RELAY_KEY_SDES);
		house_wish(6, &b, &a);
		memcpy(house.spec.side[0].key_ours, alone.side[0].key_ours, SDP_KEY_MAX);
		house.spec.side[1].end = RELAY_ENDED_DTLS;
		house.spec.side[1].fingerprint.hash = SDP_SHA_256;
		memcpy(house.spec.side[1].fingerprint.bytes, far.digest, sizeof house.spec.side[1].fingerprint.bytes);
		house.gates = 0;
		house_send_wish(join);
		CHECK(far_begin(&far, true, FAR_MODERN, true) && far_handshake(&far, 8000) == 0 && far_keys(&far, true));
		CHECK(house_gate(join) && house_talks(&a, &b));
		far_end(&far);
		house_close(join);
	}
}

int main(int argc, char **argv)
{
	if (argc != 2 || !house_open(argv[1])) {
		fprintf(stderr, "media does not start: %s\n", house.s.reason);
		return 1;
	}
	phone_open(&a, "127.0.0.2");
	phone_open(&b, "127.0.0.3");
	phone_open(&stranger, "127.0.0.4");
	far.p = &a;
	RUN(both_roles_and_every_kind_of_certificate);
	RUN(hostile_hellos_end_nothing);
	RUN(hellos_without_cookies_cost_nothing);
	RUN(a_wrong_fingerprint_is_an_alarm);
	RUN(what_has_no_srtp_or_is_old_is_not_keyed);
	RUN(before_the_fingerprint_nobody_is_answered);
	RUN(a_silent_signer_stalls_nothing);
	RUN(a_kill_and_a_second_association);
	RUN(who_comes_to_a_call_that_was_heard_is_told);
	gnutls_certificate_free_credentials(far.cert);
	house_end();
	return TEST_END;
}
