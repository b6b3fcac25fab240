/* SPDX-License-Identifier: ISC */
#include "plan/proof.h"
#include "test.h"

#define CALLER "+33611223344"
#define CALLED "+33140000001"

enum { NOW_S = 1700000000, HOUR_S = 3600 };

static struct plan_signers store;
static struct passport p;
static struct proof_question q;

static void begin(void)
{
	store = (struct plan_signers){.n = 2};
	store.signer[0] = (struct plan_signer){.x5u = {1}, .from_s = NOW_S - HOUR_S, .until_s = NOW_S + HOUR_S, .ranges = 2,
	    .range = {{33140000000, 33140000009}, {33611000000, 33611999999}}};
	store.signer[1] = (struct plan_signer){.x5u = {2}, .from_s = NOW_S - HOUR_S, .until_s = NOW_S + HOUR_S, .any = 1};
	p = (struct passport){.kind = PASSPORT_READ, .attest = 'A', .dests = 2, .iat_s = NOW_S - 3, .orig = "33611223344",
	    .dest = {"33140000002", "33140000001"}, .x5u = {1}};
	q = (struct proof_question){&p, CALLER, CALLED, CALLED, NOW_S, NOW_S - HOUR_S};
}

static uint8_t proof(void)
{
	const struct proof_answer a = plan_proof(&store, &q);

	if (a.signer ? a.proof != PROOF_NONE || a.text != NULL : a.text == NULL)
		return PROOFS;
	return a.signer ? PROOF_VERIFIED : a.proof; /* if the curve says so too */
}

/* Each of these is one thing that is wrong with a good one. */
#define AFTER(change, verdict)             \
	do {                               \
		begin();                   \
		change;                    \
		CHECK(proof() == (verdict)); \
	} while (0)

static void what_came(void)
{
	AFTER((void)0, PROOF_VERIFIED);
	CHECK(plan_proof(&store, &q).signer == &store.signer[0]);
	AFTER(q.passport = NULL, PROOF_NONE);
	AFTER(p.kind = PASSPORT_NONE, PROOF_NONE);
	AFTER(p.kind = PASSPORT_OTHER, PROOF_NONE);
	AFTER(p.kind = PASSPORT_BAD, PROOF_FAILED);
	AFTER(p.x5u[0] = 3, PROOF_NONE);
	AFTER(store.n = 0, PROOF_NONE);
}

static void of_now(void)
{
	AFTER(p.iat_s = NOW_S - PROOF_FRESH_S, PROOF_VERIFIED);
	AFTER(p.iat_s = NOW_S - PROOF_FRESH_S - 1, PROOF_NONE); /* no lie, and no proof */
	AFTER(p.iat_s = NOW_S + PROOF_FRESH_S, PROOF_VERIFIED);
	AFTER(p.iat_s = NOW_S + PROOF_FRESH_S + 1, PROOF_FAILED);
	AFTER(p.iat_s = 0, PROOF_NONE);
	AFTER(q.since_s = NOW_S - 3, PROOF_VERIFIED);
	AFTER(q.since_s = NOW_S - 2, PROOF_NONE); /* core began after it */
}

/* What is late, or was diverted, may be a lie all the same. */
static void late_and_wrong(void)
{
	const uint64_t late_s = NOW_S - PROOF_FRESH_S - 1;

	AFTER((p.iat_s = late_s, q.called = "+33140000003"), PROOF_NONE);
	CHECK(strstr(plan_proof(&store, &q).text, "diverted"));
	AFTER((p.iat_s = late_s, q.caller = "+33611223345"), PROOF_FAILED);
	AFTER((p.iat_s = late_s, q.called = q.to = "+33140000003"), PROOF_FAILED);
	AFTER((p.iat_s = late_s, store.signer[0].ranges = 1), PROOF_FAILED);
	AFTER((p.iat_s = late_s, store.signer[0].until_s = NOW_S - 1), PROOF_NONE);
	AFTER((q.called = "+33140000003", store.signer[0].ranges = 1), PROOF_FAILED);
	AFTER((q.called = "+33140000003", p.iat_s = NOW_S + PROOF_FRESH_S + 1), PROOF_FAILED);
}

