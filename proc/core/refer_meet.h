/* SPDX-License-Identifier: ISC */
/* An attended transfer: two phones come to one meeting, each by a fresh INVITE. The first waits unanswered; when the second is
 * there both are answered as ended legs and joined. If only one comes, it hears no more than a refusal, and the old calls
 * stand; so they do until the ACK of who came without an offer has answered ours. */
#ifndef CORE_REFER_MEET_H
#define CORE_REFER_MEET_H

#include "refer.h"

/* For whoever else is met by an INVITE: its leg, or NULL and r is answered. */
struct leg *refer_meet_take_in(struct call *c, struct request *r);

void refer_meet_comes(struct refer *t, struct request *r);
bool refer_meet_join(struct refer *t);         /* false: the two do not fit together; both were refused */
bool refer_meet_stands(const struct refer *t); /* both have said what they hear by */
void refer_meet_turn_away(struct refer *t);

#endif
