/* SPDX-License-Identifier: ISC */
/* An attended transfer where one of the two is outside. A line can't be sent anywhere, and need not be: its call stays as it is, and the phone
 * of the other comes to it by a one-time URI, in the place of whoever transfers. Until it is there the old calls stand. */
#ifndef CORE_REFER_OUT_H
#define CORE_REFER_OUT_H

#include "refer.h"

/* l is asked by r; out: the line, in c, where whoever transfers is `mine`; other: the phone, in their other call. */
void refer_out_begin(
    struct leg *l, struct request *r, struct call *c, struct leg *mine, struct leg *out, struct leg *other);
/* Whoever transfers hung up in c before the phone has come: true, and the line waits for it alone, with music. */
bool refer_out_waits(struct refer *t, struct call *c);
/* The phone does not come: a line that waits alone ends. */
void refer_out_failed(struct refer *t);
/* The phone's INVITE to its URI; without an offer, the line is who it was until the ACK. */
void refer_out_comes(struct refer *t, struct request *r);
/* late.h: the phone that came without an offer */
bool refer_out_stands(struct call *c, struct leg *late);
void refer_out_not(struct call *c, uint64_t late, enum refusal why);
/* What is left of the old calls ends. */
void refer_out_part(struct refer *t);

#endif
