/* SPDX-License-Identifier: ISC */
/* What becomes of a call from outside before it rings (R18): pure, from what is known of the caller. It speaks of the caller
 * alone; whether the number called may be reached at all is plan_permit()'s. */
#ifndef PLAN_INCOMING_H
#define PLAN_INCOMING_H

#include "plan/plan.h"

enum incoming_proof {
	PROOF_NONE,     /* no signature, or nothing to judge it by */
	PROOF_VERIFIED, /* the signature speaks for this number */
	PROOF_FAILED,   /* there is one, and it is wrong */
	PROOFS
};

/* Somebody whom the call would ring. */
struct incoming_person {
	bool expects; /* placed an emergency call within callback_min, or parked this call: takes every caller */
	bool blocks;  /* has the caller on the block list */
	bool rejects_anonymous;
};

struct incoming_question {
	uint8_t proof;   /* enum incoming_proof */
	bool has_number; /* false: withheld, or none that could be understood */
	bool
	    claims_inside; /* its number is one of the exchange's own: an extension, or an outside number that leads to one */
	bool
	    callback; /* to a phone that placed an emergency call within callback_min: passes everything but a claim to be inside */
	bool dialled_before; /* by one of those whom it would ring */
	bool in_directory;   /* one of them has it as a contact */
	uint8_t turned_away; /* enum incoming_reason of plan_incoming_person(), where each of them turns it away */
	struct number caller;
};

enum incoming_reason {
	INCOMING_NONE,
	INCOMING_KNOWN,
	INCOMING_CALLBACK,
	INCOMING_ALLOWED, /* allow list */
	INCOMING_CLAIMS_INSIDE,
	INCOMING_BLOCKED,
	INCOMING_REJECTS_ANONYMOUS,
	INCOMING_ANONYMOUS,
	INCOMING_FAILED,
	INCOMING_UNKNOWN,
	INCOMING_REASONS
};

struct incoming_answer {
	uint8_t policy; /* enum incoming_policy: what to do */
	uint8_t reason; /* enum incoming_reason */
	const char *text;
};

/* May a caller from outside ring this person? INCOMING_PASS, or INCOMING_REFUSE and why. */
struct incoming_answer plan_incoming_person(bool has_number, const struct incoming_person *p);

struct incoming_answer plan_incoming(const struct plan *p, const struct incoming_question *q);

/* The caller as plan_permit() sees it (enum plan_who): one way alone leads to WHO_VERIFIED. */
uint8_t incoming_who(bool has_number, uint8_t proof);

extern const char *const incoming_policy_name[INCOMING_POLICIES];

#endif
