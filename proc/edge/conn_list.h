/* SPDX-License-Identifier: ISC */
/* Connections by age: those that shake hands, and the flows of one device. A connection is in one list at most. */
#ifndef EDGE_CONN_LIST_H
#define EDGE_CONN_LIST_H

#include "conn.h"

void handshake_add(struct conn *c);
void handshake_remove(struct conn *c);
struct conn *handshake_oldest(void); /* NULL: nobody shakes hands */
uint32_t handshake_count(void);

/* full: the table is, so that the flow of a crowded device makes room. */
void device_add(struct conn *c, bool full);
void device_remove(struct conn *c);

#endif
