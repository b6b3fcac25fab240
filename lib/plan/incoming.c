/* SPDX-License-Identifier: ISC */
#include "plan/incoming.h"
#include "plan/permit.h"

const char *const incoming_policy_name[INCOMING_POLICIES] = {
    [INCOMING_PASS] = "pass", [INCOMING_SLOW] = "slow", [INCOMING_SCREEN] = "screen", [INCOMING_REFUSE] = "refuse"};

static const char *const text[INCOMING_REASONS] = {
    [INCOMING_KNOWN] = "the caller is known",
    [INCOMING_CALLBACK] = "an emergency call was placed from there a short time ago",
    [INCOMING_ALLOWED] = "the caller is on the allow list",
    [INCOMING_CLAIMS_INSIDE] = "a caller from outside claims a number of this exchange",
    [INCOMING_BLOCKED] = "the caller is blocked",
    [INCOMING_REJECTS_ANONYMOUS] = "this person takes no calls without a number",
    [INCOMING_ANONYMOUS] = "the caller shows no number",
    [INCOMING_FAILED] = "the caller's signature is wrong",
    [INCOMING_UNKNOWN] = "the caller is not known here",
};

static bool listed(const char list[][PLAN_PREFIX_MAX + 1], uint8_t n, const struct number *caller)
{
	for (uint8_t i = 0; i < n; i++)
		if (span_starts(span_str(caller->text), span_str(list[i])))
			return true;
	return false;
}

static struct incoming_answer answer(enum incoming_policy policy, enum incoming_reason reason)
{
	return (struct incoming_answer){(uint8_t)policy, (uint8_t)reason, text[reason]};
}

struct incoming_answer plan_incoming_person(bool has_number, const struct incoming_person *p)
{
	if (p->expects)
		return answer(INCOMING_PASS, INCOMING_CALLBACK);
	if (!has_number && p->rejects_anonymous)
		return answer(INCOMING_REFUSE, INCOMING_REJECTS_ANONYMOUS);
	if (has_number && p->blocks)
		return answer(INCOMING_REFUSE, INCOMING_BLOCKED);
	return answer(INCOMING_PASS, INCOMING_NONE);
}

/* A list is believed only where the number is not known to be false. */
struct incoming_answer plan_incoming(const struct plan *p, const struct incoming_question *q)
{
	if (q->claims_inside)
		return answer(INCOMING_REFUSE, INCOMING_CLAIMS_INSIDE);
	if (q->callback)
		return answer(INCOMING_PASS, INCOMING_CALLBACK);
	if (q->turned_away)
		return answer(INCOMING_REFUSE, (enum incoming_reason)q->turned_away);
	if (!q->has_number)
		return answer((enum incoming_policy)p->anonymous_caller, INCOMING_ANONYMOUS);
	if (listed(p->block, p->blocked, &q->caller))
		return answer(INCOMING_REFUSE, INCOMING_BLOCKED);
	if (q->proof == PROOF_FAILED)
		return answer((enum incoming_policy)p->failed_caller, INCOMING_FAILED);
	if (listed(p->allow, p->allowed, &q->caller))
		return answer(INCOMING_PASS, INCOMING_ALLOWED);
	if (q->dialled_before || q->in_directory)
		return answer(INCOMING_PASS, INCOMING_KNOWN);
	return answer((enum incoming_policy)p->unknown_caller, INCOMING_UNKNOWN);
}

uint8_t incoming_who(bool has_number, uint8_t proof)
{
	if (!has_number)
		return WHO_ANONYMOUS;
	return proof == PROOF_VERIFIED ? WHO_VERIFIED : WHO_UNVERIFIED;
}
