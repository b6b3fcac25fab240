/* SPDX-License-Identifier: ISC */
/* Messages of one leg, written from its record. */
#ifndef CORE_LEG_SEND_H
#define CORE_LEG_SEND_H

#include "leg.h"

/* The other end of a dialog. */
struct leg_far {
	struct span tag, target, route_set;
};

/* Begin a request inside the leg's dialog (or its first INVITE): addresses, tags, CSeq and Contact are filled in. ask 0
 * for an ACK. NULL when the phone can't be reached or credit is out; *link is where to end it. */
struct msg_send *leg_begin_request(struct leg *l, enum sip_method method, enum ask_kind kind, struct link **link);

void leg_send_ack(struct leg *l);
/* Of a 2xx that brought an offer (RFC 3261 13.2.1). */
void leg_send_ack_with(struct leg *l, const struct sdp *answer);
void leg_send_bye(struct leg *l);
void leg_bye_again(struct leg *l); /* that its trunk challenged: see trunk_dialog.h */
void leg_send_cancel(struct leg *l);
void leg_cancel_change(struct leg *l); /* of our re-INVITE */
/* PRACK for the oldest reliable 18x that has none. One at a time, so that a challenge finds what it is about; what can't be sent is
 * tried when the phone repeats its 18x. */
void leg_acknowledge(struct leg *l);
/* One of another dialog that the INVITE made. The reference of its answer; 0: it can't be sent. */
uint64_t leg_send_prack(struct leg *l, const struct leg_far *to, uint32_t rseq);
void leg_prack_again(struct leg *l);
/* 200 to its INVITE or re-INVITE with r.local, now and until the ACK comes. */
void leg_send_ok(struct leg *l);
void leg_repeat_ok(struct timer *t, uint64_t now_ms);
void leg_stop_repeat(struct leg *l);
void leg_send_provisional(struct leg *l, uint16_t code);
/* What was sent reliably is not repeated any more, and what waited for that goes out: the 200, or the next. */
void leg_acknowledged(struct leg *l);
/* 200 with r.local to any request of the dialog that carried an offer, or without (sdp NULL). */
void leg_send_plain_ok(struct leg *l, struct reply to, const struct sdp *sdp);

#endif
