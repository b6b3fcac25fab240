/* SPDX-License-Identifier: ISC */
#include "insist.h"
#include "base/log.h"
#include "base/ratelimit.h"
#include <stdlib.h>

/* Of one user; the newest refusal comes last. */
struct insist {
	uint64_t at_ms[INSIST_N];
	struct ratelimit told;
};

static struct insist *all;
static uint32_t users;

void insist_open(const struct site *s)
{
	users = s->max_users;
	all = calloc(users, sizeof *all);
	if (!all)
		log_fatal("no memory for refusals");
}

/* The call plan's word about an outside number, and no mistake of a phone's or of an outsider's. A PIN that was to be asked for is a
 * refusal where nobody can ask. */
static bool counts(enum plan_reason reason)
{
	return (reason >= REASON_CLASS && reason <= REASON_PIN_LOCKED) || reason == REASON_PIN_ASKED;
}

void insist_note(const struct leg *caller, uint32_t payer, enum plan_reason reason)
{
	bool own = caller && caller->r.person == payer && payer < users;
	struct insist *i = own && counts(reason) ? &all[payer] : NULL;
	const uint64_t now_ms = child_now();

	if (!i)
		return;
	for (int n = 1; n < INSIST_N; n++)
		i->at_ms[n - 1] = i->at_ms[n];
	i->at_ms[INSIST_N - 1] = now_ms;
	if (!i->at_ms[0] || now_ms - i->at_ms[0] > INSIST_MS || !ratelimit_take(&i->told, 1, INSIST_TOLD_MS, now_ms))
		return;
	child_event(EVENT_CALL_REFUSED, SEVERITY_ALARM, caller->r.device, payer, &caller->r.seen,
	    "outside calls of one extension are refused one after the other");
}

void insist_forget(uint32_t user)
{
	all[user] = (struct insist){0};
}
