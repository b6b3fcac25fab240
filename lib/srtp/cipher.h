/* SPDX-License-Identifier: ISC */
/* The transforms of SRTP: AES in counter mode with HMAC-SHA1 (RFC 3711, 6188) and AES-GCM (RFC 7714), their session keys, and
 * the contexts that are kept for each stream: key schedule, GHASH table, inner and outer state of HMAC. */
#ifndef SRTP_CIPHER_H
#define SRTP_CIPHER_H

#include "wire/sdp.h"
#include <nettle/aes.h>
#include <nettle/gcm.h>
#include <nettle/hmac.h>

enum { SRTP_TAG_MAX = 16, SRTP_SALT = 14, SRTP_AUTH = 20 };

/* What is derived from the master key for RTP or for RTCP (RFC 3711 4.3.1). */
struct srtp_session {
	uint8_t key[AES256_KEY_SIZE], auth[SRTP_AUTH], salt[SRTP_SALT];
};

struct srtp_cipher {
	union {
		struct {
			union {
				struct aes128_ctx k128;
				struct aes256_ctx k256;
			} aes;
			struct hmac_sha1_ctx mac;
		} cm;
		struct gcm_aes128_ctx gcm128;
		struct gcm_aes256_ctx gcm256;
	} u;
	uint8_t salt[SRTP_SALT];
};

/* One packet, in place. */
struct srtp_text {
	uint8_t *p;
	size_t head_n; /* authenticated only */
	size_t n;      /* head and what is encrypted */
	uint32_t ssrc;
	uint64_t index;
	uint32_t word; /* authenticated too: roll-over counter, or E and index of SRTCP */
	bool rtcp;
};

size_t srtp_key_len(enum sdp_suite suite); /* master key and salt */
size_t srtp_tag_len(enum sdp_suite suite);
bool srtp_is_aead(enum sdp_suite suite);

void srtp_derive(struct srtp_session *out, enum sdp_suite suite, const uint8_t *master, bool rtcp);
void cipher_set(struct srtp_cipher *c, enum sdp_suite suite, const struct srtp_session *keys);

/* Encrypt, and write the tag. */
void cipher_seal(struct srtp_cipher *c, enum sdp_suite suite, const struct srtp_text *t, uint8_t *tag);
/* Decrypt if the tag is right; otherwise the text is as it was. */
bool cipher_open(struct srtp_cipher *c, enum sdp_suite suite, const struct srtp_text *t, const uint8_t *tag)
    __attribute__((warn_unused_result));

#endif
