/* SPDX-License-Identifier: ISC */
/* What session.c and session_back.c share. */
#ifndef CORE_SESSION_INT_H
#define CORE_SESSION_INT_H

#include "call.h"
#include "session.h"

/* Whoever refreshes: a phone that does so itself is asked then, and not hung up on. */
void session_ask_at(struct leg *l, uint64_t due_ms);
/* Of one that came back, whose turn it is: is it still to be asked? Where not, its timer runs as ever. */
bool session_back_asks(struct leg *l);
/* One that was adopted in the middle of a change: from then on, one after the other. */
void session_ask_unsure(struct leg *l, uint64_t from_ms);

#endif
