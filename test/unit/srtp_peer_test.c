/* SPDX-License-Identifier: ISC */
/* lib/srtp against Debian's libsrtp2, each sealing for the other: every suite, header extensions, contributing sources, sizes,
 * losses, disorder, several sources, roll-overs; both refuse what the other would refuse. */
#include <srtp2/srtp.h>
#undef SRTP_SRTP_H /* both call their guard so */
#include "base/rand.h"
#include "srtp/srtp.h"
#include "test.h"
#include <stdlib.h>

enum { ROUNDS = 20000, PACKET_MAX = 1600 };

static struct srtp ours_out, ours_in;
static srtp_t theirs_out, theirs_in;
static uint64_t state = 1;

static uint32_t chance(uint32_t n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(state >> 33) % n;
}

static void policy_of(enum sdp_suite suite, srtp_crypto_policy_t *p)
{
	switch (suite) {
	case SDP_AES_CM_128_HMAC_SHA1_80: srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(p); break;
	case SDP_AES_256_CM_HMAC_SHA1_80: srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(p); break;
	case SDP_AEAD_AES_128_GCM: srtp_crypto_policy_set_aes_gcm_128_16_auth(p); break;
	case SDP_AEAD_AES_256_GCM: srtp_crypto_policy_set_aes_gcm_256_16_auth(p); break;
	case SDP_SUITE_N: abort();
	}
}

static bool begin(enum sdp_suite suite)
{
	uint8_t key[SDP_KEY_MAX];
	srtp_policy_t p = {.key = key, .window_size = SRTP_WINDOW};

	rand_bytes(key, sizeof key);
	srtp_set(&ours_out, suite, key);
	srtp_set(&ours_in, suite, key);
	policy_of(suite, &p.rtp);
	policy_of(suite, &p.rtcp);
	p.ssrc.type = ssrc_any_outbound;
	if (srtp_create(&theirs_out, &p) != srtp_err_status_ok)
		return false;
	p.ssrc.type = ssrc_any_inbound;
	return srtp_create(&theirs_in, &p) == srtp_err_status_ok;
}

static void end(void)
{
	srtp_dealloc(theirs_out);
	srtp_dealloc(theirs_in);
}

static size_t random_rtp(uint8_t *p, uint32_t ssrc, uint16_t seq)
{
	size_t csrcs = chance(4) ? 0 : chance(16), words = chance(3) ? 0 : 1 + chance(6);
	size_t payload = 1 + chance(chance(10) ? 320 : 1200), n = 12 + 4 * csrcs;

	rand_bytes(p, PACKET_MAX);
	p[0] = (uint8_t)(0x80 | csrcs | (words ? 0x10 : 0));
	p[1] = (uint8_t)chance(128);
	p[2] = (uint8_t)(seq >> 8);
	p[3] = (uint8_t)seq;
	for (int i = 0; i < 4; i++)
		p[8 + i] = (uint8_t)(ssrc >> (24 - 8 * i));
	if (words) {
		memcpy(p + n, "\xbe\xde\x00", 3);
		p[n + 3] = (uint8_t)words;
		n += 4 + 4 * words;
	}
	return n + payload;
}

/* One packet both ways: ours to theirs, and theirs to ours. lost: it does not arrive. */
static bool both_ways(uint32_t ssrc, uint16_t seq, bool lost)
{
	uint8_t plain[PACKET_MAX + SRTP_GROWS], a[sizeof plain], b[sizeof plain];
	size_t n = random_rtp(plain, ssrc, seq), an = n;
	int bn = (int)n;

	memcpy(a, plain, n);
	memcpy(b, plain, n);
	if (srtp_seal(&ours_out, a, &an) != SRTP_OK || srtp_protect(theirs_out, b, &bn) != srtp_err_status_ok)
		return false;
	if ((size_t)bn != an || memcmp(a, b, an) != 0)
		return false;
	if (lost)
		return true;
	int back = (int)an;
	if (srtp_unprotect(theirs_in, a, &back) != srtp_err_status_ok || (size_t)back != n || memcmp(a, plain, n) != 0)
		return false;
	size_t on = (size_t)bn;
	return srtp_open(&ours_in, b, &on, 0) == SRTP_OK && on == n && memcmp(b, plain, n) == 0;
}

