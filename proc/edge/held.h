/* SPDX-License-Identifier: ISC */
/* Requests that must not be lost with the core that had them, nor for want of one: they wait for the next. A hang-up, as the phone that
 * says it forgets the call whatever it is answered (RFC 3261 15.1.1) and the other would be left in it; a call for help (R16). Each is
 * told once more and not again, or what kills a core would kill the next ones too. */
#ifndef EDGE_HELD_H
#define EDGE_HELD_H

#include "server.h"

/* Keep what the request needs for that, if it is one of these and there is room. whole: its octets. */
void held_keep(struct server_txn *t, const struct sip_msg *m, struct span whole, enum msg_class class);

/* There is no core that has it. False: it does not wait. */
bool held_waits(struct server_txn *t);

/* From when a core is gone until the next one knows who there is, all of these wait. */
void held_back_from_now(void);
void held_back_no_more(void);
bool held_back(void);
void held_tell(struct conn *c); /* what waits on this connection */

void held_forget(struct server_txn *t);

#endif
