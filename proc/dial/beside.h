/* SPDX-License-Identifier: ISC */
/* Connections that edge wants beside the datagrams of a trunk (RFC 3261 18.1.1): only to an address that core had reached, and that is
 * named as it was then. */
#ifndef DIAL_BESIDE_H
#define DIAL_BESIDE_H

#include "ipc/child.h"

enum { BESIDE_MS = 400 }; /* edge waits no longer than T1, since it may be a call for help */

void beside_open(void);
void beside_on_want(struct link *from, const struct ipc_view *v);
void beside_status(struct proc_status *s);

#endif
