/* SPDX-License-Identifier: ISC */
#include "spent.h"
#include "base/log.h"
#include <stdlib.h>

static struct {
	const struct spent_owner *owner;
	uint32_t most[CEILING_SCOPES];
	uint64_t *changed[CEILING_SCOPES]; /* a bit each */
	uint32_t scope, next;              /* where to go on */
	uint32_t waiting;
	uint64_t written;
	struct timer timer;
} all;

static void on_timer(struct timer *t, uint64_t now_ms);

void spent_init(const uint32_t most[CEILING_SCOPES], const struct spent_owner *owner)
{
	all.owner = owner;
	all.timer.fire = on_timer;
	for (int i = 0; i < CEILING_SCOPES; i++) {
		all.most[i] = most[i];
		all.changed[i] = calloc(most[i] / 64 + 1, sizeof *all.changed[i]);
		if (!all.changed[i])
			log_fatal("no memory for counters");
	}
}

static bool is_changed(uint32_t scope, uint32_t index)
{
	return all.changed[scope][index / 64] >> index % 64 & 1;
}

static void mark(uint32_t scope, uint32_t index, bool changed)
{
	uint64_t bit = UINT64_C(1) << index % 64;

	if (is_changed(scope, index) == changed)
		return;
	all.changed[scope][index / 64] ^= bit;
	if (changed)
		all.waiting++;
	else
		all.waiting--;
}

void spent_changed(enum ceiling_scope scope, uint32_t index)
{
	if (index >= all.most[scope])
		return;
	mark(scope, index, true);
	if (!timer_is_set(&all.timer))
		timer_set(&child_wheel, &all.timer, child_now() + SPENT_EVERY_MS);
}

/* Trunks have another place when their sections move: ledger knows them by name. */
static uint32_t kept_as(enum ceiling_scope scope, uint32_t index)
{
	return scope == CEILING_TRUNK ? trunk_conf_mark(&child_site()->trunk[index - 1]) : index;
}

/* As ledger knows it; one that is no more has no index. */
static uint32_t index_of(enum ceiling_scope scope, uint32_t kept)
{
	const struct site *s = child_site();

	if (scope != CEILING_TRUNK)
		return kept;
	for (uint32_t i = 0; i < s->trunks; i++)
		if (trunk_conf_mark(&s->trunk[i]) == kept)
			return i + 1;
	return UINT32_MAX;
}

static bool say(struct link *ledger, enum ceiling_scope scope, uint32_t index)
{
	const struct ceiling_count *n = all.owner->read(scope, index);
	char mem[SPENT_TEXT_MAX];
	struct buf text = buf_of(mem, sizeof mem);

	if (!n)
		return true;
	struct msg_spent_set *m = ipc_begin(ledger, MSG_SPENT_SET);
	if (!m)
		return false;
	ceiling_put(&text, n);
	m->scope = (uint8_t)scope;
	m->index = kept_as(scope, index);
	m->text = ipc_put(ledger, buf_span(&text));
	ipc_end(ledger);
	all.written++;
	return true;
}

/* The next one that changed, from where the last turn ended; false when there is none. */
static bool find_next(void)
{
	for (uint32_t i = 0; i < CEILING_SCOPES + 1; i++) {
		for (; all.next < all.most[all.scope]; all.next++) {
			if (all.next % 64 == 0 && all.changed[all.scope][all.next / 64] == 0)
				all.next += 63;
			else if (is_changed(all.scope, all.next))
				return true;
		}
		all.next = 0;
		all.scope = (all.scope + 1) % CEILING_SCOPES;
	}
	return false;
}

/* A part of them at a time, within what the link carries. */
static void on_timer(struct timer *t, uint64_t now_ms)
{
	struct link *ledger = child_link(PROC_LEDGER, 0);

	for (int i = 0; i < SPENT_A_TURN && ledger && all.waiting && find_next(); i++) {
		if (!say(ledger, (enum ceiling_scope)all.scope, all.next))
			break;
		mark(all.scope, all.next, false);
	}
	if (all.waiting)
		timer_set(
		    &child_wheel, t, now_ms + (all.waiting > SPENT_A_TURN ? SPENT_EVERY_MS / 50 : SPENT_EVERY_MS));
}

void spent_on_row(struct link *from, const struct ipc_view *v)
{
	const struct msg_spent *m = v->payload;
	struct ceiling_count n;

	if (!ceiling_parse(ipc_str(v, m->text), &n)) {
		child_accuse(from, "gives counters that are none", 0, 0);
		return;
	}
	const uint32_t index = index_of((enum ceiling_scope)m->scope, m->index);
	if (all.owner && index < all.most[m->scope])
		all.owner->restored((enum ceiling_scope)m->scope, index, &n);
}

void spent_ledger_up(void)
{
	for (int scope = 0; scope < CEILING_SCOPES && all.owner; scope++)
		for (uint32_t i = 0; i < all.most[scope]; i++)
			if (all.owner->read((enum ceiling_scope)scope, i))
				spent_changed((enum ceiling_scope)scope, i);
}

void spent_status(struct proc_status *s)
{
	status_counter(s, "counters-waiting", all.waiting);
	status_counter(s, "counters-written", all.written);
}
