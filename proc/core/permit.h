/* SPDX-License-Identifier: ISC */
/* May this leg be made? Everything that makes one asks here, however the call came about, and here alone is the question built
 * that plan_permit() answers (R14). */
#ifndef CORE_PERMIT_H
#define CORE_PERMIT_H

#include "account.h"
#include "plan/permit.h"
#include "refuse.h"

struct permit_case {
	uint8_t who;           /* enum plan_who */
	uint8_t route;         /* enum plan_route */
	uint32_t user, device; /* who holds the phone; NOBODY */
	uint32_t payer;        /* NOBODY: nobody */
	const struct addr *at; /* where the phone is; NULL: not known */
	uint8_t trunk;         /* that it would leave by; 0: none */
	bool expired;          /* the phone's certificate */
	bool inside; /* it is answered here: an emergency call to the front desk sends nobody to a wrong place */
	bool dialled_before, pin_given;
	bool helped; /* it called for help, and is led on */
	uint8_t pin; /* enum plan_pin: the payer's, where they can be asked for it */
	struct number number;
};

struct plan_answer permit(const struct permit_case *c);
/* The accounts that such a call goes on. */
struct account_of permit_account(const struct permit_case *c);
/* The SIP answer that says so. */
enum refusal permit_refusal(const struct plan_answer *a);

/* Would a call for help from this phone, where it is, be refused for want of a place that can be believed? */
bool permit_refuses_help(uint32_t device, const struct addr *at);

void permit_status(struct proc_status *s);

#endif
