/* SPDX-License-Identifier: ISC */
/* Who rings for a call, and what each is offered: its passing keys, or ours where the leg must end in media. */
#ifndef CORE_DIAL_H
#define CORE_DIAL_H

#include "call.h"

/* Codecs that this phone may be offered, as 1 << enum sdp_codec_kind. */
uint8_t dial_codecs(const struct leg *l);

/* SDP_KEYS_* of the caller that a passing leg of this call offers. */
uint8_t dial_offered_keys(const struct call *c, const struct leg *caller);

/* Ask every phone of the callee; c->best says why none could be asked. The call may be elsewhere afterwards. */
void dial_ask_all(struct call *c);
/* Invite this new leg with what it may be offered. */
void dial_offer(struct call *c, struct leg *caller, struct leg *callee);
/* The call rings on this phone too, if it is there. */
bool dial_also(struct call *c, uint32_t user, uint32_t device);
/* Is this the leg of one of those who are called, or of whom their phone named instead? */
bool dial_is_callee(const struct call *c, const struct leg *l);
/* The phone of one of a group named these instead: they ring in that one's place, whose other phones stop. False: nobody of them can, or there
 * were too many before. */
bool dial_instead(struct call *c, const struct leg *from, const struct dest *to);
/* None could be: wait for one that was there a moment ago, or go on as when all have refused. */
void dial_nobody(struct call *c);
/* All have refused, or rung long enough, for the reason in c->best: a forward, or the end by this event. */
void dial_over(struct call *c, enum call_event event);
/* Everybody of a destination that is a person or a ring group, one after the other; until `visit` says false. */
void dial_each_callee(const struct dest *d, bool (*visit)(uint32_t user, void *arg), void *arg);
/* Is this user one of those who are called? */
bool dial_wants(const struct call *c, uint32_t user);
/* Some of its phones do not ring, for want of room: counted, and an event once a minute. */
void dial_leaves_out(const struct call *c);
/* Is there anyone to ask but the caller itself? */
bool dial_can_ring(const struct call *c);
/* How media is to end this leg, of the methods that its phone was not offered yet; RELAY_PASSING: by none. */
enum relay_end dial_method(const struct leg *l);
/* The phone took none of what it was offered: ask it again with all that its caller, who is given on, has named, where that is more. */
bool dial_wider(struct call *c, struct leg *l);
/* Ask it again by another key method, where there is one. */
bool dial_again(struct call *c, struct leg *l);
/* All but the winner need not ring any more. */
void dial_stop(struct call *c, uint64_t winner);
/* Who declines does it for all of their own phones, and for nobody else's (RFC 3261 21.6). */
void dial_stop_person(struct call *c, uint32_t person);
/* This leg is asked no more. False: it was not. */
bool dial_strike(struct call *c, uint64_t leg);
/* This leg said no: what its caller is told, if nothing better comes. */
void dial_note(struct call *c, const struct leg *from);

void dial_status(struct proc_status *s);

#endif
