/* SPDX-License-Identifier: ISC */
/* The call to the front desk when somebody calls for help (R16), or of an alarm that it can't read: its phones ring, and who answers hears which extension or phone it
 * was and where that stands. It begins after the call for help went its way, takes nothing from the reserve of emergency calls, leads to that
 * one person's phones and nowhere else, and is given up when it can't be made: the event and the notice say the same. */
#ifndef CORE_DESK_H
#define CORE_DESK_H

#include "call.h"

enum { DESK_CALLS_MAX = 8, DESK_AFTER_MS = 200 };

void desk_init(void);
/* What is said of the place: that the phone may have been moved; that it says itself where it is, as the notices have it. */
struct desk_doubt {
	bool moved, says;
};

/* Somebody calls for help, to there: remembered only, nothing is done yet. */
void desk_wanted(uint32_t device, uint32_t person, const struct dest *to, const struct desk_doubt *doubt);

/* An alarm that no phone there took as a text: it rings, and who answers hears that there is one; message_told()
 * says what became of it, unless nobody answers. False: as many calls as there may be are under way. */
bool desk_alarm(const struct dest *to, uint64_t notice);

/* From the call's machine, of a call with c->desk: ask its phones; ask again one that took not what it was offered; one answered. */
void desk_ring(struct call *c);
bool desk_again(struct call *c, const struct leg *l);
void desk_answered(struct call *c, struct leg *l);

void desk_status(struct proc_status *s);

#endif
