/* SPDX-License-Identifier: ISC */
/* The codecs of the two legs of an ended call follow each other: what either may send the other hears, as it is or in the other law of
 * G.711. The exchange puts no codec into another, so a leg that changes to one that the other has not agreed to waits for its answer
 * until that one was asked. */
#ifndef CORE_RENEGOTIATE_H
#define CORE_RENEGOTIATE_H

#include "call.h"

/* What a leg may be answered with: what the other of its call has; alone, what it has itself. */
uint8_t renegotiate_codecs(struct call *c, const struct leg *l);

/* With this offer the other would send what this one does not hear. */
bool renegotiate_is_due(struct call *c, const struct leg *l, const struct sdp *offer);
/* So the other is asked, and what it says is this one's answer, or its refusal where nothing is left in common. c->change says of whose
 * request; it is checked. */
void renegotiate(struct call *c, struct leg *l, const struct sdp *offer);

/* If the two don't fit together, as after early media of another codec: one of them is asked when it can be. */
void renegotiate_soon(struct call *c, uint32_t ms);

/* change.c: a final answer of the leg that was asked, for `asker`; nobody was asked, or nobody said anything; it is time */
void renegotiate_on_answer(
    struct call *c, struct leg *l, struct leg *asker, const struct msg_response *m, const struct sdp *answer);
void renegotiate_refused(struct call *c, struct leg *asker, enum refusal why);
void renegotiate_rest(struct call *c);
/* Its trunk challenged what it was asked: see trunk_dialog.h. */
void renegotiate_again(struct leg *l);

#endif
