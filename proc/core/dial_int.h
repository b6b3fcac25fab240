/* SPDX-License-Identifier: ISC */
/* Between dial.c, who rings, and dial_offer.c, what each is offered. */
#ifndef CORE_DIAL_INT_H
#define CORE_DIAL_INT_H

#include "dial.h"

/* The caller itself, where it calls its own number; others on its phone may ring. Without a login it is the phone that calls. */
bool dial_is_caller(const struct leg *caller, const struct registration *to);
/* One more leg, with what it may be offered. tried: 1 << enum relay_end, of methods that its phone did not take. ended: by no other. False:
 * c->best says why not. */
bool dial_ask_phone(struct call *c, struct leg *caller, const struct registration *to, uint8_t tried, bool ended);

#endif
