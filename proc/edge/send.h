/* SPDX-License-Identifier: ISC */
/* Requests to phones, written anew from core's typed fields. */
#ifndef EDGE_SEND_H
#define EDGE_SEND_H

#include "client.h"

void send_on_send(struct link *from, const struct ipc_view *v);
void send_on_cancel_sent(struct link *from, const struct ipc_view *v);

/* CANCEL now, or once a provisional response came. */
void send_cancel(struct client_txn *t, uint16_t cause, struct span cause_text);

/* The ACK of a refusal, RFC 3261 17.1.1.3. */
void send_ack(struct client_txn *t, const struct sip_msg *response);

/* Of a 2xx that core does not hear of: its ACK, and a BYE in a transaction of its own. False: there is no room for it. */
void send_ack_2xx(const struct client_txn *t, const struct sip_msg *response);
bool send_hang_up(const struct client_txn *t, const struct sip_msg *response) __attribute__((warn_unused_result));

#endif
