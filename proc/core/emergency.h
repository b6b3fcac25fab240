/* SPDX-License-Identifier: ISC */
/* Calls for help (R16): who is told of one before anything else is done, and that it is over. */
#ifndef CORE_EMERGENCY_H
#define CORE_EMERGENCY_H

#include "call.h"
#include "wire/pidf.h"

struct plan_answer;

/* Calls whose phones say where they are, at once; of more the word is lost, not the call: that of a phone which has several first. */
enum {
	EMERGENCY_PLACES_MAX = 64,
	EMERGENCY_TOLD_MAX = 64, /* phones whose last refused call is remembered, */
	EMERGENCY_TOLD_MS = 5000 /* so that one which repeats itself is told of once meanwhile */
};

/* Where the phone that calls says that it is; remembered as long as the call is there. NULL: it says nothing. */
void emergency_said(const struct call *c, uint32_t device, const struct pidf_place *where);
const struct pidf_place *emergency_place(const struct call *c);
void emergency_forget(const struct call *c);

/* The number that reads back where a phone is: goes out as help does, and alarms nobody. */
bool emergency_is_test(const struct call *c);
bool emergency_tests(const struct dest *to); /* a call for help to it would be one */
/* Is this leg of the phone that called for help? */
bool emergency_is_of(const struct call *c, const struct leg *l);
/* It was judged; the call does not wait for who is told. By one that is refused nobody has a way back to the phone. */
void emergency_begins(struct call *c, const struct plan_answer *a);
/* A call for help that is refused before it is a call, by core or by the edge: text says why, static. `number` as it was dialled. */
void emergency_refused(const struct flow *f, uint32_t user, struct span number, const char *text);
void emergency_on_refused(struct link *from, const struct ipc_view *v);
/* One of a build before, which did not keep whose it is. */
void emergency_adopt(struct call *c);
/* A part of it that was talked is over: it may go on with others, and is for help no less. */
void emergency_talked(struct call *c);
/* What one was for help the other is now, which its phones were sent to. */
void emergency_goes_on(struct call *from, struct call *to);
/* The line is gone. From now on, and not from its beginning, the phone may be called back for a while. */
void emergency_over(const struct call *c);

void emergency_status(struct proc_status *s);

#endif
