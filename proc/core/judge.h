/* SPDX-License-Identifier: ISC */
/* The permission of a call's next leg, asked for each place that it goes to; keeper is asked first where the number may be one
 * that its payer never dialled (R15). */
#ifndef CORE_JUDGE_H
#define CORE_JUDGE_H

#include "call.h"
#include "permit.h"

/* With CALL_DO_JUDGE: leads to CALL_ALLOWED, CALL_ASKED, CALL_REFUSED or CALL_TOLD_WHY, at once or when keeper has spoken. */
void judge_call(struct call *c);
/* What is asked about this call's leg to there. */
void judge_case(const struct call *c, const struct dest *to, struct permit_case *out);

#endif
