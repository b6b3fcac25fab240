/* SPDX-License-Identifier: ISC */
/* The client's side of digest access authentication (RFC 7616, RFC 8760): whatever algorithm the challenge
 * names. */
#ifndef LOAD_DIGEST_H
#define LOAD_DIGEST_H

#include "text.h"
#include <gnutls/crypto.h>

struct digest {
	char realm[128], nonce[256], opaque[256];
	const char *name; /* of the algorithm, as it is written; NULL = no challenge was met yet */
	gnutls_digest_algorithm_t hash;
	bool qop, proxy;
	uint32_t nc;
};

/* The first challenge of a 401 or 407 whose algorithm is MD5, SHA-256 or SHA-512-256. */
bool digest_challenge(const struct text *t, struct digest *d);

/* The header line that answers it, CRLF included; nc rises by one. False if it does not fit. */
bool digest_answer(struct digest *d, const char *user, const char *password, const char *method,
    const char *uri, char *out, size_t cap);

#endif
