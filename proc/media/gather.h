/* SPDX-License-Identifier: ISC */
/* When the sockets are looked at. To be woken for a packet costs more than to relay it: while many come, the loop looks once a
 * millisecond, and what came meanwhile is taken together. A few wake it at once. */
#ifndef MEDIA_GATHER_H
#define MEDIA_GATHER_H

#include "ipc/child.h"

enum { GATHER_FROM = 4 /* packets within GATHER_MS, from which on there are many */, GATHER_MS = 1 };

void gather_open(void);
/* A packet was taken from a socket. */
void gather_took(void);
/* And that one may hold more than its turn let it have: the next turn comes without delay, so that a flood fills no buffer for us. */
void gather_left(void);

void gather_status(struct proc_status *s);

#endif
