/* SPDX-License-Identifier: ISC */
#ifndef CORE_CHANGE_H
#define CORE_CHANGE_H

#include "call.h"

/* An ACK to a 200 that carried an offer: to a re-INVITE, or to an INVITE that had none. */
void change_on_ack(struct leg *l, struct request *r);
/* The call ends, and a change under way with it. */
void change_abandon(struct call *c);
/* re-INVITE, UPDATE or a PRACK with an offer of a phone inside its dialog */
void change_on_request(struct leg *l, struct request *r);
/* what the other phone says to the offer that was passed on */
void change_on_answer(const struct ask *a, const struct msg_response *m, const struct ipc_view *v);
/* what a phone answers to our own refresh, which offered what stands; NULL: nothing. Its leg may be gone afterwards */
void change_on_refreshed(struct leg *l, const struct sdp *answer);
/* it says nothing */
void change_timed_out(struct call *c);

/* The edge over which it may have asked for a change is gone. */
void change_edge_lost(const struct leg *l, uint32_t edge);

/* A re-INVITE of ours has no final answer yet (RFC 3261 14.1). */
bool change_is_open(const struct leg *l);

#endif
