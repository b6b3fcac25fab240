/* SPDX-License-Identifier: ISC */
/* The call to the front desk when somebody calls for help (R16), or of an alarm that it can't read: its phones ring, and who answers hears which extension or phone it
 * was and where that stands. It begins after the call for help went its way, takes nothing that calls for help may need, gives way to one that finds no room, and leads to that
 * one person's phones and nowhere else. One that nobody hears (busy, unanswered, nobody there, no port or voice) is made again until somebody has, or is given up in the
 * end, with an alarm: the event and the notice say the same. core's next life goes on with the time that is left. */
#ifndef CORE_DESK_H
#define CORE_DESK_H

#include "arena/arena.h"
#include "call.h"

enum {
	DESK_CALLS_MAX = 8, /* that nobody has heard yet */
	DESK_AFTER_MS = 200,
	DESK_AGAIN_MS = 12000,        /* after one that nobody heard */
	DESK_KEEP_MS = 5 * 60 * 1000, /* no other is begun after that */
	DESK_HEARD_MS = 4000,         /* who it was is said by then, if not where */
	DESK_ANEW_MS = 5000, /* in core's next life: the call of the one before is over by then (EDGES_ARE_BACK_MS) */
};

/* What outlives core, in the arena, of one that nobody has heard yet. Who is called, and what is said, are looked up at each call. */
struct desk_record {
	uint64_t until_ms;       /* CLOCK_BOOTTIME: no other is begun after that */
	uint32_t device, person; /* who called for help; person: NOBODY when none was logged in */
	uint8_t moved, says;     /* of struct desk_doubt */
	uint8_t pad[6];
};

struct arena_shape desk_shape(void);
void desk_open(struct arena_table *t);

/* Of the front desk, as status says it: is there anybody who could hear of a call for help? */
enum desk_state {
	DESK_SET,
	DESK_NOT_SET, /* none was named */
	DESK_NOBODY   /* who was is no user or group any more, or a group of nobody */
};

/* What is said of the place: that the phone may have been moved; that it says itself where it is, as the notices have it. */
struct desk_doubt {
	bool moved, says;
};

/* Somebody calls for help, to there: remembered only, nothing is done yet. */
void desk_wanted(uint32_t device, uint32_t person, const struct dest *to, const struct desk_doubt *doubt);

/* An alarm that no phone there took as a text: it rings, and who answers hears that there is one; message_told()
 * says what became of it. False: as many calls as there may be are under way. */
bool desk_alarm(const struct dest *to, uint64_t notice);

/* A call for help finds no slot, ports or seat: one of these ends at once, which rings again later. False: none is under way. */
bool desk_gives_way(void);
/* Who is of this index next did not call for help. */
void desk_forget_user(uint32_t user);

/* From the call's machine, of a call with c->desk: ask its phones; ask again one that took not what it was offered; one answered. */
void desk_ring(struct call *c);
bool desk_again(struct call *c, const struct leg *l);
void desk_answered(struct call *c, struct leg *l);
void desk_said(const struct call *c); /* to the end */
void desk_over(const struct call *c); /* it ends */

void desk_status(struct proc_status *s);

#endif
