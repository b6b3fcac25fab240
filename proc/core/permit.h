/* SPDX-License-Identifier: ISC */
/* May this call be made? One pure function; every new leg asks it, however the call came about (R14). */
#ifndef CORE_PERMIT_H
#define CORE_PERMIT_H

#include "refuse.h"

struct permit_question {
	bool emergency; /* to an emergency number */
	bool logged_in; /* the caller is a user who is logged in */
	bool device_expired;
	bool callee_known; /* the number belongs to an enabled user */
};

/* REFUSE_NONE is yes. */
enum refusal permit(const struct permit_question *q);

#endif
