/* SPDX-License-Identifier: ISC */
#include "wire/dtls.h"

enum { EXTENSION_USE_SRTP = 14, EXTENSION_SESSION_TICKET = 35, EXTENSION_SUPPORTED_VERSIONS = 43 };

/* RFC 9147, 4: 001CSLEE. A connection id (C) is never negotiated for SRTP; its length would not be known. */
static bool unified_record(struct cursor *c, struct dtls_record *out)
{
	struct dtls_record r = {.type = DTLS_CIPHERTEXT};
	uint8_t first;
	uint16_t n;

	if (!cursor_u8(c, &first) || first & 0x10 || !cursor_skip(c, first & 0x08 ? 2 : 1))
		return false;
	r.epoch = first & 3;
	if (first & 0x04) {
		if (!cursor_u16(c, &n))
			return false;
	} else {
		n = (uint16_t)cursor_left(c);
	}
	if (n == 0 || !cursor_span(c, n, &r.body))
		return false;
	*out = r;
	return true;
}

static bool plain_record(struct cursor *c, struct dtls_record *out)
{
	struct dtls_record r;
	uint16_t seq_high, n;
	uint32_t seq_low;

	if (!cursor_u8(c, &r.type) || !cursor_u16(c, &r.version) || r.version >> 8 != 0xfe ||
	    !cursor_u16(c, &r.epoch) || !cursor_u16(c, &seq_high) || !cursor_u32(c, &seq_low) || !cursor_u16(c, &n) ||
	    !cursor_span(c, n, &r.body))
		return false;
	r.seq = (uint64_t)seq_high << 32 | seq_low;
	*out = r;
	return true;
}

bool dtls_next_record(struct cursor *c, struct dtls_record *out)
{
	struct cursor at = *c;

	if (cursor_left(&at) == 0 || cursor_left(&at) > UINT16_MAX)
		return false;
	if (!(at.p[0] >> 5 == 1 ? unified_record(&at, out) : plain_record(&at, out)))
		return false;
	*c = at;
	return true;
}

bool dtls_next_handshake(struct cursor *c, struct dtls_handshake *out)
{
	struct cursor at = *c;
	struct dtls_handshake h;
	uint32_t n;

	if (!cursor_u8(&at, &h.type) || !cursor_u24(&at, &h.length) || !cursor_u16(&at, &h.seq) ||
	    !cursor_u24(&at, &h.fragment_at) || !cursor_u24(&at, &n) || n > h.length || h.fragment_at > h.length - n ||
	    !cursor_span(&at, n, &h.fragment))
		return false;
	*out = h;
	*c = at;
	return true;
}

/* RFC 5764, 4.1.1: the answer holds one profile and an MKI, which would stand in every packet and is not
 * accepted. */
static bool read_use_srtp(struct cursor v, uint16_t *profile)
{
	uint16_t n;
	uint8_t mki;

	return cursor_u16(&v, &n) && n == 2 && cursor_u16(&v, profile) && cursor_u8(&v, &mki) && mki == 0 &&
	       cursor_left(&v) == 0;
}

static bool read_extensions(struct cursor c, struct dtls_server_hello *h)
{
	while (cursor_left(&c)) {
		uint16_t type, n;
		struct cursor v;
		if (!cursor_u16(&c, &type) || !cursor_u16(&c, &n) || !cursor_sub(&c, n, &v))
			return false;
		if (type == EXTENSION_USE_SRTP && !read_use_srtp(v, &h->srtp_profile))
			return false;
		h->ticket |= type == EXTENSION_SESSION_TICKET;
		if (type == EXTENSION_SUPPORTED_VERSIONS && !cursor_u16(&v, &h->version))
			return false;
	}
	return true;
}

bool dtls_server_hello(struct span body, struct dtls_server_hello *out)
{
	/* SHA-256 of "HelloRetryRequest" (RFC 8446, 4.1.3) */
	static const uint8_t retry[32] = {0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e,
	    0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33,
	    0x9c};
	struct cursor c = cursor_of(body), extensions;
	struct dtls_server_hello h = {0};
	struct span random;
	uint8_t id_len;
	uint16_t n;

	if (!cursor_u16(&c, &h.version) || !cursor_span(&c, sizeof retry, &random) || !cursor_u8(&c, &id_len) ||
	    id_len > 32 || !cursor_skip(&c, id_len) || !cursor_skip(&c, 2 + 1))
		return false;
	memcpy(h.random, random.p, sizeof h.random);
	h.retry = memcmp(random.p, retry, sizeof retry) == 0;
	if (cursor_left(&c)) {
		if (!cursor_u16(&c, &n) || !cursor_sub(&c, n, &extensions) || cursor_left(&c) ||
		    !read_extensions(extensions, &h))
			return false;
	}
	*out = h;
	return true;
}

uint8_t dtls_profile_tag_len(uint16_t profile)
{
	switch (profile) {
	case 0x0001: /* SRTP_AES128_CM_HMAC_SHA1_80 */
		return 10;
	case 0x0002: /* SRTP_AES128_CM_HMAC_SHA1_32 */
		return 4;
	case 0x0007: /* SRTP_AEAD_AES_128_GCM */
	case 0x0008: /* SRTP_AEAD_AES_256_GCM */
		return 16;
	default: /* 0x0005 and 0x0006 do not encrypt */
		return 0;
	}
}
