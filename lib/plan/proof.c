/* SPDX-License-Identifier: ISC */
#include "plan/proof.h"

static struct proof_answer answer(enum incoming_proof proof, const char *text)
{
	return (struct proof_answer){.proof = (uint8_t)proof, .text = text};
}

static const struct plan_signer *find(const struct plan_signers *s, const uint8_t x5u[PASSPORT_HASH])
{
	for (int i = 0; i < s->n; i++)
		if (memcmp(s->signer[i].x5u, x5u, PASSPORT_HASH) == 0)
			return &s->signer[i];
	return NULL;
}

/* A PASSporT writes E.164 without its plus (RFC 8224 8.3). */
static bool same(const char *tn, const char *canonical)
{
	return canonical[0] == '+' && strcmp(tn, canonical + 1) == 0;
}

static bool is_for(const struct passport *p, const char *number)
{
	for (int i = 0; i < p->dests; i++)
		if (same(p->dest[i], number))
			return true;
	return false;
}

static bool lists(const struct plan_signer *s, const char *tn)
{
	uint64_t n;

	if (!span_decimal(span_str(tn), UINT64_MAX, &n) || tn[0] == '0')
		return false;
	for (int i = 0; i < s->ranges; i++)
		if (n >= s->range[i].first && n <= s->range[i].last)
			return true;
	return false;
}

/* Is it by this caller and to us? */
static struct proof_answer of_these_numbers(const struct proof_question *q)
{
	const struct passport *p = q->passport;

	if (!same(p->orig, q->caller))
		return answer(PROOF_FAILED, "the caller's signature is of another number");
	if (!is_for(p, q->called)) /* a call that somebody diverted to us is no lie, and no proof */
		return is_for(p, q->to) || !q->to[0] || q->called[0] != '+'
		           ? answer(PROOF_NONE,
				 "the caller's signature is for another number, from which the call was diverted")
		           : answer(PROOF_FAILED, "the caller's signature is for another number");
	return answer(PROOF_NONE, NULL);
}

/* Is it of now? One that comes late is no lie: the call may have rung elsewhere before, or waited on its way. */
static struct proof_answer of_now(const struct proof_question *q)
{
	int64_t iat_s = (int64_t)q->passport->iat_s;

	if (iat_s > q->wall_s + PROOF_FRESH_S)
		return answer(PROOF_FAILED, "the caller's signature is of the future");
	if (iat_s < q->wall_s - PROOF_FRESH_S)
		return answer(PROOF_NONE, "the caller's signature is too old");
	if (iat_s < q->since_s)
		return answer(PROOF_NONE, "the caller's signature may have been used before the exchange began");
	return answer(PROOF_NONE, NULL);
}

/* May this certificate speak for that number? */
static struct proof_answer by_signer(const struct plan_signer *s, const struct proof_question *q)
{
	const struct passport *p = q->passport;
	int64_t iat_s = (int64_t)p->iat_s;

	if (q->wall_s < s->from_s || iat_s < s->from_s || q->wall_s > s->until_s || iat_s > s->until_s)
		return answer(PROOF_NONE, "the signer's certificate is not valid now");
	if (!s->any && !lists(s, p->orig))
		return answer(PROOF_FAILED, "the signer's certificate is not for the caller's number");
	if (p->attest && p->attest != 'A')
		return answer(PROOF_NONE, "the signer does not attest that the caller may use this number");
	if (!p->attest && !lists(s, p->orig))
		return answer(
		    PROOF_NONE, "the signer attests nothing about a number that its certificate does not list");
	return answer(PROOF_NONE, NULL);
}

struct proof_answer plan_proof(const struct plan_signers *s, const struct proof_question *q)
{
	const struct passport *p = q->passport;

	if (!p || p->kind == PASSPORT_NONE)
		return answer(PROOF_NONE, "the caller is not signed for");
	if (p->kind == PASSPORT_BAD)
		return answer(PROOF_FAILED, "the caller's signature is malformed");
	if (p->kind != PASSPORT_READ)
		return answer(PROOF_NONE, "the caller's signature is of a kind that is not judged here");
	if (!q->caller[0])
		return answer(PROOF_NONE, "the caller shows no number");
	const struct plan_signer *signer = find(s, p->x5u);
	if (!signer)
		return answer(PROOF_NONE, "the signer's certificate is not in the store");
	const struct proof_answer a[] = {of_these_numbers(q), of_now(q), by_signer(signer, q)};
	for (size_t i = 0; i < sizeof a / sizeof *a; i++)
		if (a[i].proof == PROOF_FAILED)
			return a[i];
	for (size_t i = 0; i < sizeof a / sizeof *a; i++)
		if (a[i].text)
			return a[i];
	return (struct proof_answer){.proof = PROOF_NONE, .signer = signer};
}

unsigned plan_proof_worth(const struct plan_signers *s, const struct passport *p)
{
	if (p->kind != PASSPORT_READ)
		return p->kind != PASSPORT_NONE;
	return !find(s, p->x5u) ? 2 : p->attest && p->attest != 'A' ? 3 : 4;
}

static bool signer_ok(const struct plan_signer *s)
{
	static const uint8_t zero[sizeof s->zero];

	if (s->any > 1 || s->ranges > SIGNER_RANGES_MAX || (!s->any && !s->ranges) || s->from_s > s->until_s ||
	    memcmp(s->zero, zero, sizeof zero) != 0)
		return false;
	for (int i = 0; i < s->ranges; i++)
		if (s->range[i].first > s->range[i].last)
			return false;
	return true;
}

bool plan_signers_ok(const struct plan_signers *s)
{
	if (s->n > SIGNERS_MAX || s->anchors > ANCHORS_MAX)
		return false;
	for (int i = 0; i < s->n; i++)
		if (!signer_ok(&s->signer[i]) || find(s, s->signer[i].x5u) != &s->signer[i])
			return false;
	return true;
}
