/* SPDX-License-Identifier: ISC */
/* An extension that is refused outside calls one after the other: a person is told, as a thief tries on (R17, T43). */
#ifndef CORE_INSIST_H
#define CORE_INSIST_H

#include "ipc/child.h"
#include "plan/permit.h"

enum {
	INSIST_N = 3,
	INSIST_MS = 60000,
	INSIST_TOLD_MS = 600000 /* no second alarm of the same extension for so long */
};

void insist_open(const struct site *s);

/* A call of this user's own, from there, was refused for that reason. The third within a minute is an alarm. */
void insist_note(uint32_t user, uint32_t device, const struct addr *at, enum plan_reason reason);

#endif
