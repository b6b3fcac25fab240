/* SPDX-License-Identifier: ISC */
/* Requests of phones: checks that need no directory, then typed fields to core (RFC 3261 8.2). */
#ifndef EDGE_REQUEST_H
#define EDGE_REQUEST_H

#include "conn.h"

void request_take(struct conn *c, const struct sip_msg *m);

/* A core that is new hears each BYE of this flow that the former one went with. */
void request_say_again(struct conn *c);

/* From core: until when an INVITE over a trunk may be of who helps and calls back (R16). */
void request_on_help_calls_back(struct link *from, const struct ipc_view *v);

/* Answer a request that could not be read as a whole. */
void request_refuse(struct conn *c, const struct sip_msg *m, unsigned code, const char *why);

#endif
