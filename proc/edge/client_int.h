/* SPDX-License-Identifier: ISC */
/* What the table of client transactions (client.c) and the two ways of a large one (client_way.c) have of each other. */
#ifndef EDGE_CLIENT_INT_H
#define EDGE_CLIENT_INT_H

#include "client.h"

/* client.c */
void client_move(struct client_txn *t, struct conn *c);
struct client_txn *client_first(const struct conn *c);
struct client_txn *client_next(const struct client_txn *t);
void client_set_resend(struct client_txn *t, int32_t ms);

/* client_way.c */
bool client_may_come_over(const struct client_txn *t, const struct conn *c);
/* It waits for the connection beside its flow, or for a first answer over it. */
bool client_tries_stream(const struct client_txn *t);
void client_say_in_datagrams(struct client_txn *t);
/* Its connection is gone; false: it has no other way. */
bool client_leave_stream(struct client_txn *t);
void client_way_status(struct proc_status *s);

#endif
