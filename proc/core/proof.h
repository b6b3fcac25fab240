/* SPDX-License-Identifier: ISC */
/* Is the caller from outside signed for (R18)? What plan_proof() leaves open signer is asked, once and for at most 1 s. Whatever
 * goes wrong, a proof is not there: only signer's word about this question, to a signature that was not used before, is one. */
#ifndef CORE_PROOF_H
#define CORE_PROOF_H

#include "call.h"
#include "plan/proof.h"
#include "request.h"

enum {
	PROOF_ASKS_MAX = 64,
	PROOF_ASKS_PER_S = 200, /* of signer's time at most a twentieth */
	PROOF_ASK_MS = 1000,
	PROOF_SEEN_MAX = 4096, /* signatures of the last two minutes */
};

void proof_init(void);

/* Of a call that begins; called: the number that the trunk brought it for. Leads to incoming_proved(); while c->proof_waits,
 * call_on_proof() follows. */
void proof_begin(struct call *c, const struct request *r, const char *called);

void proof_on_proof(struct link *from, const struct ipc_view *v);
void proof_signer_down(void);
void proof_status(struct proc_status *s);

#endif
