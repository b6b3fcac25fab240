/* SPDX-License-Identifier: ISC */
/* May this leg be made? The one permission function of the exchange: a fresh call, a forward, a transfer, a menu, everything
 * asks it before a leg begins (R14-R17). A phone inside that rings for a call which may be made (of a group, at a pickup, another of its person's) is
 * part of that call. Pure: what it needs to know is in the question, and a question left zero is refused.
 *
 * Read as: emergency first; then who may ask at all; then default deny by class, night, ceilings; the PIN last. */
#ifndef PLAN_PERMIT_H
#define PLAN_PERMIT_H

#include "plan/ceiling.h"
#include "plan/plan.h"

/* Who will talk over the new leg: the end that is there already. */
enum plan_who {
	WHO_NOBODY,
	WHO_ANONYMOUS, /* outside, number withheld or none */
	WHO_UNVERIFIED, /* outside, with a number that nobody vouches for; also an outside party that was dialled from here */
	WHO_VERIFIED, /* outside, with a signature that verified (STIR) */
	WHO_DEVICE,   /* an enrolled phone without a login */
	WHO_USER,     /* a user who is logged in */
	WHOS
};

enum plan_route {
	ROUTE_NONE,
	ROUTE_FRESH,
	ROUTE_FORWARD,   /* of the payer's, also not registered, busy, no answer */
	ROUTE_TRANSFER,  /* REFER, blind or attended; the payer is who transfers */
	ROUTE_REDIRECT,  /* a phone's 3xx */
	ROUTE_GROUP,     /* a member of a ring group; the payer is who owns the group, or nobody */
	ROUTE_MENU,      /* a choice in a menu; nobody pays */
	ROUTE_VOICEMAIL, /* call-back from a mailbox */
	ROUTE_PICKUP,
	ROUTE_PARK,
	ROUTE_CLICK, /* click-to-call, confirmed on the user's own phone */
	ROUTES
};

/* On whose account the leg goes. */
enum plan_payer {
	PAYER_NOBODY,
	PAYER_SELF,  /* the user who is on the phone and talks */
	PAYER_OTHER, /* another enabled user: whose forward, transfer or group it is */
	PAYERS
};

enum plan_pin { PLAN_PIN_NONE, PLAN_PIN_SET, PLAN_PIN_LOCKED, PLAN_PINS };

struct plan_question {
	uint8_t who;   /* enum plan_who */
	uint8_t route; /* enum plan_route */
	uint8_t payer; /* enum plan_payer */
	uint8_t pin;   /* enum plan_pin: the payer's */
	bool device_fixed, device_expired,
	    device_remote;   /* of the phone that asks; remote: it travels, or is in none of the site's networks */
	bool device_located; /* its user has confirmed the location that is stored */
	bool dialled_before; /* by the payer */
	bool pin_given;      /* this call's PIN was right */
	bool
	    helped; /* this end called for help, and whoever helps leads it on: inside, whatever its phone may do by itself */
	uint8_t night;    /* enum plan_night_mode */
	bool has_classes; /* the payer has a setting of classes; otherwise the site's default counts */
	struct plan_classes classes;
	struct ceiling_state limits; /* as ceiling_may() said */
	uint16_t week_min;           /* local time: 0 is Monday 0:00 */
	struct number number;
};

enum plan_verdict { PLAN_REFUSE, PLAN_ASK_PIN, PLAN_ALLOW, PLAN_VERDICTS };

enum plan_reason {
	REASON_NONE,
	REASON_ALLOWED,
	REASON_EMERGENCY,
	REASON_PIN_ASKED, /* PLAN_ASK_PIN */
	REASON_QUESTION,  /* the question makes no sense */
	REASON_NOT_UNDERSTOOD,
	REASON_EMERGENCY_OUTSIDE, /* nobody outside reaches an emergency number through the exchange */
	REASON_EMERGENCY_REMOTE,  /* R16: the phone is not where help would be sent */
	REASON_EXPIRED,
	REASON_NO_LOGIN,
	REASON_OUTSIDER, /* R14 */
	REASON_TRANSIT,  /* a verified outsider, and nobody here pays */
	REASON_NO_PAYER,
	REASON_REDIRECT,
	REASON_ROUTE, /* this route leads to internal numbers only */
	REASON_SERVICE_ROUTE,
	REASON_CLASS,
	REASON_NIGHT,
	REASON_MONEY, /* these six in the order of enum ceiling_kind */
	REASON_MINUTES,
	REASON_CALLS,
	REASON_HOURLY,
	REASON_DESTINATIONS,
	REASON_ABROAD,
	REASON_NO_PIN, /* the payer has none */
	REASON_PIN_LOCKED,
	REASON_PIN_ABSENT, /* never dialled, and the payer is not on the phone to be asked */
	REASONS
};

struct plan_answer {
	uint8_t verdict, reason; /* enum plan_verdict, enum plan_reason */
	const char *text;        /* of the reason, static, for people */
	struct plan_rate rate;   /* of an outside number */
};

struct plan_answer plan_permit(const struct plan *p, const struct plan_question *q);

/* The reason's text, and a short word for programs ("night"). */
const char *plan_reason_text(enum plan_reason r);
const char *plan_reason_word(enum plan_reason r);

#endif
