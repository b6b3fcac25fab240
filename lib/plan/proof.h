/* SPDX-License-Identifier: ISC */
/* Does a signature speak for the number of a caller from outside (R18; RFC 8224 6.2, RFC 8226 9, RFC 8588)? Pure: all but the
 * arithmetic of the curve, which signer does, and whether it was used before, which core remembers. No way through here ends
 * in PROOF_VERIFIED: the best that it says is whose key must have signed. */
#ifndef PLAN_PROOF_H
#define PLAN_PROOF_H

#include "plan/incoming.h"
#include "wire/passport.h"

enum {
	SIGNERS_MAX = 16,
	ANCHORS_MAX = 24,
	SIGNER_RANGES_MAX = 16,
	SIGNER_POINT = 64,
	PROOF_FRESH_S = 60, /* RFC 8224 6.2.2 */
};

/* Numbers of one length, as digits of E.164. */
struct signer_range {
	uint64_t first, last;
};

/* A certificate of the local store. */
struct plan_signer {
	uint8_t x5u[PASSPORT_HASH];  /* SHA-256 of the URL that a PASSporT names it by */
	uint8_t point[SIGNER_POINT]; /* P-256, x and y */
	int64_t from_s, until_s;     /* of it and of the chain above it, wall clock */
	uint8_t any;                 /* it names a provider (spc), so its numbers are not listed in it */
	uint8_t ranges;
	uint8_t zero[6];
	struct signer_range range[SIGNER_RANGES_MAX];
};

/* A certificate that chains of the store end at: when it ends, for whoever must renew it. */
struct plan_anchor {
	int64_t until_s;
	uint8_t id[8]; /* of its fingerprint */
};

struct plan_signers {
	uint8_t n, anchors;
	uint8_t zero[6];
	struct plan_anchor anchor[ANCHORS_MAX];
	struct plan_signer signer[SIGNERS_MAX];
};

struct proof_question {
	const struct passport *passport; /* NULL: none came */
	const char *caller;              /* canonical; empty: withheld, or not understood */
	const char *called;              /* as the Request-URI says, canonical; anything else than E.164 is nobody's */
	const char *to;                  /* as the To header says, canonical; empty: not understood */
	int64_t wall_s;
	int64_t since_s; /* from when on uses are remembered */
};

struct proof_answer {
	uint8_t proof;                    /* enum incoming_proof: NONE or FAILED, unless there is a signer */
	const struct plan_signer *signer; /* its key must have signed; NULL: that does not matter any more */
	const char *text;                 /* why not, static; NULL with a signer */
};

struct proof_answer plan_proof(const struct plan_signers *s, const struct proof_question *q);

/* A call may be signed for in several ways (RFC 8224 6.2): the one that is worth most here is judged, and 0 is none. By a certificate of the
 * store before others, and in full before in part. */
unsigned plan_proof_worth(const struct plan_signers *s, const struct passport *p);

/* As conf could have made it. */
bool plan_signers_ok(const struct plan_signers *s);

#endif
