/* SPDX-License-Identifier: ISC */
/* Responses of phones: matched to their transaction, as typed fields to core. */
#ifndef EDGE_RESPONSE_H
#define EDGE_RESPONSE_H

#include "conn.h"

void response_take(struct conn *c, const struct sip_msg *m);

/* One that the edge makes up: time-out 408, no way to the phone 503. */
void response_local(uint64_t ref, uint64_t flow, enum sip_method method, uint16_t code);

#endif
