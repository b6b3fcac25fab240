/* SPDX-License-Identifier: ISC */
/* Calls that wait in the exchange, with music, until somebody takes them (R29). The code, dialled while a call is on hold, parks that
 * call and says its place; the other code with the place takes it. An ended leg stays where it is. A passing one can't change its far
 * end: its phone is sent a one-time URI (refer.h), and its fresh INVITE is what waits. What nobody takes rings whoever parked it,
 * again and again.
 * Every step asks permit(): a parked call leads to phones of this exchange and nowhere else (R14). It outlives core. */
#ifndef CORE_PARK_H
#define CORE_PARK_H

#include "call.h"

enum { PARK_FIRST = 10 }; /* the first place */

/* It waited in an earlier life of core, and waits on, with music, as long as it would have. False: its place is another's. */
bool park_adopted(struct call *c);

void park_init(void);
/* The caller of this call wants its other one parked. It is told the place, or why not. */
void park_begin(struct call *c, struct span argument);
/* The other one changed all the time (await.h): they are told that it is not parked. */
void park_too_late(struct call *c);
/* The caller of this call wants the one that waits at that place. */
void park_take(struct call *c, struct span argument);
/* late.h: who takes it by an INVITE without an offer */
bool park_taken(struct call *parked, struct leg *l);
void park_not_taken(struct call *parked, uint64_t leg, enum refusal why);

/* From the call's machine, of one whose destination is DEST_PARK: it waits from now on, with CALL_DO_WAIT; and nobody came. */
void park_wait(struct call *c);
void park_over(struct call *c);
/* Whoever parked it does not take it now: it waits once more, and then they are rung again, a bounded number of times; at last their mailbox has
 * it, if they have one. False: neither. */
bool park_again(struct call *c);
/* The phone that was sent here did not come. */
void park_failed(uint64_t transfer);

void park_status(struct proc_status *s);

#endif