static unsigned worth(uint8_t kind, uint8_t x5u, uint8_t attest)
{
	begin();
	p.kind = kind;
	p.x5u[0] = x5u;
	p.attest = attest;
	return plan_proof_worth(&store, &p);
}

static void of_several(void)
{
	CHECK(worth(PASSPORT_NONE, 0, 0) == 0);
	CHECK(worth(PASSPORT_BAD, 0, 0) > 0 && worth(PASSPORT_BAD, 0, 0) == worth(PASSPORT_OTHER, 0, 0));
	CHECK(worth(PASSPORT_READ, 3, 'A') > worth(PASSPORT_BAD, 0, 0));
	CHECK(worth(PASSPORT_READ, 1, 'C') > worth(PASSPORT_READ, 3, 'A'));
	CHECK(worth(PASSPORT_READ, 2, 'A') > worth(PASSPORT_READ, 1, 'B'));
	CHECK(worth(PASSPORT_READ, 1, 0) == worth(PASSPORT_READ, 2, 'A'));
}

static void of_this_caller_to_us(void)
{
	AFTER(q.caller = "", PROOF_NONE);
	AFTER(q.caller = "+33611223345", PROOF_FAILED);
	AFTER(q.caller = "33611223344", PROOF_FAILED); /* no canonical number of the world */
	AFTER(q.called = "+33140000003", PROOF_NONE);  /* diverted: To is whom it was signed for */
	AFTER((q.called = "+33140000003", q.to = "+33140000003"), PROOF_FAILED);
	AFTER((q.called = "+33140000003", q.to = ""), PROOF_NONE);
	AFTER((q.called = "100", q.to = "100"), PROOF_NONE); /* a trunk that names an extension */
	AFTER(q.to = "", PROOF_VERIFIED);
}

static void by_a_certificate(void)
{
	AFTER(store.signer[0].until_s = NOW_S - 1, PROOF_NONE);
	AFTER(store.signer[0].from_s = NOW_S + 1, PROOF_NONE);
	AFTER(store.signer[0].from_s = NOW_S - 2, PROOF_NONE); /* signed before it was valid */
	AFTER((p.iat_s = NOW_S + 9, store.signer[0].until_s = NOW_S + 8), PROOF_NONE);
	AFTER(store.signer[0].range[1].last = 33611223343, PROOF_FAILED);
	AFTER(store.signer[0].range[1].first = 33611223345, PROOF_FAILED);
	AFTER(store.signer[0].range[1] = ((struct signer_range){33611223344, 33611223344}), PROOF_VERIFIED);
	AFTER(p.x5u[0] = 2, PROOF_VERIFIED); /* a provider's, for whatever number it attests */
}

static void attested(void)
{
	AFTER(p.attest = 'B', PROOF_NONE);
	AFTER(p.attest = 'C', PROOF_NONE);
	AFTER(p.attest = 0, PROOF_VERIFIED); /* RFC 8224: the holder of the number itself */
	AFTER((p.attest = 0, p.x5u[0] = 2), PROOF_NONE);
}

static void stores_are_judged(void)
{
	begin();
	CHECK(plan_signers_ok(&store));
#define WRONG(change)                         \
	do {                                  \
		begin();                      \
		change;                       \
		CHECK(!plan_signers_ok(&store)); \
	} while (0)
	WRONG(store.n = SIGNERS_MAX + 1);
	WRONG(store.anchors = ANCHORS_MAX + 1);
	WRONG(store.signer[1].x5u[0] = 1);
	WRONG(store.signer[0].any = 2);
	WRONG(store.signer[0].ranges = 0);
	WRONG(store.signer[0].ranges = SIGNER_RANGES_MAX + 1);
	WRONG(store.signer[0].range[0].first = 33140000010);
	WRONG(store.signer[0].from_s = store.signer[0].until_s + 1);
	WRONG(store.signer[0].zero[0] = 1);
}

int main(void)
{
	RUN(what_came);
	RUN(of_now);
	RUN(late_and_wrong);
	RUN(of_several);
	RUN(of_this_caller_to_us);
	RUN(by_a_certificate);
	RUN(attested);
	RUN(stores_are_judged);
	return TEST_END;
}
