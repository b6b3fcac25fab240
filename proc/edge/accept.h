/* SPDX-License-Identifier: ISC */
/* The listening sockets, which all edges share, and who may begin a handshake. */
#ifndef EDGE_ACCEPT_H
#define EDGE_ACCEPT_H

#include "edge.h"

void accept_listener(uint8_t index, const struct addr *bound, int fd);
bool accept_open(void);

/* Look again whether handshakes may begin: with signer, core and the directory; else new connections wait in the
 * backlog for NOBODY_MS and are turned away after that. Once a turn. */
void accept_review(void);

/* One more handshake from this address: a slot to give back, or NO_SLOT when it has too many. */
uint32_t accept_source_take(const struct addr *remote);
void accept_source_give(uint32_t slot);

void accept_on_ban(struct link *from, const struct ipc_view *v);

#endif
