/* SPDX-License-Identifier: ISC */
/* The leg of a call that leaves the exchange: which trunk, what it shows there, what it costs, and the next one when it fails. */
#ifndef CORE_OUTSIDE_H
#define CORE_OUTSIDE_H

#include "call.h"

enum {
	HELP_MUTE_MS = 4000, /* in which a trunk must say something of a call for help, or another is asked beside it */
	HELP_RING_S = 600,   /* so long help may ring */
	HELP_AGAIN_MS = 1000,  /* a gateway needs a moment to free the line of the call that gave way, */
	HELP_FREED_MS = 10000, /* and in these it is asked again */
	HELP_COMES_MS = 10000, /* so long one waits for a trunk that is away */
	/* and so long for trunks that are all mute. Then each is asked anew, and not before: one may ring without saying so, and nearly every
	 * centre answers within 20 s (NENA-STA-020) */
	HELP_ROUND_MS = 30000,
	HELP_ROUNDS = 2, /* then the caller is told, and can look for another phone */
};

/* Ask a trunk for c->dest.number; c->best says why none could be. */
void outside_ask(struct call *c);
/* The trunk could not (not: the callee would not). was_heard: the caller heard what it played before, and has had its answer. True: another
 * is asked. */
bool outside_again(struct call *c, struct leg *l, bool was_heard);
/* The same of one that answered with what join_misfit() tells. */
bool outside_unfit(struct call *c, struct leg *l);
/* Nobody is asked any more. True: of this call for help somebody may be, in HELP_AGAIN_MS. */
bool outside_may_soon(struct call *c);
/* The time to ring is over. True: not for this call for help, which waits on or asks another trunk. */
bool outside_waits_on(struct call *c);

#endif
