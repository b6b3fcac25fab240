/* SPDX-License-Identifier: ISC */
/* HTTP digest as SIP uses it (RFC 7616, RFC 8760), qop=auth; without qop (RFC 3261 22.4) as a client alone. Pure functions: who holds a hash calls
 * them. */
#ifndef WIRE_DIGEST_H
#define WIRE_DIGEST_H

#include "base/buf.h"

enum digest_alg {
	DIGEST_MD5, /* also what an absent algorithm means */
	DIGEST_SHA256,
	DIGEST_SHA512_256,
	DIGEST_OTHER /* "-sess" forms included: never computed */
};

enum digest_qop { DIGEST_QOP_NONE, DIGEST_QOP_AUTH, DIGEST_QOP_AUTH_INT, DIGEST_QOP_OTHER };

enum { DIGEST_MAX = 32, DIGEST_HEX_MAX = 64 };

enum digest_alg digest_alg_find(struct span name);
size_t digest_len(enum digest_alg alg); /* octets: 16 or 32; 0 for OTHER */

/* HA1 = H(user:realm:password) as octets, digest_len() of them. */
bool digest_ha1(
    enum digest_alg alg, struct span user, struct span realm, struct span password, uint8_t out[DIGEST_MAX]);

struct digest_input {
	enum digest_alg alg;
	const uint8_t *ha1; /* digest_len(alg) octets; hex text goes through span_unhex() first */
	struct span method, uri, nonce, cnonce;
	uint32_t nc;
	bool no_qop; /* as a challenge without qop wants it: no cnonce and no count are hashed in */
};

/* The response as octets; buf_hex() writes it. False for DIGEST_OTHER. */
bool digest_response(const struct digest_input *in, uint8_t out[DIGEST_MAX]);

/* Is this hex text the right response? Takes the same time wherever the two differ. */
bool digest_check(const struct digest_input *in, struct span response);

struct digest_challenge_out {
	struct span realm, nonce, opaque; /* opaque may be empty */
	enum digest_alg alg;
	bool stale;
};

/* Value of WWW-Authenticate, without the name: Digest realm="...", nonce="...", ... A quote, backslash or
 * control character inside sets b->full. */
void digest_put_challenge(struct buf *b, const struct digest_challenge_out *c);

/* Value of Authorization, as a client towards a trunk. */
struct digest_credentials_out {
	struct span user, realm, opaque;
	struct digest_input in;
	struct span response; /* hex, made by who holds the hash; empty: made here, from in.ha1 */
};
void digest_put_credentials(struct buf *b, const struct digest_credentials_out *c);

#endif
