/* SPDX-License-Identifier: ISC */
/* A key that stood in signalling is called readable when the tag of a packet verifies under it. */
#include "audit/judge.h"
#include "base/secret.h"
#include "srtp/cipher.h"
#include "wire/rtp.h"

enum { TAG_32 = 4, TAG_80 = 10, ROC_MAX = 3 };

static const enum sdp_suite suites[SEEN_SUITES] = {
    [SEEN_CM_128_80] = SDP_AES_CM_128_HMAC_SHA1_80,
    [SEEN_CM_256_80] = SDP_AES_256_CM_HMAC_SHA1_80,
    [SEEN_GCM_128] = SDP_AEAD_AES_128_GCM,
    [SEEN_GCM_256] = SDP_AEAD_AES_256_GCM,
    [SEEN_CM_128_32] = SDP_AES_CM_128_HMAC_SHA1_80, /* the same keys, a shorter tag */
};

/* lib/srtp has no suite with tags of 32 bits, on purpose. */
static bool short_tag_ok(struct srtp_cipher *c, struct srtp_text *t, const uint8_t *tag)
{
	uint8_t want[TAG_80], roc[4] = {0, 0, 0, (uint8_t)t->word};

	hmac_sha1_update(&c->u.cm.mac, t->n, t->p);
	hmac_sha1_update(&c->u.cm.mac, sizeof roc, roc);
	hmac_sha1_digest(&c->u.cm.mac, sizeof want, want);
	return memcmp(want, tag, TAG_32) == 0;
}

/* out: a copy of the packet, decrypted when the tag is right; then its octets without the tag. */
static size_t open_with(const struct seen_key *k, struct span packet, const struct rtp *r, uint32_t roc, uint8_t *out)
{
	struct srtp_session session;
	struct srtp_cipher cipher;
	bool is_short = k->suite == SEEN_CM_128_32, ok;
	size_t tag = is_short ? TAG_32 : srtp_tag_len(suites[k->suite]);
	uint8_t ignored[SRTP_TAG_MAX];

	if (r->payload_len <= tag)
		return 0;
	memcpy(out, packet.p, packet.n);
	struct srtp_text t = {.p = out,
	    .head_n = r->payload_at,
	    .n = packet.n - tag,
	    .ssrc = r->ssrc,
	    .index = (uint64_t)roc << 16 | r->seq,
	    .word = roc};
	srtp_derive(&session, suites[k->suite], k->key, false);
	cipher_set(&cipher, suites[k->suite], &session);
	if (is_short) {
		ok = short_tag_ok(&cipher, &t, out + t.n);
		if (ok)
			cipher_seal(&cipher, suites[k->suite], &t, ignored); /* counter mode undoes itself */
	} else {
		ok = cipher_open(&cipher, suites[k->suite], &t, out + t.n);
	}
	secret_wipe(&session, sizeof session);
	secret_wipe(&cipher, sizeof cipher);
	return ok ? t.n : 0;
}

size_t srtp_seen_open(const struct audit *a, const struct leg *l, struct span packet, uint8_t out[SAMPLE_MAX])
{
	struct rtp r;
	size_t n = 0;

	if (packet.n > SAMPLE_MAX || !rtp_parse(packet, &r))
		return 0;
	for (uint32_t i = l->keys; i != NONE && n == 0; i = a->key[i].next)
		for (uint32_t roc = 0; roc <= ROC_MAX && n == 0; roc++)
			n = open_with(&a->key[i], packet, &r, roc, out);
	return n;
}

bool sample_proved(const struct audit *a, const struct leg *l, const struct sample *sample)
{
	uint8_t clear[SAMPLE_MAX];
	bool ok = srtp_seen_open(a, l, span_of(sample->data, sample->n), clear) > 0;

	secret_wipe(clear, sizeof clear);
	return ok;
}
