/* SPDX-License-Identifier: ISC */
/* What a phone asks for while the session of a call changes, a transfer, its other half, or to park it, waits until that is
 * over and is judged then, as if it came only now: no phone asks once more by itself. It does not outlive core. */
#ifndef CORE_AWAIT_H
#define CORE_AWAIT_H

#include "refer.h"

enum { AWAIT_MS = 10000 };

/* All: false, and nothing is answered: too many wait, or one in this call does. */

/* A REFER inside this leg's dialog. */
bool await_refer(const struct leg *l, const struct request *r) __attribute__((warn_unused_result));
/* The INVITE of a phone that was sent to the line of this call. */
bool await_visitor(const struct refer *t, const struct call *c, const struct request *r)
    __attribute__((warn_unused_result));
/* Of whoever asked in this call for the other one to be parked. */
bool await_park(const struct call *asker, const struct call *held) __attribute__((warn_unused_result));

/* The phone cancelled this INVITE. False: it is none that waits. */
bool await_cancel(struct reply invite);
void await_status(struct proc_status *s);

#endif
