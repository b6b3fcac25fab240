/* SPDX-License-Identifier: ISC */
#include "ask.h"
#include "base/log.h"
#include "base/pool.h"
#include "leg.h"
#include <stdlib.h>

enum { FORGOTTEN_MS = 40000, SWEEP_MS = 10000 };

static struct pool pool;
static struct timer sweep;
static struct ask *table;
static ask_answer *const *answer_by_kind;

static void on_sweep(struct timer *t, uint64_t now_ms);

void ask_init(uint32_t max, uint32_t reserve, ask_answer *const answer[ASK_KINDS])
{
	answer_by_kind = answer;
	table = calloc(max, sizeof *table);
	if (!table || !pool_init(&pool, child_node(), max, reserve))
		log_fatal("no memory for requests");
	sweep.fire = on_sweep;
}

uint64_t ask_new(enum ask_kind kind, uint64_t owner, uint32_t edge, enum pool_claim claim)
{
	uint64_t ref = pool_take(&pool, claim);

	if (ref == ID_NONE)
		return 0;
	table[id_index(ref)] =
	    (struct ask){.ref = ref, .owner = owner, .asked_ms = child_now(), .edge = edge, .kind = (uint8_t)kind};
	if (!timer_is_set(&sweep))
		timer_set(&child_wheel, &sweep, child_now() + SWEEP_MS);
	return ref;
}

const struct ask *ask_get(uint64_t ref)
{
	int64_t at = pool_index(&pool, ref);
	return at < 0 ? NULL : &table[at];
}

void ask_done(uint64_t ref)
{
	pool_release(&pool, ref);
}

void ask_hand_over(uint64_t ref, enum ask_kind kind, uint64_t owner)
{
	int64_t at = pool_index(&pool, ref);

	if (at < 0)
		return;
	table[at].kind = (uint8_t)kind;
	table[at].owner = owner;
}

static bool may_be_answered_again(const struct ask *a)
{
	return a->kind == ASK_INVITE || a->kind == ASK_LATE || a->kind == ASK_CHANGE || a->kind == ASK_REFRESH;
}

void ask_on_response(struct link *from, const struct ipc_view *v)
{
	const struct msg_response *m = v->payload;
	const struct ask *a = ask_get(m->ref);

	if (!a) /* its transaction is over, or who asked made room */
		return;
	if (a->edge != from->instance || m->code < 101 || m->code > 699) {
		child_accuse(from, "answers what it was not asked", m->flow, 0);
		return;
	}
	if (m->code >= 200 && !a->answered_ms)
		table[id_index(a->ref)].answered_ms = child_now();
	struct ask asked = *a;
	/* an INVITE may be answered by 2xx again until its transaction ends; leg.c and leg_late.c let go of it */
	if (m->code >= 300 || (m->code >= 200 && !may_be_answered_again(a)))
		ask_done(a->ref);
	if (asked.kind == ASK_MESSAGE || asked.kind == ASK_TRUNK || asked.kind == ASK_LATE) {
		answer_by_kind[asked.kind](&asked, m, v);
		return;
	}
	leg_mark(asked.owner);
	answer_by_kind[asked.kind](&asked, m, v);
	leg_unmark(asked.owner);
}

static void make_answer(const struct ask *a, uint16_t code)
{
	const struct msg_response lost = {
	    .ref = a->ref, .code = code, .local = 1, .session_expires = ABSENT, .min_se = ABSENT};
	const struct ipc_view v = {.type = MSG_RESPONSE, .class = CLASS_REPLY, .payload = &lost, .fd = -1};
	const struct ask asked = *a;

	ask_done(a->ref);
	answer_by_kind[asked.kind](&asked, &lost, &v);
}

void ask_edge_lost(uint32_t edge)
{
	for (uint32_t i = 0; i < pool.cap; i++)
		if (pool_id_at(&pool, i) != ID_NONE && table[i].edge == edge)
			make_answer(&table[i], 503);
}

static void on_sweep(struct timer *t, uint64_t now_ms)
{
	for (uint32_t i = 0; i < pool.cap; i++) {
		const struct ask *a = &table[i];
		bool short_lived = a->kind == ASK_BYE || a->kind == ASK_PRACK || a->kind == ASK_ALIVE ||
		                   a->kind == ASK_MESSAGE || a->kind == ASK_TRUNK || a->kind == ASK_REFER ||
		                   a->kind == ASK_NOTIFY;
		if (pool_id_at(&pool, i) != ID_NONE && short_lived && now_ms >= a->asked_ms + FORGOTTEN_MS)
			make_answer(a, 408);
	}
	if (pool.used)
		timer_set(&child_wheel, t, now_ms + SWEEP_MS);
}

void ask_status(struct proc_status *s)
{
	status_pool(s, "requests", &pool);
}
