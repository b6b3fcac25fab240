/* SPDX-License-Identifier: ISC */
/* The scripts of the dialogues: rows of what is said, how many keys are wanted, and what comes next. */
#ifndef CORE_SCRIPT_H
#define CORE_SCRIPT_H

#include "dialogue.h"

/* What a step may lead to besides another step. */
enum { SCRIPT_WAIT = -1, SCRIPT_ALLOWED = -2, SCRIPT_REFUSED = -3, SCRIPT_TELL = -4, SCRIPT_JUDGE = -5 };

/* STEP_OWN: in the language of whose mailbox it is, not of who listens. */
enum step_mail { STEP_PLAIN, STEP_RECORDS, STEP_PLAYS, STEP_OWN };

struct step {
	const char *say;  /* NULL: what stands in mail_say */
	uint8_t min, max; /* keys; max 0: only said */
	int (*then)(struct call *c, struct span digits);
	uint8_t mail;      /* enum step_mail */
	uint8_t otherwise; /* the step when there is no such prompt; 0: none */
};

void script_init(void);
const struct step *script_step(uint8_t script, uint8_t step); /* NULL: there is none */
uint8_t script_first(const struct call *c);                   /* a login may have its extension already */

/* A step that waited goes on with this one. */
void dialogue_go(struct call *c, int next);

#endif
