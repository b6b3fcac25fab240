/* SPDX-License-Identifier: ISC */
/* Users' secrets and the judgement on an answer to a challenge. A user who does not exist has a secret all the same,
 * made from the name, so that the work and the verdict are those of a wrong password (T2). */
#ifndef KEEPER_LOGIN_H
#define KEEPER_LOGIN_H

#include "ipc/contract.h"
#include "keeper/nonces.h"
#include "keeper/tries.h"
#include "vault/store.h"

enum { REALM_TAG = 8, HA1_SHA256 = 32, HA1_MD5 = 16, SECRET_N = REALM_TAG + HA1_SHA256 + HA1_MD5 };

struct logins {
	struct store *store;
	struct nonces nonces;
	struct tries tries;
	char realm[SITE_NAME_MAX];
	uint8_t realm_tag[REALM_TAG];
	uint8_t *fake; /* secret: 32 octets */
	uint64_t verdicts[LOGIN_VERDICTS], evaluated;
};

struct login_claim {
	uint64_t flow;
	uint32_t device, nc;
	enum digest_alg algorithm;
	struct span user, method, uri, nonce, cnonce, response;
};

/* Tables for so many users and phones; fake is the site's own lasting key for names that do not exist. */
bool login_init(struct logins *l, struct store *s, const uint8_t fake[32], uint32_t users, uint32_t phones);
void login_fini(struct logins *l);

/* Secrets made for another realm count as absent until it comes back. */
void login_set_realm(struct logins *l, const char *realm);

/* An empty password removes the user's secrets. */
const char *login_set_secret(struct logins *l, struct span user, struct span password)
    __attribute__((warn_unused_result));

/* *lock_began is set when this answer was one too many. */
enum login_verdict login_judge(struct logins *l, uint64_t now_ms, const struct login_claim *c, bool *lock_began);

#endif
