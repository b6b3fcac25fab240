/* SPDX-License-Identifier: ISC */
/* P-256 (FIPS 186-4 D.1.2.3) on hogweed, as plain octets: a key is its scalar, a point is x and y, all big-endian. */
#ifndef VAULT_P256_H
#define VAULT_P256_H

#include "base/buf.h"

enum {
	P256_SCALAR = 32,
	P256_POINT = 64,
	P256_HASH = 32,
	P256_SIGNATURE_MAX = 72, /* DER: two integers of at most 33 octets */
	P256_SIGNATURE_RAW = 64, /* r and s, RFC 7518 3.4 */
};

struct p256_key;

/* Freed numbers of the library are wiped from now on. Call once, before any other of these. */
void p256_init(void);

void p256_make(uint8_t scalar[P256_SCALAR], uint8_t point[P256_POINT]);

/* Is it a point of the curve, and not the one at infinity? */
bool p256_point_ok(const uint8_t point[P256_POINT]);

/* NULL when the scalar is out of range. */
struct p256_key *p256_key_new(const uint8_t scalar[P256_SCALAR]);
void p256_key_free(struct p256_key *k);

/* The key's own point. */
void p256_key_point(const struct p256_key *k, uint8_t point[P256_POINT]);

/* ECDSA over a 32-octet hash, appended as DER (RFC 3279 2.2.3). */
void p256_sign(const struct p256_key *k, const uint8_t hash[P256_HASH], struct buf *der);

/* The same for the same hash (RFC 6979), for what is asked for again and is to be what it was. */
void p256_sign_same(const struct p256_key *k, const uint8_t hash[P256_HASH], struct buf *der);

bool p256_verify(const uint8_t point[P256_POINT], const uint8_t hash[P256_HASH], struct span der);
bool p256_verify_raw(
    const uint8_t point[P256_POINT], const uint8_t hash[P256_HASH], const uint8_t rs[P256_SIGNATURE_RAW]);

#endif
