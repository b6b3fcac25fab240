/* SPDX-License-Identifier: ISC */
#include "vault/cert_self.h"
#include "vault/der.h"

/* CN=media */
#define NAME "\x30\x10\x31\x0e\x30\x0c\x06\x03\x55\x04\x03\x0c\x05media"
#define VALIDITY           \
	"\x30\x20\x17\x0d" \
	"200101000000Z"    \
	"\x18\x0f"         \
	"99991231235959Z"

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
	uint8_t mem[2][CERT_SELF_MAX];
	struct buf what = buf_of(mem[0], CERT_SELF_MAX), whole = buf_of(mem[1], CERT_SELF_MAX);

	put_serial(&what, serial);
	BUF_LIT(&what, DER_ECDSA_SHA256 NAME VALIDITY NAME DER_P256_KEY);
	buf_put(&what, point, P256_POINT);
	der_put(&whole, DER_SEQUENCE, buf_span(&what));
	der_put_signed(der, &whole, k);
}
