/* SPDX-License-Identifier: ISC */
/* Calls that come over a trunk: whom they are for, whether the caller may be who it says, and what becomes of one that nobody
 * here knows (R4, R18). */
#ifndef CORE_INCOMING_H
#define CORE_INCOMING_H

#include "call.h"

void incoming_on_invite(struct request *r);
/* The number called may be reached: what about the caller? Leads to CALL_ALLOWED, CALL_ASKED or CALL_REFUSED, perhaps later. */
void incoming_judge(struct call *c);
/* It was judged and goes elsewhere now, to people who all turn its caller away: refused, as a call to them would be. */
bool incoming_turned_away(struct call *c);
/* May this call ring this person? One from inside may; so may whoever calls back for an emergency. */
bool incoming_may_ring(const struct call *c, uint32_t user);
/* It does, or leaves a message: if from outside, this is the person's last caller. */
void incoming_rings(const struct call *c, uint32_t user);
/* Does a list of a person's, as it was set, name this canonical number? No list names an empty one. */
bool incoming_listed(const char *list, const char *number);
/* What is known of its signature now: enum incoming_proof; why: of PROOF_FAILED, static. */
void incoming_proved(struct call *c, uint8_t proof, const char *why);

#endif
