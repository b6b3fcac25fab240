/* SPDX-License-Identifier: ISC */
#include "vault/der.h"
#include <nettle/sha2.h>

void der_put(struct buf *b, uint8_t tag, struct span body)
{
	buf_u8(b, tag);
	if (body.n > 0xff) {
		buf_u8(b, 0x82);
		buf_u16(b, (uint16_t)body.n);
	} else {
		if (body.n > 0x7f)
			buf_u8(b, 0x81);
		buf_u8(b, (uint8_t)body.n);
	}
	buf_add(b, body);
}

void der_put_signed(struct buf *b, struct buf *what, const struct p256_key *k)
{
	uint8_t mem[P256_SIGNATURE_MAX + 1] = {0}, hash[P256_HASH];
	struct buf signature = {.p = mem, .n = 1, .cap = sizeof mem}; /* no unused bits */
	struct sha256_ctx h;

	sha256_init(&h);
	sha256_update(&h, what->n, what->p);
	sha256_digest(&h, sizeof hash, hash);
	p256_sign_same(k, hash, &signature);
	BUF_LIT(what, DER_ECDSA_SHA256);
	der_put(what, DER_BIT_STRING, buf_span(&signature));
	der_put(b, DER_SEQUENCE, buf_span(what));
	b->full |= what->full;
}
