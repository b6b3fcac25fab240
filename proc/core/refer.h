/* SPDX-License-Identifier: ISC */
/* Transfers (RFC 3515, RFC 5589). Where both legs end in media the exchange itself sends the remaining party on. A passing leg
 * can't change its far end: its phone is sent a one-time URI of the exchange, and the INVITE that comes to it is a fresh call,
 * judged by the call plan on the account of whoever transferred. Attended transfers bring both phones to URIs of one meeting.
 * Nothing that a phone wrote goes on to another: not the URI, not the headers in it, not its name for itself. */
#ifndef CORE_REFER_H
#define CORE_REFER_H

#include "call.h"
#include "refer_fsm.h"

enum {
	REFER_TOKEN_LEN = 5 + 32, /* "xfer-" and 128 bits */
	REFER_GOOD_MS = 60000,    /* a one-time URI */
	REFER_MEETING_MS = 20000, /* for both of two phones to come */
	REFER_PARK_MS = 10000,    /* for a phone to come to where it is parked */
	REFER_GONE_MS = 4000,     /* the same, of one that hung up meanwhile: some do so before they call */
	REFER_PART_MS = 1000,     /* for the phone that transferred to hang up by itself */
};

/* Who is to talk afterwards, and the URI that its phone was sent; good once, from that user on that phone. */
struct refer_party {
	uint64_t leg; /* of the old call */
	uint32_t user, device;
	bool came;
	char token[REFER_TOKEN_LEN + 1];
};

enum refer_way {
	REFER_BY_PHONE,   /* blind, passing legs */
	REFER_BY_US,      /* blind, ended legs: the call itself goes on to the number */
	REFER_TO_MEETING, /* attended */
	REFER_TO_LINE,    /* attended, and one of the two is outside: refer_out.h */
	REFER_TO_PARK,    /* as REFER_BY_PHONE; nobody's REFER, so nobody is notified */
};

struct refer {
	struct timer timer;
	uint64_t id;
	uint64_t leg, call;   /* of whoever transfers */
	uint64_t second_call; /* attended: the one with the other party */
	uint64_t onward;      /* the call that it leads to */
	uint64_t visitor;     /* attended: the leg of the one who came second, or to the line */
	uint64_t line, mine;  /* to a line: its leg, and beside it that of whoever transfers */
	uint32_t user;        /* who transfers, and pays */
	uint32_t by;          /* share.h */
	uint32_t cseq;        /* of the REFER: the id of its event (RFC 3515 2.4.6) */
	uint16_t code;        /* what the next NOTIFY says */
	uint8_t state, way, parties;
	struct refer_party party[2];
	char number[2 * USER_NAME_MAX + 1]; /* where it goes, as it was written */
	/* of the call before it went on */
	uint64_t was_caller, was_callee;
	uint8_t was_who, was_spoken, was_paid, was_emergency;
	char was_from[2 * USER_NAME_MAX + 1], was_to[2 * USER_NAME_MAX + 1];
};

void refer_init(void);
/* This party, as the permission function is to see it: refer_ask.c. */
uint8_t refer_who(const struct call *c, const struct leg *party);
struct refer *refer_get(uint64_t id);
struct refer *refer_of_visitor(uint64_t leg); /* NULL */
/* Feed the machine and do what it says. t may be gone afterwards. */
void refer_event(struct refer *t, enum refer_event event);

/* A transfer by this leg's phone, at the beginning of its life, asked for by its REFER r, or NULL. NULL: full, and r is answered. */
struct refer *refer_new(struct leg *l, struct request *r, enum refer_way way);
/* 202 and the NOTIFY that follows at once (RFC 3515 2.4.4); one more who is to talk: refer_ask.c. */
void refer_promise(struct refer *t, struct leg *l, struct request *r);
void refer_name_party(struct refer *t, const struct leg *party);

/* The phone of the party is sent to where its call waits for others (park.h); its id, or 0: it takes no REFER, or full. */
uint64_t refer_to_park(struct leg *l, struct leg *party, const struct dest *to); /* refer_ask.c */
/* The party goes on to there, as the caller now; its leg ends in media. The other leg is out of the call: refer_give.c. */
void refer_go_on(struct call *c, struct leg *party, const struct dest *to);
/* Does its phone, or its call, take part in one already? */
bool refer_is_of(const struct leg *l);

/* Inside a dialog, from the phone that owns the leg. */
void refer_on_refer(struct leg *l, struct request *r); /* refer_ask.c */
/* Its call changes, or the other one that it names: await.h. */
bool refer_must_wait(const struct leg *l, const struct request *r); /* refer_ask.c */
void refer_on_notify(struct leg *l, struct request *r);
/* The phone's answers to our REFER and NOTIFY. */
void refer_on_answer(const struct ask *a, const struct msg_response *m, const struct ipc_view *v);
void refer_on_notified(const struct ask *a, const struct msg_response *m, const struct ipc_view *v);

/* An INVITE to a one-time URI: where it leads, and whose transfer it is. */
enum refusal refer_find(struct request *r, struct dest *to, uint64_t *transfer);
/* The call that came of it, before it is judged; and, with the same transfer, that the INVITE is dealt with: without a call the
 * transfer failed. */
void refer_comes(uint64_t transfer, struct call *c, struct leg *caller, const struct dest *to);
void refer_placed(uint64_t transfer);
/* The same of a meeting: true, and r is answered or waits for the other. */
bool refer_meets(struct request *r);
/* This leg's phone hung up in the talk c, and may have been sent somewhere. True when another is on its way to its place, and the
 * call waits. */
bool refer_left(struct call *c, const struct leg *l);
/* An INVITE that wants to take the place of a dialog (RFC 3891). */
void refer_on_replaces(struct request *r);

/* The call's machine. What an event is for a call that has a way back; what it did, before its effects; that it stands. */
enum call_event refer_turn(const struct call *c, enum call_event event);
void refer_watch(struct call *c, const struct call_step *step);
void refer_answered(struct call *c);
void refer_acknowledged(struct call *c); /* by the ACK that answered our offer */
/* The transfer failed: the party is given back. With CALL_DO_RETURN. */
void refer_give_back(struct call *c);

void refer_status(struct proc_status *s);

/* refer_send.c: what phones are told */
void refer_send_accepted(struct leg *l, struct reply to);                       /* 202 */
void refer_send_notify(struct refer *t, bool last);                             /* t->code to whoever transfers */
bool refer_send_token(struct refer *t, struct refer_party *p, struct leg *leg); /* a REFER to this party's phone */

#endif
