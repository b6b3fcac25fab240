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

/* A 2xx that came after the core which asked for it was gone: ACK, then BYE. */
void send_hang_up(struct client_txn *t, const struct sip_msg *response);

#endif
