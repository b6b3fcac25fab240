/* SPDX-License-Identifier: ISC */
/* The leg of a call that leaves the exchange: which trunk, what it shows there, what it costs, and the next one when it fails. */
#ifndef CORE_OUTSIDE_H
#define CORE_OUTSIDE_H

#include "call.h"

/* Ask a trunk for c->dest.number; c->best says why none could be. */
void outside_ask(struct call *c);
/* The trunk could not (not: the callee would not). True: another is asked. */
bool outside_again(struct call *c, struct leg *l);

#endif
