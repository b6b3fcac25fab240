/* SPDX-License-Identifier: ISC */
/* Reaching trunks: resolve, connect, hand the socket to edge. Nothing is read from it here. */
#ifndef DIAL_REACH_H
#define DIAL_REACH_H

#include "ipc/child.h"

enum { CONNECT_MS = 2500 };

void reach_open(void);
void reach_on_want(struct link *from, const struct ipc_view *v);
void reach_edge_up(void); /* it knows no addresses yet */
/* Is this one of the addresses that the trunk's name last led to? */
bool reach_leads_to(uint8_t trunk, const struct addr *a);
void reach_status(struct proc_status *s);

#endif
