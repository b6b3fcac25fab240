/* SPDX-License-Identifier: ISC */
/* A PASSporT (RFC 8225) as the Identity header of an INVITE carries it (RFC 8224), with the attestation of SHAKEN (RFC 8588),
 * as typed fields. Only the full form is read, and of JSON only what RFC 8225 9 has a signer write: no white space, no
 * escapes, each member once. Nothing here is verified: that is core's, with signer. */
#ifndef WIRE_PASSPORT_H
#define WIRE_PASSPORT_H

#include "base/span.h"

enum {
	PASSPORT_TEXT_MAX = 2048, /* the whole header */
	PASSPORT_DESTS_MAX = 8,   /* numbers it is for */
	PASSPORT_TN_MAX = 15,     /* digits of E.164 */
	PASSPORT_URL_MAX = 256,   /* of the certificate */
	PASSPORT_HASH = 32,
	PASSPORT_SIGNATURE = 64, /* r and s, RFC 7518 3.4 */
};

enum passport_kind {
	PASSPORT_NONE, /* no header */
	PASSPORT_READ, /* all that is below */
	PASSPORT_OTHER, /* one that nobody here judges: another extension, the compact form, claims or an origin of other kinds */
	PASSPORT_BAD, /* it breaks its RFC, or names another algorithm than ES256 */
	PASSPORT_KINDS
};

struct passport {
	uint8_t kind; /* enum passport_kind; what is not READ has nothing below */
	uint8_t
	    attest; /* 'A', 'B' or 'C' of SHAKEN; 0: a PASSporT without extension, whose signer speaks for the number itself */
	uint8_t dests;
	uint8_t zero[5];
	uint64_t iat_s;                 /* seconds since 1970, wall clock */
	char orig[PASSPORT_TN_MAX + 1]; /* digits */
	char dest[PASSPORT_DESTS_MAX][PASSPORT_TN_MAX + 1];
	uint8_t x5u[PASSPORT_HASH];  /* SHA-256 of the URL of the certificate */
	uint8_t hash[PASSPORT_HASH]; /* SHA-256 of what was signed */
	uint8_t signature[PASSPORT_SIGNATURE];
};

/* header: the value of one Identity header. Always sets all of *out; NULL, or a static reason why its kind is OTHER or BAD. */
const char *passport_read(struct span header, struct passport *out);

/* Every field as passport_read() could have set it. */
bool passport_ok(const void *passport);

/* How the URL of a certificate is compared: as the octets that stand there. */
void passport_url_hash(struct span url, uint8_t out[PASSPORT_HASH]);

/* An https URL without user, fragment or what would end it in a header. */
bool passport_url_ok(struct span url);

#endif
