/* SPDX-License-Identifier: ISC */
#include "proof.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/pool.h"
#include "incoming.h"
#include "trunk.h"
#include <stdlib.h>

struct asked {
	struct timer timer;
	uint64_t token, call;
	int64_t iat_s;
	uint8_t hash[PASSPORT_HASH];
};

/* What a signature was over, so that another one over the same words is the same: ECDSA has two of each. */
struct seen {
	uint8_t hash[PASSPORT_HASH];
	int64_t until_s;
};

static struct pool pool;
static struct asked *table;
static struct seen *seen;
static int64_t since_s; /* what was used before is not known */
static uint64_t second, asked_this_second;
static uint64_t verified, failed, unheard;

static int64_t wall_s(void)
{
	return clock_wall_ms() / 1000;
}

void proof_init(void)
{
	table = calloc(PROOF_ASKS_MAX, sizeof *table);
	seen = calloc(PROOF_SEEN_MAX, sizeof *seen);
	if (!table || !seen || !pool_init(&pool, child_node(), PROOF_ASKS_MAX, 0))
		log_fatal("no memory for callers that are signed for");
	since_s = wall_s();
}

/* --- used once --- */

/* A signature is good until PROOF_FRESH_S after it was made, and remembered as long. A full table is no proof. */
static enum incoming_proof use(const struct asked *a)
{
	int64_t now_s = wall_s();
	struct seen *room = NULL;

	for (size_t i = 0; i < PROOF_SEEN_MAX; i++) {
		if (seen[i].until_s < now_s)
			room = &seen[i];
		else if (memcmp(seen[i].hash, a->hash, PASSPORT_HASH) == 0)
			return PROOF_FAILED;
	}
	if (!room || a->iat_s < now_s - PROOF_FRESH_S) /* it grew old while it waited */
		return PROOF_NONE;
	memcpy(room->hash, a->hash, PASSPORT_HASH);
	room->until_s = a->iat_s + PROOF_FRESH_S;
	return PROOF_VERIFIED;
}

/* --- asked --- */

/* The slot is free again before the call hears. */
static void end(struct asked *a, enum incoming_proof proof)
{
	uint64_t call = a->call;

	timer_cancel(&child_wheel, &a->timer);
	pool_release(&pool, a->token);
	verified += proof == PROOF_VERIFIED;
	failed += proof == PROOF_FAILED;
	call_on_proof(call, (uint8_t)proof);
}

static void on_timeout(struct timer *t, uint64_t now_ms)
{
	(void)now_ms;
	unheard++;
	end((struct asked *)(void *)t, PROOF_NONE);
}

/* One caller cannot keep signer from its handshakes. */
static bool in_measure(void)
{
	uint64_t now_s = child_now() / 1000;

	if (now_s != second) {
		second = now_s;
		asked_this_second = 0;
	}
	return asked_this_second < PROOF_ASKS_PER_S;
}

static bool ask(struct call *c, const struct passport *p, const struct plan_signer *by)
{
	struct link *signer = in_measure() ? child_link(PROC_SIGNER, 0) : NULL;
	uint64_t token = signer ? pool_take(&pool, false) : ID_NONE;
	struct msg_proof_want *m = token != ID_NONE ? ipc_begin(signer, MSG_PROOF_WANT) : NULL;

	if (!m) {
		if (token != ID_NONE)
			pool_release(&pool, token);
		unheard++;
		return false;
	}
	struct asked *a = &table[id_index(token)];
	*a = (struct asked){.timer.fire = on_timeout, .token = token, .call = c->r.id, .iat_s = (int64_t)p->iat_s};
	memcpy(a->hash, p->hash, sizeof a->hash);
	m->token = token;
	memcpy(m->point, by->point, sizeof m->point);
	memcpy(m->hash, p->hash, sizeof m->hash);
	memcpy(m->signature, p->signature, sizeof m->signature);
	ipc_end(signer);
	asked_this_second++;
	timer_set(&child_wheel, &a->timer, child_now() + PROOF_ASK_MS);
	return true;
}

void proof_begin(struct call *c, const struct request *r, const char *called)
{
	const struct passport *p = ipc_part(r->v, r->m->passport);
	struct number to;

	if (!trunk_canon(r->flow->trunk, REQUEST_STR(r, to_user), &to))
		to.text[0] = 0;
	const struct proof_question q = {.passport = p,
	    .caller = c->outside.text,
	    .called = called,
	    .to = to.text,
	    .wall_s = wall_s(),
	    .since_s = since_s};
	const struct proof_answer a = plan_proof(&child_site()->signers, &q);
	incoming_proved(c, a.proof, a.text);
	failed += a.proof == PROOF_FAILED;
	c->proof_waits = a.signer && ask(c, p, a.signer);
}

void proof_on_proof(struct link *from, const struct ipc_view *v)
{
	const struct msg_proof *m = v->payload;
	int64_t at = pool_index(&pool, m->token);

	(void)from;
	if (at >= 0) /* or too late */
		end(&table[at], m->good ? use(&table[at]) : PROOF_FAILED);
}

void proof_signer_down(void)
{
	for (uint32_t i = 0; i < pool.cap; i++)
		if (pool_id_at(&pool, i) != ID_NONE)
			end(&table[i], PROOF_NONE);
}

void proof_status(struct proc_status *s)
{
	status_pool(s, "proof-questions", &pool);
	status_counter(s, "proofs-unheard", unheard);
	status_counter(s, "callers-verified", verified);
	status_counter(s, "callers-failed", failed);
}
