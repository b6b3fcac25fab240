/* SPDX-License-Identifier: ISC */
#include "reach.h"
#include "attempt.h"
#include "resolve.h"

static struct reach {
	uint64_t token;
	bool wanted; /* core waits for its answer */
	struct targets targets;
	uint32_t at; /* the one that is tried, or was tried last */
	struct attempt attempt;
} table[SITE_TRUNKS_MAX];

static struct {
	uint64_t resolved, unresolved, connected, unconnected;
} count;

static void try(struct reach *r);

static uint8_t index_of(const struct reach *r)
{
	return (uint8_t)(r - table);
}

static void answer(struct reach *r, enum reach_why why)
{
	struct link *core = child_link(PROC_CORE, 0);
	struct msg_reached *m = core && r->wanted ? ipc_begin(core, MSG_REACHED) : NULL;

	r->wanted = false;
	if (!m)
		return;
	m->token = r->token;
	m->trunk = index_of(r);
	m->why = (uint8_t)why;
	if (why == REACH_OK) {
		m->remote = r->targets.at[r->at];
		m->left = r->targets.n - r->at - 1;
	}
	ipc_end(core);
}

/* With the token of a wish: this one is spoken to from now on. */
static bool tell_peer(const struct reach *r, uint32_t at, uint64_t token)
{
	struct link *edge = child_link(PROC_EDGE, DIAL_EDGE);
	struct msg_trunk_peer *m = edge ? ipc_begin(edge, MSG_TRUNK_PEER) : NULL;

	if (!m)
		return false;
	m->token = token;
	m->trunk = index_of(r);
	m->remote = r->targets.at[at];
	m->first = at == 0 && token == 0;
	ipc_end(edge);
	return true;
}

static void tell_peers(const struct reach *r)
{
	for (uint32_t i = 0; i < r->targets.n; i++)
		tell_peer(r, i, 0);
}

void reach_edge_up(void)
{
	for (int i = 0; i < SITE_TRUNKS_MAX; i++)
		tell_peers(&table[i]);
}

/* --- one connection --- */

static void try_next(struct reach *r)
{
	count.unconnected++;
	if (r->at + 1 >= r->targets.n) {
		answer(r, REACH_NO_ANSWER);
		return;
	}
	r->at++;
	try(r);
}

static void on_attempt(struct attempt *a, int fd)
{
	struct reach *r = (struct reach *)(void *)((char *)a - offsetof(struct reach, attempt));

	if (fd < 0) {
		try_next(r);
	} else if (attempt_give(index_of(r), r->token, &r->targets.at[r->at], fd)) {
		count.connected++;
		answer(r, REACH_OK);
	} else {
		answer(r, REACH_BUSY);
	}
}

static void try(struct reach *r)
{
	const struct trunk_conf *c = &child_site()->trunk[index_of(r)];

	if (c->transport == TRUNK_UDP)
		answer(r, tell_peer(r, r->at, r->token) ? REACH_OK : REACH_BUSY);
	else
		attempt_begin(&r->attempt, index_of(r), &r->targets.at[r->at], CONNECT_MS);
}

bool reach_leads_to(uint8_t trunk, const struct addr *a)
{
	const struct targets *t = &table[trunk].targets;

	for (uint32_t i = 0; i < t->n; i++)
		if (addr_eq(&t->at[i], a))
			return true;
	return false;
}

/* --- what core wants --- */

static void on_resolved(uint8_t trunk, const struct targets *t)
{
	struct reach *r = &table[trunk];

	r->targets = *t;
	r->at = 0;
	if (t->n == 0) {
		count.unresolved++;
		answer(r, REACH_NO_NAME);
		return;
	}
	count.resolved++;
	tell_peers(r);
	try(r);
}

void reach_on_want(struct link *from, const struct ipc_view *v)
{
	const struct msg_reach_want *m = v->payload;

	if (m->trunk >= child_site()->trunks) {
		child_accuse(from, "wants a trunk that there is not", 0, 0);
		return;
	}
	struct reach *r = &table[m->trunk];
	attempt_stop(&r->attempt);
	resolve_stop(m->trunk);
	r->token = m->token;
	r->wanted = true;
	if (!m->next)
		resolve_begin(m->trunk, on_resolved);
	else if (r->at + 1 >= r->targets.n)
		answer(r, REACH_END);
	else {
		r->at++;
		try(r);
	}
}

void reach_open(void)
{
	for (int i = 0; i < SITE_TRUNKS_MAX; i++)
		attempt_init(&table[i].attempt, on_attempt);
}

void reach_status(struct proc_status *s)
{
	status_counter(s, "resolved", count.resolved);
	status_counter(s, "unresolved", count.unresolved);
	status_counter(s, "connected", count.connected);
	status_counter(s, "unconnected", count.unconnected);
}
