/* SPDX-License-Identifier: ISC */
/* Users' secrets and the judgement on an answer to a challenge. A user who does not exist has a secret all the same,
 * made from the name, so that the work and the verdict are those of a wrong password (T2). */
#ifndef KEEPER_LOGIN_H
#define KEEPER_LOGIN_H

#include "ipc/contract.h"
#include "keeper/nonces.h"
#include "keeper/tries.h"
#include "vault/store.h"

enum {
	REALM_TAG = 8,
	HA1_SHA256 = 32,
	HA1_MD5 = 16,
	SECRET_N = REALM_TAG + HA1_SHA256 + HA1_MD5 /* or without the last */
};

struct logins {
	struct store *store;
	struct nonces nonces;
	struct tries tries;
	char realm[SITE_NAME_MAX];
	uint8_t realm_tag[REALM_TAG];
	uint8_t *fake; /* secret: 32 octets */
	uint64_t verdicts[LOGIN_VERDICTS], evaluated, md5_ended;
};

struct login_claim {
	uint64_t flow;
	uint32_t device, nc;
	bool needs_md5; /* a phone of this user knows no better */
	enum digest_alg algorithm;
	struct span user, method, uri, nonce, cnonce, response;
};

/* Tables for so many users and phones; fake is the site's own lasting key for names that do not exist. */
bool login_init(struct logins *l, struct store *s, const uint8_t fake[32], uint32_t users, uint32_t phones);
void login_fini(struct logins *l);

/* Secrets made for another realm count as absent until it comes back. */
void login_set_realm(struct logins *l, const char *realm);

/* An empty password removes the user's secrets. md5: keep the hash that a phone needs which knows no better, too. */
const char *login_set_secret(struct logins *l, struct span user, struct span password, bool md5)
    __attribute__((warn_unused_result));

/* What there is of them; false: none. */
bool login_has_secret(const struct logins *l, struct span user, bool *md5);

/* *lock_began is set when this answer was one too many. A right answer of a user who needs no MD5 hash ends theirs. */
enum login_verdict login_judge(struct logins *l, uint64_t now_ms, const struct login_claim *c, bool *lock_began);

#endif
