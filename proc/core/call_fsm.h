/* SPDX-License-Identifier: ISC */
/* The life of a call above its legs. Pure, every cell written. */
#ifndef CORE_CALL_FSM_H
#define CORE_CALL_FSM_H

enum call_phase {
	PHASE_LOOKING,  /* may it be dialled? Perhaps keeper is asked whether the payer ever did */
	PHASE_ASKING,   /* the caller hears the exchange and presses keys */
	PHASE_DIALLING, /* the callee's phones were asked, none has said anything */
	PHASE_WAITING,  /* the callee's phone lost its connection a moment ago; or it is parked */
	PHASE_RINGING,
	PHASE_TALKING,
	PHASE_TELLING, /* the caller hears why not */
	PHASE_OVER,
	CALL_PHASES
};

enum call_event {
	CALL_ALLOWED,     /* it may be dialled */
	CALL_ASKED,       /* the caller is to be asked something first */
	CALL_FORWARDED,   /* it goes to another number, or more is known of the caller: judged anew */
	CALL_ABSENT,      /* no phone of the callee is there, one was a moment ago */
	CALL_RINGS,       /* a phone of the callee rings */
	CALL_ANSWERED,    /* a phone of the callee answered */
	CALL_REFUSED,     /* the last phone of the callee refused; it may not be dialled */
	CALL_TOLD_WHY,    /* the same, and the caller is to hear it */
	CALL_CALLER_LEFT, /* cancelled or hung up */
	CALL_CALLEE_LEFT,
	CALL_TIME_OUT,   /* rung, or waited, long enough */
	CALL_PHONE_BACK, /* a phone of the callee registered */
	CALL_MEDIA_FAILED,
	CALL_FAILED,      /* for another reason: a ceiling, a line that help needs, a phone that answers no more */
	CALL_SAID,        /* what the caller was to hear last is said */
	CALL_TRANSFERRED, /* it goes on to another number for the one who is the caller now */
	CALL_RETURNED,    /* and could not: whoever transferred has the party back */
	CALL_MET,         /* the two of an attended transfer are there; somebody took a parked call */
	CALL_EVENTS
};

enum call_effect {
	CALL_DO_RING = 1 << 0,           /* 180 to the caller */
	CALL_DO_DIAL = 1 << 1,           /* ask the callee's phones (again) */
	CALL_DO_CONNECT = 1 << 2,        /* answer the caller, stop the others, join */
	CALL_DO_HANG_UP_OTHERS = 1 << 3, /* an answer too late */
	CALL_DO_REFUSE = 1 << 4,         /* the caller gets the best refusal */
	CALL_DO_END = 1 << 5,            /* every leg ends, ports rest, the record is written */
	CALL_DO_ASK = 1 << 6,            /* begin the dialogue */
	CALL_DO_TELL = 1 << 7,           /* say the refusal to the caller */
	CALL_DO_JUDGE = 1 << 8,          /* ask the permission function about where it goes now */
	CALL_DO_WAIT = 1 << 9,           /* 182 to the caller */
	CALL_DO_RETURN = 1 << 10,        /* give the party back to whoever transferred */
};

struct call_step {
	unsigned char next;
	unsigned short effects;
};

struct call_step call_step(enum call_phase phase, enum call_event event);

extern const char *const call_phase_name[CALL_PHASES];

#endif
