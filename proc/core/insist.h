/* SPDX-License-Identifier: ISC */
/* An extension that is refused outside calls one after the other: a person is told, as a thief tries on (R17, T43). */
#ifndef CORE_INSIST_H
#define CORE_INSIST_H

#include "leg.h"
#include "plan/permit.h"

enum {
	INSIST_N = 3,
	INSIST_MS = 60000,
	INSIST_TOLD_MS = 600000 /* no second alarm of the same extension for so long */
};

void insist_open(const struct site *s);

/* A call that goes to the account of `payer` was refused for that reason to the one on this leg (NULL: nobody). The payer's own count; the
 * third within a minute is an alarm. */
void insist_note(const struct leg *caller, uint32_t payer, enum plan_reason reason);

/* The next one of this index begins anew. */
void insist_forget(uint32_t user);

#endif
