/* SPDX-License-Identifier: ISC */
#include "srtp/cipher.h"
#include "base/secret.h"
#include <nettle/ctr.h>

enum { CM_TAG = 10, GCM_TAG = 16, WORD = 4 };

/* labels of RFC 3711 4.3.2; those of RTCP are 3 more */
enum { LABEL_KEY, LABEL_AUTH, LABEL_SALT, LABELS };

static void put_u32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static void mix(uint8_t *p, uint64_t v, unsigned octets)
{
	for (unsigned i = 0; i < octets; i++)
		p[i] ^= (uint8_t)(v >> 8 * (octets - 1 - i));
}

/* --- counter mode with HMAC --- */

static void cm_iv(const struct srtp_cipher *c, const struct srtp_text *t, uint8_t iv[AES_BLOCK_SIZE])
{
	memcpy(iv, c->salt, SRTP_SALT);
	iv[14] = iv[15] = 0;
	mix(iv + 4, t->ssrc, 4);
	mix(iv + 8, t->index, 6);
}

static void cm_mac(struct srtp_cipher *c, const struct srtp_text *t, uint8_t tag[CM_TAG])
{
	uint8_t word[WORD];

	put_u32(word, t->word);
	hmac_sha1_update(&c->u.cm.mac, t->n, t->p);
	hmac_sha1_update(&c->u.cm.mac, sizeof word, word);
	hmac_sha1_digest(&c->u.cm.mac, CM_TAG, tag);
}

static void cm_crypt(struct srtp_cipher *c, nettle_cipher_func *f, const struct srtp_text *t)
{
	uint8_t iv[AES_BLOCK_SIZE], *body = t->p + t->head_n;

	cm_iv(c, t, iv);
	ctr_crypt(&c->u.cm.aes, f, AES_BLOCK_SIZE, iv, t->n - t->head_n, body, body);
}

static void cm128_crypt(struct srtp_cipher *c, const struct srtp_text *t)
{
	cm_crypt(c, (nettle_cipher_func *)aes128_encrypt, t);
}

static void cm256_crypt(struct srtp_cipher *c, const struct srtp_text *t)
{
	cm_crypt(c, (nettle_cipher_func *)aes256_encrypt, t);
}

static void cm128_set(struct srtp_cipher *c, const struct srtp_session *k)
{
	aes128_set_encrypt_key(&c->u.cm.aes.k128, k->key);
	hmac_sha1_set_key(&c->u.cm.mac, SRTP_AUTH, k->auth);
}

static void cm256_set(struct srtp_cipher *c, const struct srtp_session *k)
{
	aes256_set_encrypt_key(&c->u.cm.aes.k256, k->key);
	hmac_sha1_set_key(&c->u.cm.mac, SRTP_AUTH, k->auth);
}

/* --- GCM --- */

static void gcm_iv(const struct srtp_cipher *c, const struct srtp_text *t, uint8_t iv[GCM_IV_SIZE])
{
	memcpy(iv, c->salt, GCM_IV_SIZE);
	mix(iv + 2, t->ssrc, 4);
	mix(iv + 6, t->index, 6);
}

/* RTCP: head and the word that follows the tag are one text (RFC 7714 9.2). */
static struct span gcm_aad(const struct srtp_text *t, uint8_t room[16])
{
	if (!t->rtcp)
		return span_of(t->p, t->head_n);
	memcpy(room, t->p, t->head_n);
	put_u32(room + t->head_n, t->word);
	return span_of(room, t->head_n + WORD);
}

static void gcm128_begin(struct srtp_cipher *c, const struct srtp_text *t)
{
	uint8_t iv[GCM_IV_SIZE], room[16];
	struct span aad = gcm_aad(t, room);

	gcm_iv(c, t, iv);
	gcm_aes128_set_iv(&c->u.gcm128, sizeof iv, iv);
	gcm_aes128_update(&c->u.gcm128, aad.n, aad.p);
}

static void gcm256_begin(struct srtp_cipher *c, const struct srtp_text *t)
{
	uint8_t iv[GCM_IV_SIZE], room[16];
	struct span aad = gcm_aad(t, room);

	gcm_iv(c, t, iv);
	gcm_aes256_set_iv(&c->u.gcm256, sizeof iv, iv);
	gcm_aes256_update(&c->u.gcm256, aad.n, aad.p);
}

static void gcm128_seal(struct srtp_cipher *c, const struct srtp_text *t, uint8_t *tag)
{
	uint8_t *body = t->p + t->head_n;

	gcm128_begin(c, t);
	gcm_aes128_encrypt(&c->u.gcm128, t->n - t->head_n, body, body);
	gcm_aes128_digest(&c->u.gcm128, GCM_TAG, tag);
}

static void gcm256_seal(struct srtp_cipher *c, const struct srtp_text *t, uint8_t *tag)
{
	uint8_t *body = t->p + t->head_n;

	gcm256_begin(c, t);
	gcm_aes256_encrypt(&c->u.gcm256, t->n - t->head_n, body, body);
	gcm_aes256_digest(&c->u.gcm256, GCM_TAG, tag);
}

static bool gcm128_open(struct srtp_cipher *c, const struct srtp_text *t, const uint8_t *tag)
{
	uint8_t *body = t->p + t->head_n, want[GCM_TAG];

	gcm128_begin(c, t);
	gcm_aes128_decrypt(&c->u.gcm128, t->n - t->head_n, body, body);
	gcm_aes128_digest(&c->u.gcm128, GCM_TAG, want);
	if (secret_eq(want, tag, GCM_TAG))
		return true;
	gcm128_seal(c, t, want); /* counter mode undoes itself */
	return false;
}

