/* SPDX-License-Identifier: ISC */
/* A blind transfer of legs that end in media: the call goes on to another number for the party that remains. Whoever
 * transferred stays at its side, hearing nothing, and gets the party back if it fails. */
#ifndef CORE_REFER_GIVE_H
#define CORE_REFER_GIVE_H

#include "refer.h"

/* What was talked so far is a record of its own; the next is judged, dialled and joined as any call. */
void refer_give_on(struct refer *t, struct call *c, struct leg *party, const struct dest *to);

/* Whoever talked with this party is gone, and another is on its way: it waits as the caller, with music. */
void refer_give_alone(struct call *c, struct leg *party);
/* May the one who came late (join_late()) talk with this party? NULL, or why not (static): then all is as it was. And from here on it
 * does, and the party is the caller. */
const char *refer_give_judge(struct call *c, struct leg *party, struct leg *late);
void refer_give_place(struct call *c, struct leg *party, struct leg *late);

#endif
