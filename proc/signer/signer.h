/* SPDX-License-Identifier: ISC */
/* signer: the server's key, the one of DTLS and those of trunks. An edge, or media, sends the hash of a handshake and gets a signature; no key
 * ever leaves. */
#ifndef SIGNER_SIGNER_H
#define SIGNER_SIGNER_H

#include "ipc/child.h"
#include "vault/cert.h"
#include "vault/p256.h"
#include "vault/store.h"

/* Numbers are on disk: none is ever used for another thing. */
enum signer_type {
	SIGNER_KEY = 1,        /* "" -> scalar, point */
	SIGNER_LEAF = 2,       /* "" -> end in ms, digest of the site, certificate */
	SIGNER_CA = 3,         /* "" -> certificate */
	SIGNER_DTLS_KEY = 4,   /* "" -> scalar, point */
	SIGNER_DTLS_CERT = 5,  /* "" -> certificate, signed by itself */
	SIGNER_TRUNK_KEY = 6,  /* name -> scalar, point */
	SIGNER_TRUNK_NEXT = 7, /* name -> scalar, point, which wait for a certificate of theirs */
};

enum {
	SIGNER_OWN_KEYS = SIGN_TRUNK, /* that it makes by itself */
	SIGNER_RENEW_DAYS = 30,
	SIGNER_ASK_EVERY_MS = 3000, /* while there is no answer */
};

struct signer {
	struct store store;
	struct p256_key *key[SIGNER_OWN_KEYS];
	uint8_t point[SIGNER_OWN_KEYS][P256_POINT];
	uint8_t site_digest[32];  /* of the site as it is now */
	uint8_t asked_digest[32]; /* and as it was when keeper was asked */
	uint64_t asked, asked_ms; /* token of the last question, and when */
	bool waiting;             /* for its answer */
	uint64_t ahead_ms;        /* when it was asked because of one that ends later than any may; 0: never */
	uint64_t signatures, proofs;
};

extern struct signer signer;
extern ipc_handler *const signer_on[MSG_N];

void signer_open(const struct site *site);
/* Could this build open what lies there, in a rehearsal? NULL, or why not; changes nothing. */
const char *signer_look_at_store(void);
void signer_set_site(const struct site *site);

/* Ask keeper for a certificate when there is none, it is near its end, or the site is another. */
void signer_look(int64_t wall_ms);

/* Tell this edge, or with NULL every edge, the chain that there is. */
void signer_tell(struct link *edge);

/* Tell media the certificate that it shows in DTLS. */
void signer_tell_media(struct link *media);

#endif
