/* SPDX-License-Identifier: ISC */
/* What core knows of flows: each is announced before its first request and taken back when it is gone. */
#ifndef EDGE_CORE_LINK_H
#define EDGE_CORE_LINK_H

#include "conn.h"

void core_link_up(void);
void core_link_down(void);
void core_link_flow_up(struct conn *c);
void core_link_flow_down(struct conn *c);

/* Announce flows that had to wait for credit. Once a turn. */
void core_link_announce(void);

/* Core went, and the next one is yet to hear of the flows, for no longer than CORE_AWAY_MS: what phones and trunks say waits in the kernel
 * meanwhile rather than be refused (R16, R28). Later it is answered by 503. */
enum { CORE_AWAY_MS = 2000 };
bool core_link_holds(void);

void core_link_on_close_flow(struct link *from, const struct ipc_view *v);

#endif
