/* SPDX-License-Identifier: ISC */
/* Octets of a flow to messages: one copy out of TLS, framed and parsed in place. Only a message that is not whole yet
 * has memory of its own, from a bounded pool, and MESSAGE_MS to become whole. */
#ifndef EDGE_STREAM_H
#define EDGE_STREAM_H

#include "conn.h"

bool stream_open(uint32_t partials);

/* Read what TLS has and hand on each message. */
void stream_read(struct conn *c);
/* One datagram of a trunk is one message. */
void stream_datagram(struct conn *c, uint8_t *at, size_t n);
void stream_close(struct conn *c);
void stream_status(struct proc_status *s);

#endif
