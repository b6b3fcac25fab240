/* SPDX-License-Identifier: ISC */
#include "vault/cert_self.h"
#include <nettle/sha2.h>

enum { DER_INTEGER = 0x02, DER_BIT_STRING = 0x03, DER_SEQUENCE = 0x30 };

/* ecdsa-with-SHA256 (RFC 5758) */
#define ALGORITHM "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"
/* CN=media */
#define NAME "\x30\x10\x31\x0e\x30\x0c\x06\x03\x55\x04\x03\x0c\x05media"
#define VALIDITY           \
	"\x30\x20\x17\x0d" \
	"200101000000Z"    \
	"\x18\x0f"         \
	"99991231235959Z"
/* id-ecPublicKey on prime256v1 (RFC 5480), then the uncompressed point */
#define PUBLIC_KEY \
	"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00\x04"

static void put_sequence(struct buf *b, struct span body)
{
	buf_u8(b, DER_SEQUENCE);
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

static void put_serial(struct buf *b, const uint8_t serial[8])
{
	buf_u8(b, DER_INTEGER);
	buf_u8(b, 8);
	buf_u8(b, (serial[0] & 0x3f) | 0x40); /* positive, and no leading zero */
	buf_put(b, serial + 1, 7);
}

void cert_write_self(
    const struct p256_key *k, const uint8_t point[P256_POINT], const uint8_t serial[8], struct buf *der)
{
	uint8_t mem[3][CERT_SELF_MAX], hash[P256_HASH];
	struct buf what = buf_of(mem[0], CERT_SELF_MAX), whole = buf_of(mem[1], CERT_SELF_MAX),
		   signature = buf_of(mem[2], CERT_SELF_MAX);
	struct sha256_ctx h;

	put_serial(&what, serial);
	BUF_LIT(&what, ALGORITHM NAME VALIDITY NAME PUBLIC_KEY);
	buf_put(&what, point, P256_POINT);
	put_sequence(&whole, buf_span(&what));
	sha256_init(&h);
	sha256_update(&h, whole.n, whole.p);
	sha256_digest(&h, sizeof hash, hash);
	p256_sign(k, hash, &signature);
	BUF_LIT(&whole, ALGORITHM);
	buf_u8(&whole, DER_BIT_STRING);
	buf_u8(&whole, (uint8_t)(signature.n + 1));
	buf_u8(&whole, 0);
	buf_add(&whole, buf_span(&signature));
	put_sequence(der, buf_span(&whole));
}
