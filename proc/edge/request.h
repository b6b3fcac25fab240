/* SPDX-License-Identifier: ISC */
/* Requests of phones: checks that need no directory, then typed fields to core (RFC 3261 8.2). */
#ifndef EDGE_REQUEST_H
#define EDGE_REQUEST_H

#include "server.h"

void request_take(struct conn *c, const struct sip_msg *m, struct span whole);

/* The same request for another core: what one was told before is gone. False: it cannot be told. */
bool request_take_again(struct conn *c, struct server_txn *t, const struct sip_msg *m);

/* From core: until when an INVITE over a trunk may be of who helps and calls back (R16). */
void request_on_help_calls_back(struct link *from, const struct ipc_view *v);

/* Answer a request that could not be read as a whole. */
void request_refuse(struct conn *c, const struct sip_msg *m, unsigned code, const char *why);

#endif
