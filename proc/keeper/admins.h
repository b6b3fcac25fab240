/* SPDX-License-Identifier: ISC */
/* People who administer: ctl computes argon2id over what they typed, the result is judged here. Who is not there has a
 * salt and a verdict like everyone. */
#ifndef KEEPER_ADMINS_H
#define KEEPER_ADMINS_H

#include "ipc/contract.h"
#include "keeper/tries.h"
#include "vault/store.h"

enum {
	ADMINS_MOST = 64,
	ADMINS_TRIES = 5,
	ADMINS_BUCKETS = 256, /* names share them, so that a list of made-up names pushes nobody's count out */
	ADMINS_SESSIONS = 16,
	ADMINS_SESSION_MS = 10 * 60 * 1000,
	ADMINS_SALT = 16,
	ADMINS_HASH = 32,
	ADMINS_PASSES_DEFAULT = 3,
	ADMINS_PASSES_MAX = 32,
	ADMINS_MEMORY_DEFAULT_KB = 65536,
	ADMINS_MEMORY_MIN_KB = 19456,
	ADMINS_MEMORY_MAX_KB = 1 << 20,
};

struct admin_params {
	uint32_t passes, memory_kb;
	uint8_t salt[ADMINS_SALT];
};

struct admin_session {
	uint64_t number, until_ms;
};

struct admins {
	struct store *store;
	const uint8_t *fake; /* 32 octets, of logins */
	uint8_t bucket_key[16];
	struct tries_count bucket[ADMINS_BUCKETS];
	struct admin_session session[ADMINS_SESSIONS];
	uint64_t wrong;
};

void admins_init(struct admins *a, struct store *s, const uint8_t fake[32]);

/* How to compute this one's hash; made up, but always the same, for a name that is not there. */
void admins_find(const struct admins *a, struct span name, struct admin_params *out);

enum done_result admins_set(struct admins *a, struct span name, const struct admin_params *p,
    const uint8_t hash[ADMINS_HASH], const char **why);

/* Whoever reads the log at the moment gives the password again. */
enum done_result admins_remove(struct admins *a, struct span name, const char **why);

/* One after another, *at from 0 on; false: there are no more. */
bool admins_each(const struct admins *a, uint32_t *at, struct span *name);

/* DONE_OK opens a session; DONE_REFUSED wrong; DONE_BUSY too many wrong ones. *lock_began as with logins. */
enum done_result admins_check(struct admins *a, uint64_t now_ms, struct span name, const uint8_t hash[ADMINS_HASH],
    uint64_t *session, bool *lock_began);

bool admins_session_ok(const struct admins *a, uint64_t now_ms, uint64_t session);

#endif
