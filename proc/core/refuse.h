/* SPDX-License-Identifier: ISC */
/* Every way in which core says no: a code, a Warning text that an operator can act on, and a Q.850 cause. */
#ifndef CORE_REFUSE_H
#define CORE_REFUSE_H

#include "ipc/child.h"

enum refusal {
	REFUSE_NONE,
	REFUSE_LOGIN,         /* wrong name, password or phone: one answer for all three (T2) */
	REFUSE_EXPIRED,       /* the certificate of the phone has expired */
	REFUSE_FOREIGN,       /* From or To of another domain */
	REFUSE_IMPERSONATION, /* credentials of one user, From of another */
	REFUSE_NO_NUMBER,
	REFUSE_NOT_IN_SERVICE, /* a trunk says that nobody has this number */
	REFUSE_NOT_ALLOWED,
	REFUSE_OFFLINE, /* no phone of the callee is there */
	REFUSE_NO_ANSWER,
	REFUSE_BUSY,
	REFUSE_DECLINED,
	REFUSE_REDIRECT, /* the callee's phone sent a redirect that is not followed */
	REFUSE_CALLEE_FAILED,
	REFUSE_CANCELLED,
	REFUSE_OFFER, /* the SDP; the text says why */
	REFUSE_NO_DIALOG,
	REFUSE_OUT_OF_ORDER, /* CSeq runs backwards */
	REFUSE_GLARE,        /* 491 */
	REFUSE_PENDING,      /* a change of the same side is under way */
	REFUSE_INTERVAL,     /* 422 */
	REFUSE_CONTACT,      /* Contact of a REGISTER */
	REFUSE_METHOD,       /* not possible here */
	REFUSE_EVENT,        /* a SUBSCRIBE to what is not served */
	REFUSE_FULL,         /* a pool is full */
	REFUSE_NO_KEEPER,    /* logins can't be checked this moment */
	REFUSE_NO_MEDIA,     /* the relay is not there this moment */
	REFUSE_NO_PORT,
	REFUSE_SHARE,    /* one phone has what one may have of what is everybody's */
	REFUSE_TEXTS,    /* it writes texts faster than one may */
	REFUSE_PACE,     /* it begins calls faster than one may */
	REFUSE_TOO_LONG, /* a field longer than we keep */
	REFUSE_NO_ACK,
	REFUSE_NO_PRACK,
	REFUSE_MEDIA_SHUT,   /* keys were not in place in time */
	REFUSE_CEILING,      /* of money, minutes, calls */
	REFUSE_PICKED_UP,    /* the call that was picked up rings here now */
	REFUSE_NO_VOICE,     /* what this number says can't be said this moment */
	REFUSE_PREEMPTED,    /* its line was needed for an emergency call */
	REFUSE_NO_LINE,      /* no trunk that carries this number has a free line */
	REFUSE_NO_EMERGENCY, /* nobody answers for the emergency number */
	REFUSALS
};

struct refusal_row {
	uint16_t code, warning, cause;
	uint32_t retry_after_s;
	const char *text;
};

const struct refusal_row *refusal_row(enum refusal why);

/* A server transaction that waits for its answer at an edge, and the CSeq of its request. */
struct reply {
	uint64_t txn;
	uint32_t edge, cseq;
};

/* Begin an answer; NULL when the edge is gone (its transactions are too). End it with reply_end(). */
struct msg_respond *reply_begin(struct reply r, uint16_t code);
struct link *reply_link(struct reply r);
void reply_end(struct reply r);

void reply_refuse(struct reply r, enum refusal why);
/* With a text of its own, static. */
void reply_refuse_because(struct reply r, enum refusal why, const char *text);
/* To an INVITE that was answered provisionally: every answer carries the same tag (RFC 3261 8.2.6.2). */
void reply_refuse_dialog(struct reply r, enum refusal why, const char *text, struct span to_tag);
/* An answer that needs no more than its code. */
void reply_code(struct reply r, uint16_t code);

#endif
