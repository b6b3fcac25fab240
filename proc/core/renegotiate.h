/* SPDX-License-Identifier: ISC */
/* The codecs of the two legs of an ended call follow each other: what either may send the other hears, as it is or in the other law of
 * G.711. The exchange puts no codec into another: a leg that changes is answered with what both have, and the other asked to follow it
 * beside that; where they would have nothing left in common its answer waits, for some seconds, until the other was asked. */
#ifndef CORE_RENEGOTIATE_H
#define CORE_RENEGOTIATE_H

#include "call.h"

/* What a leg may be answered with: what the other of its call has; alone, what it has itself. */
uint8_t renegotiate_codecs(struct call *c, const struct leg *l);

/* With this offer the two would have no speech in common, and the other may take it. */
bool renegotiate_is_due(struct call *c, const struct leg *l, const struct sdp *offer);
/* And can be asked this moment. */
bool renegotiate_may_ask(struct call *c, const struct leg *l);
/* The change under way is what the other is asked so that it follows this one, which may go on meanwhile. */
bool renegotiate_is_beside(const struct call *c, const struct leg *l);
/* So the other is asked, and what it says is this one's answer, or its refusal where nothing is left in common. c->change says of whose
 * request; it is checked. */
void renegotiate(struct call *c, struct leg *l, const struct sdp *offer);

/* If the two don't fit together, as after early media of another codec: one of them is asked when it can be. */
void renegotiate_soon(struct call *c, uint32_t ms);

/* Two are put together: what one of them refused was another's. */
void renegotiate_anew(struct call *c);

/* The other one has left, and the call goes on with this leg alone: nobody waits for what either was asked any more. */
void renegotiate_alone(struct call *c, struct leg *stays);

/* change.c: a final answer of the leg that was asked, for `asker`, or a 200 that nobody waits for any more; nobody said anything; it is
 * time */
void renegotiate_on_answer(
    struct call *c, struct leg *l, struct leg *asker, const struct msg_response *m, const struct sdp *answer);
void renegotiate_on_late(struct call *c, struct leg *l, const struct msg_response *m, const struct sdp *answer);
void renegotiate_timed_out(struct call *c, struct leg *asker, struct leg *l);
void renegotiate_rest(struct call *c);
/* Its trunk challenged what it was asked: see trunk_dialog.h. */
void renegotiate_again(struct leg *l);

#endif
