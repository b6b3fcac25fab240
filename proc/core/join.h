/* SPDX-License-Identifier: ISC */
/* Two legs become one conversation: what each is answered, and what media is told. */
#ifndef CORE_JOIN_H
#define CORE_JOIN_H

#include "call.h"

/* What this leg was offered and said to that last: NULL, or why it can't be used (static). */
const char *join_misfit(const struct leg *callee);
/* The callee answered. NULL, or why the two do not fit together (static). */
const char *join_legs(struct call *c, struct leg *caller, struct leg *callee);
/* May the exchange answer this caller itself? */
bool join_can_answer(const struct leg *caller);
/* The exchange answers the caller itself, before any far end: the leg is ended from here on. */
const char *join_caller(struct call *c, struct leg *caller);
/* Two who came by INVITEs of their own are answered and joined. NULL, or why they do not fit (static); then neither was. */
const char *join_meeting(struct call *c, struct leg *a, struct leg *b);
/* The same of one who comes to a party that was answered before: what it is answered is made, with the codecs that the party has, and
 * nothing of the call is another; then that it is the far end. */
const char *join_late(struct call *c, struct leg *party, struct leg *late);
void join_late_stands(struct call *c, struct leg *late);
/* And that is said to it. */
void join_late_answer(struct call *c, struct leg *late);
/* The two sides hear each other again. */
void join_again(struct call *c);
/* An ended far end that rings sends audio already; the caller is to hear it. */
void join_early(struct call *c, struct leg *callee);

#endif
