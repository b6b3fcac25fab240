/* SPDX-License-Identifier: ISC */
/* One who comes to a talk or to a place where a call waits, by an INVITE without an offer, in the place of another: our 200 offers, and until
 * the ACK has answered, the call is what it was. One at a time in a call. Does not outlive core: its phone hears BYE then. */
#ifndef CORE_LATE_H
#define CORE_LATE_H

#include "call.h"

/* Who is told how it ends: that it may have the place, or that it comes to nothing and its leg is gone. */
enum late_of { LATE_OF_PARK, LATE_OF_TRANSFER };

/* It was answered with our offer. */
void late_begin(struct call *c, struct leg *l, enum late_of of);
static inline bool late_is(const struct call *c, const struct leg *l)
{
	return c->late && c->late == l->r.id;
}
/* Its ACK answered: from here on it is what its place makes of it. False: there is no such place any more, and it has failed. */
bool late_stands(struct call *c, struct leg *l);
/* It hung up, did not acknowledge, or its ACK does not answer; or its call ends. */
void late_fails(struct call *c, enum refusal why);

#endif
