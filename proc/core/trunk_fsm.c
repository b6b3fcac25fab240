/* SPDX-License-Identifier: ISC */
#include "trunk_fsm.h"

/* clang-format off */
enum action {
	ignore, resolve, next, wait, shake, speak, change, rise, renew, remind, fall, fall_next, again, stop,
	ACTIONS
};
/* clang-format on */

#define STAY TRUNK_STATES

/* clang-format off */
static const struct trunk_out outcome[ACTIONS] = {
    [ignore] =	  {STAY,	      TRUNK_DO_NOTHING,					TRUNK_KEEP},
    [resolve] =	  {TRUNK_RESOLVING,   TRUNK_DO_REACH,					TRUNK_REACH_MS},
    [next] =	  {TRUNK_NEXT,	      TRUNK_DO_CLOSE | TRUNK_DO_NEXT,			TRUNK_REACH_MS},
    [wait] =	  {TRUNK_WAITS,	      TRUNK_DO_CLOSE | TRUNK_DO_COUNT,			TRUNK_BACK_OFF},
    [shake] =	  {TRUNK_CONNECTING,  0,						TRUNK_SHAKE_MS},
    [speak] =	  {TRUNK_REGISTERING, TRUNK_DO_SPEAK,					TRUNK_ANSWER_MS},
    [change] =	  {STAY,	      TRUNK_DO_SPEAK,					TRUNK_ANSWER_MS},
    [rise] =	  {TRUNK_UP,	      TRUNK_DO_TELL_UP,					TRUNK_LATER},
    [renew] =	  {TRUNK_UP,	      0,						TRUNK_LATER},
    [remind] =	  {TRUNK_UP,	      TRUNK_DO_SPEAK,					TRUNK_ANSWER_MS},
    [fall] =	  {TRUNK_WAITS,	      TRUNK_DO_CLOSE | TRUNK_DO_TELL_DOWN | TRUNK_DO_COUNT, TRUNK_BACK_OFF},
    [fall_next] = {TRUNK_NEXT,	      TRUNK_DO_CLOSE | TRUNK_DO_TELL_DOWN | TRUNK_DO_NEXT, TRUNK_REACH_MS},
    [again] =	  {TRUNK_RESOLVING,   TRUNK_DO_TELL_DOWN | TRUNK_DO_REACH,		TRUNK_REACH_MS},
    [stop] =	  {TRUNK_DOWN,	      TRUNK_DO_CLOSE,					TRUNK_OFF},
};

/* Columns in the order of enum trunk_event:
 *   BEGIN REACHED UNREACHED FLOW NO_FLOW FLOW_GONE GRANTED REFUSED SILENT DUE LOST STOP */
static const enum action table[TRUNK_STATES][TRUNK_EVENTS] = {
    [TRUNK_DOWN] =	  {resolve, ignore,  ignore, speak,  ignore, ignore, ignore, ignore, ignore,	ignore, ignore, ignore},
    [TRUNK_RESOLVING] =	  {ignore,  shake, wait,   speak,  next,   ignore, ignore, ignore, ignore,	wait,	wait,	stop},
    [TRUNK_CONNECTING] =  {ignore,  ignore,  ignore, speak,  next,   ignore, ignore, ignore, ignore,	next,	ignore, stop},
    [TRUNK_REGISTERING] = {ignore,  ignore,  ignore, change, ignore, next,   rise,   wait,   next,	next,	ignore, stop},
    [TRUNK_UP] =	  {ignore,  ignore,  ignore, change, ignore, again,  renew,  fall,   fall_next, remind, ignore, stop},
    [TRUNK_NEXT] =	  {ignore,  shake, wait,   speak,  next,   ignore, ignore, ignore, ignore,	wait,	wait,	stop},
    [TRUNK_WAITS] =	  {resolve, ignore,  ignore, speak,  ignore, ignore, ignore, ignore, ignore,	resolve, ignore, stop},
};
/* clang-format on */

struct trunk_out trunk_step(enum trunk_state state, enum trunk_event event)
{
	struct trunk_out out = outcome[table[state][event]];

	if (out.state == STAY)
		out.state = state;
	/* whoever relied on it hears of every end of UP */
	if (state == TRUNK_UP && out.state == TRUNK_DOWN)
		out.effects |= TRUNK_DO_TELL_DOWN;
	return out;
}
