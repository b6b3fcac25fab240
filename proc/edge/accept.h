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

void accept_on_ban(struct link *from, const struct ipc_view *v);

#endif
