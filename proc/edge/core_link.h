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

void core_link_on_close_flow(struct link *from, const struct ipc_view *v);

#endif
