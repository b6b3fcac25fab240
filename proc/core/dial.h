/* SPDX-License-Identifier: ISC */
/* Who rings for a call, and what each is offered: its passing keys, or ours where the leg must end in media. */
#ifndef CORE_DIAL_H
#define CORE_DIAL_H

#include "call.h"

/* Codecs that this phone may be offered, as 1 << enum sdp_codec_kind. */
uint8_t dial_codecs(const struct leg *l);

/* Ask every phone of the callee; c->best says why none could be asked. */
void dial_ask_all(struct call *c);
/* Is there anyone to ask but the caller itself? */
bool dial_can_ring(const struct call *c);
/* The phone took none of what it was offered: ask it again by another key method, where there is one. */
bool dial_again(struct call *c, struct leg *l);
/* All but the winner need not ring any more. */
void dial_stop(struct call *c, uint64_t winner);
/* This leg is asked no more. False: it was not. */
bool dial_strike(struct call *c, uint64_t leg);
/* The leg said no with this code: what its caller is told, if nothing better comes. */
void dial_note(struct call *c, uint16_t code);

#endif