static bool gcm256_open(struct srtp_cipher *c, const struct srtp_text *t, const uint8_t *tag)
{
	uint8_t *body = t->p + t->head_n, want[GCM_TAG];

	gcm256_begin(c, t);
	gcm_aes256_decrypt(&c->u.gcm256, t->n - t->head_n, body, body);
	gcm_aes256_digest(&c->u.gcm256, GCM_TAG, want);
	if (secret_eq(want, tag, GCM_TAG))
		return true;
	gcm256_seal(c, t, want);
	return false;
}

static void gcm128_set(struct srtp_cipher *c, const struct srtp_session *k)
{
	gcm_aes128_set_key(&c->u.gcm128, k->key);
}

static void gcm256_set(struct srtp_cipher *c, const struct srtp_session *k)
{
	gcm_aes256_set_key(&c->u.gcm256, k->key);
}

/* --- the suites --- */

static void cm128_seal(struct srtp_cipher *c, const struct srtp_text *t, uint8_t *tag)
{
	cm128_crypt(c, t);
	cm_mac(c, t, tag);
}

static void cm256_seal(struct srtp_cipher *c, const struct srtp_text *t, uint8_t *tag)
{
	cm256_crypt(c, t);
	cm_mac(c, t, tag);
}

static bool cm128_open(struct srtp_cipher *c, const struct srtp_text *t, const uint8_t *tag)
{
	uint8_t want[CM_TAG];

	cm_mac(c, t, want);
	if (!secret_eq(want, tag, CM_TAG))
		return false;
	cm128_crypt(c, t);
	return true;
}

static bool cm256_open(struct srtp_cipher *c, const struct srtp_text *t, const uint8_t *tag)
{
	uint8_t want[CM_TAG];

	cm_mac(c, t, want);
	if (!secret_eq(want, tag, CM_TAG))
		return false;
	cm256_crypt(c, t);
	return true;
}

static const struct suite {
	uint8_t key, salt, tag;
	bool aead;
	void (*set)(struct srtp_cipher *c, const struct srtp_session *k);
	void (*seal)(struct srtp_cipher *c, const struct srtp_text *t, uint8_t *tag);
	bool (*open)(struct srtp_cipher *c, const struct srtp_text *t, const uint8_t *tag);
} suites[SDP_SUITE_N] = {
    [SDP_AES_CM_128_HMAC_SHA1_80] = {16, 14, CM_TAG, false, cm128_set, cm128_seal, cm128_open},
    [SDP_AES_256_CM_HMAC_SHA1_80] = {32, 14, CM_TAG, false, cm256_set, cm256_seal, cm256_open},
    [SDP_AEAD_AES_128_GCM] = {16, 12, GCM_TAG, true, gcm128_set, gcm128_seal, gcm128_open},
    [SDP_AEAD_AES_256_GCM] = {32, 12, GCM_TAG, true, gcm256_set, gcm256_seal, gcm256_open},
};

size_t srtp_key_len(enum sdp_suite suite)
{
	return (size_t)suites[suite].key + suites[suite].salt;
}

size_t srtp_tag_len(enum sdp_suite suite)
{
	return suites[suite].tag;
}

bool srtp_is_aead(enum sdp_suite suite)
{
	return suites[suite].aead;
}

/* --- session keys --- */

/* One derived value: the keystream at (master salt, label) (RFC 3711 4.3.3, RFC 6188 3, RFC 7714 11: a salt of 96 bits is
 * filled up with zeros). */
static void derive(const struct suite *s, const uint8_t *master, uint8_t label, uint8_t *out, size_t n)
{
	union {
		struct aes128_ctx k128;
		struct aes256_ctx k256;
	} aes;
	uint8_t iv[AES_BLOCK_SIZE] = {0};
	bool is_256 = s->key == AES256_KEY_SIZE;

	memcpy(iv, master + s->key, s->salt);
	iv[7] ^= label;
	if (is_256)
		aes256_set_encrypt_key(&aes.k256, master);
	else
		aes128_set_encrypt_key(&aes.k128, master);
	memset(out, 0, n);
	ctr_crypt(&aes, is_256 ? (nettle_cipher_func *)aes256_encrypt : (nettle_cipher_func *)aes128_encrypt,
	    AES_BLOCK_SIZE, iv, n, out, out);
	secret_wipe(&aes, sizeof aes);
}

void srtp_derive(struct srtp_session *out, enum sdp_suite suite, const uint8_t *master, bool rtcp)
{
	const struct suite *s = &suites[suite];
	uint8_t first = rtcp ? LABELS : 0;

	memset(out, 0, sizeof *out);
	derive(s, master, (uint8_t)(first + LABEL_KEY), out->key, s->key);
	derive(s, master, (uint8_t)(first + LABEL_AUTH), out->auth, sizeof out->auth);
	derive(s, master, (uint8_t)(first + LABEL_SALT), out->salt, s->salt);
}

void cipher_set(struct srtp_cipher *c, enum sdp_suite suite, const struct srtp_session *keys)
{
	suites[suite].set(c, keys);
	memcpy(c->salt, keys->salt, sizeof c->salt);
}

void cipher_seal(struct srtp_cipher *c, enum sdp_suite suite, const struct srtp_text *t, uint8_t *tag)
{
	suites[suite].seal(c, t, tag);
}

bool cipher_open(struct srtp_cipher *c, enum sdp_suite suite, const struct srtp_text *t, const uint8_t *tag)
{
	return suites[suite].open(c, t, tag);
}
