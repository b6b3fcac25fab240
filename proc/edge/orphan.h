/* SPDX-License-Identifier: ISC */
/* Orphans: INVITEs whose core is gone. Whoever answers one, or answers one more time behind a proxy that forks (RFC 3261 13.2.2.4), is in a
 * call with nobody, unless that core had acknowledged it: then the call goes on with the next core. */
#ifndef EDGE_ORPHAN_H
#define EDGE_ORPHAN_H

#include "client.h"

void orphan_init(void);

/* It is sent in a dialog that stands: that one goes on with the next core, whatever becomes of this INVITE. */
void orphan_is_inside(struct client_txn *t, struct span to_tag);
/* Core hears of this first 2xx; core's ACK in the dialog of this To tag goes out. */
void orphan_may_be(struct client_txn *t, const struct sip_msg *response);
void orphan_acknowledged(const struct conn *flow, struct span to_tag);
/* A 2xx of an orphan, each time it comes. */
void orphan_answered(struct client_txn *t, const struct sip_msg *response);

#endif
