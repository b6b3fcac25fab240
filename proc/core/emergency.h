/* SPDX-License-Identifier: ISC */
/* Calls for help (R16): who is told of one before anything else is done, and that it is over. */
#ifndef CORE_EMERGENCY_H
#define CORE_EMERGENCY_H

#include "call.h"
#include "wire/pidf.h"

struct plan_answer;

/* Calls whose phones say where they are, at once; of more the word is lost, not the call. */
enum { EMERGENCY_PLACES_MAX = 64 };

/* Where the phone that calls says that it is; remembered as long as the call is there. NULL: it says nothing. */
void emergency_said(const struct call *c, const struct pidf_place *where);
const struct pidf_place *emergency_place(const struct call *c);
void emergency_forget(const struct call *c);

/* The number that reads back where a phone is: goes out as help does, and alarms nobody. */
bool emergency_is_test(const struct call *c);
/* It was judged; the call does not wait for who is told. By one that is refused nobody has a way back to the phone. */
void emergency_begins(const struct call *c, const struct plan_answer *a);
/* From now on, and not from its beginning, it may be called back for a while. */
void emergency_over(const struct call *c);

void emergency_status(struct proc_status *s);

#endif
