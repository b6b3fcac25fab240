/* SPDX-License-Identifier: ISC */
/* Connections with trunks, and datagrams of those that speak UDP. Only what comes from an address that the configuration
 * names, or that the trunk's name led to, is even read. */
#ifndef EDGE_TRUNK_H
#define EDGE_TRUNK_H

#include "conn.h"

enum {
	TRUNK_FLOWS_MAX = 8,
	TRUNK_STREAMS_MAX =
	    8, /* of TCP that it makes itself beside its datagrams; they take none of its other connections */
	TRUNK_ADDRESSES_MAX = 16,
	DATAGRAMS_PER_TURN = 32
};

void trunk_on_connected(struct link *from, const struct ipc_view *v);
void trunk_on_peer(struct link *from, const struct ipc_view *v);

/* It came to a trunk's listener. */
void trunk_accept(int fd, uint8_t listener, const struct addr *remote);
/* This listener of parent's takes datagrams. */
void trunk_listen(uint8_t listener, int fd);
void trunk_serve(void);
void trunk_hear_again(void); /* datagrams, which wait while core is away */

struct conn *trunk_make(const struct trunk_link *l); /* NULL: there is no room */
/* Its live flow of datagrams with this address, or the connection that we made beside it; NULL: there is none. */
struct conn *trunk_flow_with(uint8_t trunk, const struct addr *remote, bool beside);

/* Where what core asks over this flow goes (NULL: it is gone): what the trunk began over TCP beside its datagrams goes on in datagrams,
 * for a request takes its way by its size (RFC 3261 18.1.1), and whoever asked so may close at any time. */
struct conn *trunk_way_out(struct conn *c);

void trunk_send_datagram(struct conn *c, const struct addr *to, struct span s);

/* One of its connections was made, came down before core had heard of it, or is gone. */
void trunk_conn_failed(const struct conn *c);
void trunk_conn_gone(const struct conn *c);

void trunk_status(struct proc_status *s);

#endif
