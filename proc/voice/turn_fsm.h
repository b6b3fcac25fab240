/* SPDX-License-Identifier: ISC */
/* What a turn does when something was said, pressed or waited for. */
#ifndef VOICE_TURN_FSM_H
#define VOICE_TURN_FSM_H

#include <stdint.h>

enum turn_state {
	TURN_SPEAKS,  /* no digits are wanted; it ends when all is said */
	TURN_REPEATS, /* no digits are wanted; it is said again and again */
	TURN_DEAF,    /* digits are wanted, but do not count before all was said once */
	TURN_OPEN,    /* the first digit ends what is said */
	TURN_WAITS,   /* all was said once: for the first digit */
	TURN_GATHERS, /* for the next */
	TURN_STATES
};

enum turn_event {
	TURN_EV_SAID,  /* the end of what is said */
	TURN_EV_DIGIT, /* one more, and more may come */
	TURN_EV_FULL,  /* the last one */
	TURN_EV_END,   /* the end key */
	TURN_EV_TIME,  /* nothing came in time */
	TURN_EVENTS
};

enum turn_effect {
	TURN_DO_AGAIN = 1,      /* say it again, if it is to be repeated */
	TURN_DO_HUSH = 2,       /* stop saying it */
	TURN_DO_WAIT_FIRST = 4, /* start the timer for the first digit */
	TURN_DO_WAIT_NEXT = 8,
	TURN_DO_END_SAID = 16,
	TURN_DO_END_COUNT = 32, /* enough digits, or too few */
};

struct turn_step {
	uint8_t next;    /* enum turn_state */
	uint8_t effects; /* of enum turn_effect */
};

struct turn_step turn_step(enum turn_state state, enum turn_event event);

#endif
