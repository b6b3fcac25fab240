/* SPDX-License-Identifier: ISC */
/* The little of DER that is written by hand, for who holds a key and links no library that parses. */
#ifndef VAULT_DER_H
#define VAULT_DER_H

#include "vault/p256.h"

enum {
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_UTF8_STRING = 0x0c,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
	DER_CONTEXT = 0x80, /* | number */
	DER_CONTEXT_SET = 0xa0,
};

/* id-ecPublicKey on prime256v1 (RFC 5480), up to the uncompressed point, which follows it */
#define DER_P256_KEY \
	"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00\x04"
/* ecdsa-with-SHA256 (RFC 5758) */
#define DER_ECDSA_SHA256 "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"

/* At most 65535 octets of body. */
void der_put(struct buf *b, uint8_t tag, struct span body);

/* SEQUENCE { what, algorithm, signature of it }: a certificate or a request. what has room for the two more. */
void der_put_signed(struct buf *b, struct buf *what, const struct p256_key *k);

#endif
