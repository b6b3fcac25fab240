/* SPDX-License-Identifier: ISC */
/* The life of one leg: the dialog between the exchange and one phone. Pure: state and event give the next state and
 * what is to be done, every cell is written, and leg.c does it. */
#ifndef CORE_LEG_FSM_H
#define CORE_LEG_FSM_H

enum leg_state {
	LEG_IN_CALLING,  /* its INVITE waits for our final answer */
	LEG_IN_ANSWERED, /* our 200 waits for its ACK */
	LEG_IN_CLOSING,  /* the same, and BYE follows (RFC 3261 15: not before the ACK) */
	LEG_OUT_SENT,    /* our INVITE has no answer yet */
	LEG_OUT_EARLY,   /* it rings */
	LEG_OUT_LEAVING, /* CANCEL asked; the INVITE waits for its final answer */
	LEG_UP,
	LEG_LEAVING, /* our BYE waits for its answer */
	LEG_OWING,   /* nobody heard our BYE: it is said again when the phone is back (owed.h) */
	LEG_GONE,
	LEG_STATES
};

enum leg_event {
	LEG_RINGS,   /* 18x of the phone */
	LEG_ACCEPTS, /* 2xx to our INVITE, the first or again */
	LEG_REJECTS, /* 3xx-6xx to our INVITE */
	LEG_CANCELS, /* the phone cancelled its INVITE */
	LEG_ACKS,
	LEG_BYES,
	LEG_BYE_ENDS,  /* any final answer to our BYE; what is owed is too old */
	LEG_NO_ACK,    /* 64*T1 after our 200 (RFC 3261 13.3.1.4) */
	LEG_ANSWER,    /* the call wants to answer the phone's INVITE */
	LEG_REFUSE,    /* the call refuses it */
	LEG_HANG_UP,   /* the call wants the leg ended */
	LEG_EDGE_LOST, /* the edge died, and with it the transactions of the leg */
	LEG_LOST,      /* no answer to our INVITE or BYE comes: its connection is gone, or nobody spoke in time */
	LEG_BACK,      /* the phone is there, over another connection */
	LEG_EVENTS
};

enum leg_effect {
	LEG_DO_OK = 1 << 0,     /* 200 to the INVITE, repeated until the ACK */
	LEG_DO_REFUSE = 1 << 1, /* the refusal that the call gave */
	LEG_DO_487 = 1 << 2,    /* to the cancelled INVITE */
	LEG_DO_ACK = 1 << 3,
	LEG_DO_CANCEL = 1 << 4,
	LEG_DO_STOP_REPEAT = 1 << 5,
	LEG_DO_BYE = 1 << 6,
	LEG_DO_BYE_OK = 1 << 7,    /* 200 to its BYE */
	LEG_DO_NO_DIALOG = 1 << 8, /* 481 to its BYE */
	LEG_TELL_RINGING = 1 << 9,
	LEG_TELL_ACCEPTED = 1 << 10,
	LEG_TELL_REJECTED = 1 << 11,
	LEG_TELL_LEFT = 1 << 12,
	LEG_TELL_UP = 1 << 13,
	LEG_DO_FREE = 1 << 14,
	LEG_DO_OWE = 1 << 15,
};

struct leg_step {
	unsigned char next;
	unsigned short effects;
};

struct leg_step leg_step(enum leg_state state, enum leg_event event);

extern const char *const leg_state_name[LEG_STATES];
extern const char *const leg_event_name[LEG_EVENTS];

#endif
