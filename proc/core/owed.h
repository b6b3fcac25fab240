/* SPDX-License-Identifier: ISC */
/* Hang-ups that are owed: the call is over, and its phone (or trunk), whose connection broke, has not heard of it. The leg stays, in the
 * arena too, as its dialog alone, until BYE is answered or its session interval is over, when the phone ends the call by itself
 * (RFC 4028 10). So it does where the ACK that BYE waited for had not come when core died. Four a phone and four a trunk, the oldest
 * makes room; any makes room for a new leg when the table is full. */
#ifndef CORE_OWED_H
#define CORE_OWED_H

#include "leg.h"

/* The leg came to owe, or was adopted so. It may be gone afterwards. */
void owed_begin(struct leg *l);
/* This user's phone (NOBODY: a phone without a login) is there over this connection. */
void owed_phone_back(uint32_t user, const struct flow *f);
void owed_trunk_back(uint8_t trunk);
/* The phone speaks of a call that is over: 481, and BYE. The leg may be gone afterwards. */
void owed_on_request(struct leg *l, const struct request *r);
/* The oldest goes; where help needs the room and none is owed, the oldest that was called off and whose far end says nothing to that.
 * False: there is none. */
bool owed_make_room(bool for_help);

void owed_status(struct proc_status *s);

#endif
