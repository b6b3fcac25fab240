/* SPDX-License-Identifier: ISC */
/* The life of a trunk as a pure table: state and event in, state and effects out. */
#ifndef CORE_TRUNK_FSM_H
#define CORE_TRUNK_FSM_H

#include "ipc/contract.h"

enum trunk_event {
	TRUNK_BEGIN,     /* the processes that it needs are there, or somebody in need asks for it now */
	TRUNK_REACHED,   /* dial: there is an address, and a connection where it takes one */
	TRUNK_UNREACHED, /* dial: there is none, or none any more */
	TRUNK_FLOW,      /* edge: it may be spoken to */
	TRUNK_NO_FLOW,   /* edge: the handshake failed */
	TRUNK_FLOW_GONE,
	TRUNK_GRANTED, /* it registered us, or answered */
	TRUNK_REFUSED, /* for good, as a wrong password is */
	TRUNK_SILENT,  /* no answer, or that it cannot serve now */
	TRUNK_DUE,     /* the state's time is over */
	TRUNK_LOST,    /* dial died */
	TRUNK_STOP,    /* its configuration changed */
	TRUNK_EVENTS
};

enum trunk_effect {
	TRUNK_DO_REACH = 1,      /* ask dial, from the name on */
	TRUNK_DO_NEXT = 2,       /* ask dial for the next address */
	TRUNK_DO_SPEAK = 4,      /* register, or ask whether it is there */
	TRUNK_DO_CLOSE = 8,      /* its flow */
	TRUNK_DO_TELL_UP = 16,   /* it can be used */
	TRUNK_DO_TELL_DOWN = 32, /* it can be used no more */
	TRUNK_DO_COUNT = 64,     /* one more failure: the wait grows */
	TRUNK_DO_NOTHING = 128,  /* cannot happen in this state, or comes late; ignored */
};

struct trunk_out {
	enum trunk_state state;
	unsigned effects;
	int32_t timer_ms; /* TRUNK_KEEP, TRUNK_OFF, TRUNK_BACK_OFF or TRUNK_LATER: the caller computes them */
};

enum {
	TRUNK_REACH_MS = 20000,  /* DNS and connections, which dial bounds itself */
	TRUNK_SHAKE_MS = 8000,   /* edge gives a handshake 5 s */
	TRUNK_ANSWER_MS = 10000, /* over UDP enough for five tries */
	TRUNK_KEEP = -1,
	TRUNK_OFF = -2,
	TRUNK_BACK_OFF = -3, /* longer with each failure */
	TRUNK_LATER = -4,    /* when something is next to be said in UP */
};

struct trunk_out trunk_step(enum trunk_state state, enum trunk_event event);

#endif
