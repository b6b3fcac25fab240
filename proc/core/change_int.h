/* SPDX-License-Identifier: ISC */
/* Shared by change.c and renegotiate.c only. */
#ifndef CORE_CHANGE_INT_H
#define CORE_CHANGE_INT_H

#include "change.h"

/* Ask a leg for this, or (NULL) for an offer; its leg_next() is that. False: it can't be asked this moment. */
bool change_pass_on(struct call *c, struct leg *other, const struct sdp *offer) __attribute__((warn_unused_result));
/* Nothing of the change stands but what was written to the legs. asker: its session timer as it was; may be NULL. */
void change_over(struct call *c);
void change_refused(struct call *c, struct leg *asker);
/* The 200 for who asked. */
void change_tell_asker(struct call *c, struct leg *asker, const struct sdp *out);

/* --- a leg that ends in media --- */

/* Why this is no answer to what we said; NULL: it is one. */
const char *change_misfit(const struct leg *l, const struct sdp *ours, const struct sdp *answer);
/* Both its descriptions stand from now on. */
void change_settled(struct call *c, struct leg *l);
/* Its offer, and our answer, whose place is written into it. */
void change_take_ended(struct call *c, struct leg *l, const struct sdp *offer, struct sdp *answer);

#endif
