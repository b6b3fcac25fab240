/* SPDX-License-Identifier: ISC */
/* Responses to phones: core's, and the few that the edge gives by itself. */
#ifndef EDGE_RESPOND_H
#define EDGE_RESPOND_H

#include "server.h"

/* What an answer of the edge's own needs beyond its code. */
struct own_answer {
	unsigned code;
	const char *why;             /* static, for the Warning; NULL: none */
	uint32_t methods;            /* for 405; 0: OWN_METHODS */
	const struct sip_tags *tags; /* those not understood, for 420 */
	struct span accept;          /* for 415 */
};

/* To a request that has no transaction. */
void respond_stateless(struct conn *c, const struct sip_msg *m, const struct own_answer *a);

/* To one that has; a final answer ends it. */
void respond_own(struct server_txn *t, unsigned code, const char *why);
void respond_trying(struct server_txn *t);

/* Was this To tag given by a stateless answer? Its ACK then means nothing. */
bool respond_is_own_tag(struct span tag);

void respond_on_respond(struct link *from, const struct ipc_view *v);

#endif
