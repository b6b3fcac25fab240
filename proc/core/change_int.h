/* SPDX-License-Identifier: ISC */
/* Shared by change*.c and renegotiate.c only. */
#ifndef CORE_CHANGE_INT_H
#define CORE_CHANGE_INT_H

#include "change.h"

/* Ask a leg for this, or (NULL) for an offer; its leg_next() is that. False: it can't be asked this moment. */
bool change_pass_on(struct call *c, struct leg *other, const struct sdp *offer) __attribute__((warn_unused_result));
/* Nothing of the change stands but what was written to the legs. asker: its session timer as it was; may be NULL. */
void change_over(struct call *c);
void change_refused(struct call *c, struct leg *asker);
/* It was refused: who may have had another session because of it alone has what stands. */
void change_unmark(struct call *c);
/* The 200 for who asked. */
void change_tell_asker(struct call *c, struct leg *asker, const struct sdp *out);

/* Why no change is possible in this state of the dialog. */
enum refusal change_not_now(const struct leg *l);
/* The 200 to a refresh: what stands. */
void change_answer_refresh(struct leg *l, struct request *r, bool with_sdp);
/* Its packets come from elsewhere now: the relay learns of it, the other phone does not. */
void change_moved(struct call *c, struct leg *l, const struct sdp *offer);
/* Its end of the DTLS is what it was; another role is another association (RFC 8842 5.5), which is for both phones. */
bool change_role_stands(const struct leg *l, uint8_t offered);
/* An answer to what stands, of a leg that passes: with the role that it has, and with the keys that stand where it names none. */
void change_meant_by_same(const struct leg *l, const struct sdp *answer, struct sdp *meant);

/* --- legs that pass --- */

void change_passing(struct leg *l, struct request *r);
/* The other phone, l, took what it was asked; answer: NULL where it said none. */
void change_answered(
    struct call *c, struct leg *asker, struct leg *l, const struct msg_response *m, const struct sdp *answer);
/* It was asked for an offer, and has made it: it waits for its ACK until the one who asked has answered. */
void change_pass_back(
    struct call *c, struct leg *asker, struct leg *l, const struct msg_response *m, const struct sdp *offer);
/* That answer. */
void change_answered_back(struct call *c, struct leg *asker, const struct sdp *answer);

/* --- a leg that ends in media --- */

void change_ended(struct leg *l, struct request *r);
/* While it rings (RFC 3311 5.2). */
bool change_is_early(const struct leg *l);
void change_early(struct leg *l, struct request *r);
/* An ACK, or an answer to our refresh, answers our offer; NULL: it does not. The first one of a call, or a later one. */
void change_answered_first(struct call *c, struct leg *l, const struct sdp *answer);
void change_answered_ended(struct call *c, struct leg *l, const struct sdp *answer);
/* One that does not fit ends the call. */
void change_take_answer(struct call *c, struct leg *l, const struct sdp *ours, const struct sdp *answer);

/* Why this is no answer to what we said; NULL: it is one. */
const char *change_misfit(const struct leg *l, const struct sdp *ours, const struct sdp *answer);
/* Both its descriptions stand from now on. */
void change_settled(struct call *c, struct leg *l);
/* Its offer, and our answer, whose place is written into it. */
void change_take_ended(struct call *c, struct leg *l, const struct sdp *offer, struct sdp *answer);

#endif
