/* SPDX-License-Identifier: ISC */
/* Calls that come over a trunk: whom they are for, whether the caller may be who it says, and what becomes of one that nobody
 * here knows (R4, R18). */
#ifndef CORE_INCOMING_H
#define CORE_INCOMING_H

#include "call.h"

void incoming_on_invite(struct request *r);
/* The number called may be reached: what about the caller? Leads to CALL_ALLOWED, CALL_ASKED or CALL_REFUSED, perhaps later. */
void incoming_judge(struct call *c);
/* What is known of its signature now: enum incoming_proof; why: of PROOF_FAILED, static. */
void incoming_proved(struct call *c, uint8_t proof, const char *why);

#endif
