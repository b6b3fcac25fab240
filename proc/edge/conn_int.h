/* SPDX-License-Identifier: ISC */
/* What the table of connections (conn.c) and what comes over them (conn_hear.c) have of each other. */
#ifndef EDGE_CONN_INT_H
#define EDGE_CONN_INT_H

#include "conn.h"
#include "ipc/child.h"
#include "verify.h"

/* conn.c: it has something to write, or to end, when the turn does */
void conn_mark_dirty(struct conn *c);
bool conn_is_full(void);

/* conn_hear.c: a new turn of the loop */
void conn_hear_turn(void);
void conn_on_readable(struct ev_loop *loop, ev_io *w, int events);
void conn_on_time(struct timer *t, uint64_t now_ms);         /* of a handshake, an idle flow, one that lingers */
void conn_on_late_message(struct timer *t, uint64_t now_ms); /* one that was begun did not end */
void conn_shake_hands(struct conn *c);
void conn_hear_again(struct conn *c); /* if it was not listened to while core was away */
/* Counted and told. */
void conn_refused(struct conn *c, enum refusal why);

#endif
