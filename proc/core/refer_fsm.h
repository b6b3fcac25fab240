/* SPDX-License-Identifier: ISC */
/* The life of one transfer (RFC 3515, RFC 5589). Pure, every cell written; refer.c does it. The parties are those who are to
 * talk when it is over: one who is sent to a number (blind), or two who are to meet (attended). */
#ifndef CORE_REFER_FSM_H
#define CORE_REFER_FSM_H

enum refer_state {
	REFER_ASKING,   /* the phones were sent a one-time URI each, and nobody has come to it */
	REFER_HALF,     /* one of two has come and waits for the other */
	REFER_DIALLING, /* the call that it leads to is under way; an ACK that is to answer our offer is missing */
	REFER_DONE,     /* it stands; the old call waits for whoever transferred to hang up */
	REFER_OVER,
	REFER_STATES
};

enum refer_event {
	REFER_COMES,        /* a party's INVITE to the URI of a blind transfer */
	REFER_MEETS,        /* the same of an attended one */
	REFER_RINGS,        /* the target does */
	REFER_ANSWERED,     /* the new conversation stands */
	REFER_FAILS,        /* it will not: refused, not answered, no way to the phone */
	REFER_DECLINED,     /* a party's phone does not want to be transferred */
	REFER_VISITOR_LEFT, /* one of the two who meet hung up, or its ACK does not answer our offer */
	REFER_TIME_OUT,
	REFER_EVENTS
};

enum refer_effect {
	REFER_DO_MEET = 1 << 0,      /* answer both and join them */
	REFER_TELL_RINGING = 1 << 1, /* NOTIFY 180 to whoever transferred */
	REFER_TELL_OK = 1 << 2,      /* the last NOTIFY, 200 */
	REFER_TELL_FAILED = 1 << 3,  /* the last NOTIFY, with the reason */
	REFER_DO_TURN_AWAY = 1 << 4, /* the one that waits is refused */
	REFER_DO_WAIT = 1 << 5,      /* a moment for the phone to hang up by itself */
	REFER_DO_PART = 1 << 6,      /* what is left of the old call ends */
	REFER_DO_FREE = 1 << 7,
};

struct refer_step {
	unsigned char next, effects;
};

struct refer_step refer_step(enum refer_state state, enum refer_event event);

extern const char *const refer_state_name[REFER_STATES];

#endif
