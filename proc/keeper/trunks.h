/* SPDX-License-Identifier: ISC */
/* Passwords of trunks, as the two hashes that answer a provider's challenge. The user and the realm are hashed in: they are
 * those of the site when the password was set, and no other challenge is answered (T34). */
#ifndef KEEPER_TRUNKS_H
#define KEEPER_TRUNKS_H

#include "ipc/contract.h"
#include "vault/store.h"

enum { TRUNKS_TAG = 16, TRUNKS_SECRET = TRUNKS_TAG + 32 + 16 };

struct trunk_claim {
	const struct trunk_conf *trunk;
	enum digest_alg algorithm;
	struct span realm, method, uri, nonce, cnonce;
	uint32_t nc;
	bool no_qop;
};

/* An empty password removes it. NULL, or why it is not on disk. */
const char *trunks_set(struct store *s, const struct trunk_conf *t, struct span password);

/* The response in hex into out, which must have room for DIGEST_HEX_MAX octets. */
enum trunk_digest trunks_answer(const struct store *s, const struct trunk_claim *c, struct buf *out);

#endif
