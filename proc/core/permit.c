/* SPDX-License-Identifier: ISC */
#include "permit.h"

enum refusal permit(const struct permit_question *q)
{
	/* emergency calls come first in every decision (R16) */
	if (q->emergency)
		return q->callee_known ? REFUSE_NONE : REFUSE_NO_EMERGENCY;
	if (q->device_expired)
		return REFUSE_EXPIRED;
	if (!q->logged_in)
		return REFUSE_NOT_ALLOWED;
	return q->callee_known ? REFUSE_NONE : REFUSE_NO_NUMBER;
}
