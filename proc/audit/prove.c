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

static bool verifies(const struct seen_key *k, const struct sample *sample, const struct rtp *r, uint32_t roc)
{
	uint8_t packet[SAMPLE_MAX];
	struct srtp_session session;
	struct srtp_cipher cipher;
	size_t tag = k->suite == SEEN_CM_128_32 ? TAG_32 : srtp_tag_len(suites[k->suite]);

	if (r->payload_len <= tag)
		return false;
	memcpy(packet, sample->data, sample->n);
	struct srtp_text t = {.p = packet,
	    .head_n = r->payload_at,
	    .n = sample->n - tag,
	    .ssrc = r->ssrc,
	    .index = (uint64_t)roc << 16 | r->seq,
	    .word = roc};
	srtp_derive(&session, suites[k->suite], k->key, false);
	cipher_set(&cipher, suites[k->suite], &session);
	bool ok = k->suite == SEEN_CM_128_32 ? short_tag_ok(&cipher, &t, packet + t.n)
	                                     : cipher_open(&cipher, suites[k->suite], &t, packet + t.n);
	secret_wipe(&session, sizeof session);
	secret_wipe(&cipher, sizeof cipher);
	secret_wipe(packet, sizeof packet);
	return ok;
}

bool sample_proved(const struct audit *a, const struct leg *l, const struct sample *sample)
{
	struct rtp r;

	if (!rtp_parse(span_of(sample->data, sample->n), &r))
		return false;
	for (uint32_t i = l->keys; i != NONE; i = a->key[i].next)
		for (uint32_t roc = 0; roc <= ROC_MAX; roc++)
			if (verifies(&a->key[i], sample, &r, roc))
				return true;
	return false;
}
