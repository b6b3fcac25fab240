/* SPDX-License-Identifier: ISC */
/* The digest of a trunk: its challenge as typed fields, keeper's answer to it. Only what came over a trunk's own flow and
 * names its own realm is ever answered (T34); keeper looks at the realm again. */
#ifndef CORE_TRUNK_AUTH_H
#define CORE_TRUNK_AUTH_H

#include "ipc/child.h"

/* A challenge and how often its nonce was used. Kept for each trunk, so that the next request need not be refused first. */
struct trunk_challenge {
	bool known;
	uint8_t algorithm, qop, proxy;
	uint32_t nc;
	char realm[SITE_NAME_MAX + 1];
	char nonce[TRUNK_NONCE_MAX + 1], opaque[TRUNK_NONCE_MAX + 1];
};

/* Credentials for one request. */
struct trunk_answer {
	uint8_t trunk;
	struct trunk_challenge to; /* as it was when keeper was asked */
	char cnonce[33], response[65];
};

/* Take up the challenge of a 401 or 407. NULL, or a static reason why it is not answered. */
const char *trunk_auth_take(uint8_t trunk, const struct msg_response *m, const struct ipc_view *v);

/* Ask keeper. done() is called once with the answer, or with NULL and the reason; owner comes back. False: nothing asked. */
typedef void trunk_answered(uint64_t owner, const struct trunk_answer *a, const char *why);
bool trunk_auth_ask(uint8_t trunk, enum sip_method method, struct span uri, enum pool_claim claim, uint64_t owner,
    trunk_answered *done);
/* Whoever asked is gone. */
void trunk_auth_forget(uint64_t owner, trunk_answered *done);

/* Write them into a request that is begun. */
void trunk_auth_put(struct link *edge, struct msg_send *m, const struct trunk_answer *a);

void trunk_auth_init(void);
void trunk_auth_clear(uint8_t trunk); /* its configuration changed */
void trunk_auth_on_digest(struct link *from, const struct ipc_view *v);
void trunk_auth_keeper_down(void);

#endif
