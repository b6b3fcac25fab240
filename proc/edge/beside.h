/* SPDX-License-Identifier: ISC */
/* Requests to a trunk that speaks UDP which are too large for a datagram go over TCP to the same address and port
 * (RFC 3261 18.1.1; that a server which takes UDP there takes TCP too is 18.2.1): one connection beside each flow of datagrams, made by
 * dial when it is first needed, closed when it is idle. Who has no TCP is known for NONE_MS, so that nobody waits for it again. What
 * the trunk has that is large comes over connections that it makes to the same port here (trunk.c). */
#ifndef EDGE_BESIDE_H
#define EDGE_BESIDE_H

#include "trunk.h"

enum {
	BESIDE_SILENT_MS = TXN_T1_MS, /* a server says 100 within 200 ms (RFC 3261 17.2.1) */
	BESIDE_NONE_MS = 10 * 60 * 1000,
	BESIDE_BUSY_MS = 1000, /* the same of one that dial could not try: it hears twenty wishes a second */
	BESIDE_IDLE_MS = 60 * 1000,
	BESIDE_EVERY_MS =
	    500, /* one wish of each trunk, however soon it closes what it was given; meanwhile datagrams do */
	BESIDE_PATIENCE_MS = 2000, /* dial says within 400 ms what became of a wish */
};

/* flow: of datagrams. */
struct conn *beside_of(const struct conn *flow); /* NULL: there is none now */
/* True: one is wanted, and client_on_beside() comes; false: it has no TCP, or there is nobody who could ask. */
bool beside_want(const struct conn *flow);
/* A request over c got no answer at all; and later one all the same. */
void beside_silent(const struct conn *c);
void beside_heard(const struct conn *c);

bool beside_is_idle(const struct conn *c, uint64_t now_ms);

void beside_on_connected(struct link *from, const struct trunk_link *l); /* takes the socket over */
void beside_on_none(struct link *from, const struct ipc_view *v);
void beside_gone(const struct conn *c); /* a connection of a trunk's, of whatever kind */
void beside_status(struct proc_status *s);

#endif