static bool rtcp_both_ways(uint32_t ssrc)
{
	uint8_t plain[400], a[400], b[400];
	size_t n = 8 + 4 * chance(60), an = n;
	int bn = (int)n;

	rand_bytes(plain, sizeof plain);
	memcpy(plain, "\x81\xc9\x00\x07", 4);
	for (int i = 0; i < 4; i++)
		plain[4 + i] = (uint8_t)(ssrc >> (24 - 8 * i));
	memcpy(a, plain, n);
	memcpy(b, plain, n);
	/* libsrtp's first SRTCP index is 1, ours 0: each opens the other's, the octets differ */
	if (srtcp_seal(&ours_out, a, &an) != SRTP_OK || srtp_protect_rtcp(theirs_out, b, &bn) != srtp_err_status_ok ||
	    (size_t)bn != an)
		return false;
	int back = (int)an;
	if (srtp_unprotect_rtcp(theirs_in, a, &back) != srtp_err_status_ok || (size_t)back != n || memcmp(a, plain, n) != 0)
		return false;
	size_t on = (size_t)bn;
	return srtcp_open(&ours_in, b, &on) == SRTP_OK && on == n && memcmp(b, plain, n) == 0;
}

static void each_opens_what_the_other_sealed(enum sdp_suite suite)
{
	uint16_t seq[3] = {65000, 0, 30000};

	CHECK(begin(suite));
	for (int i = 0; i < ROUNDS; i++) {
		uint32_t which = chance(3), step = chance(20) ? 1 : 1 + chance(300);
		seq[which] = (uint16_t)(seq[which] + step);
		CHECK(both_ways(0x1000 + which, seq[which], chance(10) == 0));
		if (chance(20) == 0)
			CHECK(rtcp_both_ways(0x1000 + which));
	}
	end();
}

static void suite_cm128(void)
{
	each_opens_what_the_other_sealed(SDP_AES_CM_128_HMAC_SHA1_80);
}
static void suite_cm256(void)
{
	each_opens_what_the_other_sealed(SDP_AES_256_CM_HMAC_SHA1_80);
}
static void suite_gcm128(void)
{
	each_opens_what_the_other_sealed(SDP_AEAD_AES_128_GCM);
}
static void suite_gcm256(void)
{
	each_opens_what_the_other_sealed(SDP_AEAD_AES_256_GCM);
}

/* Any one bit of a packet of theirs turned over, and its replay, are refused here. */
static void nothing_forged_is_opened(void)
{
	for (int suite = 0; suite < SDP_SUITE_N; suite++) {
		uint8_t plain[PACKET_MAX + SRTP_GROWS], a[sizeof plain];
		CHECK(begin((enum sdp_suite)suite));
		int n = (int)random_rtp(plain, 77, 1000);
		CHECK(srtp_protect(theirs_out, plain, &n) == srtp_err_status_ok);
		for (int bit = 0; bit < 8 * n; bit += 1 + (int)chance(5)) {
			size_t k = (size_t)n;
			memcpy(a, plain, k);
			a[bit / 8] ^= (uint8_t)(1 << bit % 8);
			CHECK(srtp_open(&ours_in, a, &k, 0) != SRTP_OK);
		}
		size_t k = (size_t)n;
		memcpy(a, plain, k);
		CHECK(srtp_open(&ours_in, a, &k, 0) == SRTP_OK);
		k = (size_t)n;
		CHECK(srtp_open(&ours_in, plain, &k, 0) == SRTP_REPLAYED);
		end();
	}
}

int main(void)
{
	if (srtp_err_status_ok != srtp_init()) {
		fprintf(stderr, "libsrtp2 does not start\n");
		return 1;
	}
	RUN(suite_cm128);
	RUN(suite_cm256);
	RUN(suite_gcm128);
	RUN(suite_gcm256);
	RUN(nothing_forged_is_opened);
	return TEST_END;
}
