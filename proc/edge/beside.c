/* SPDX-License-Identifier: ISC */
#include "beside.h"
#include "client.h"
#include <unistd.h>

enum { NONES_MAX = TRUNK_FLOWS_MAX };

static struct beside {
	uint64_t token, flow, asked_ms; /* of the wish under way; token 0: none */
	struct {
		struct addr at;
		uint64_t until_ms;
	} none[NONES_MAX]; /* addresses that have no TCP */
	uint32_t none_next;
} table[SITE_TRUNKS_MAX];

static uint64_t last_token, made, refused, silent;

static struct beside *of(const struct conn *c)
{
	return &table[c->trunk - 1];
}

static bool has_none(const struct beside *b, const struct addr *a)
{
	for (int i = 0; i < NONES_MAX; i++)
		if (b->none[i].until_ms > child_now() && addr_eq(&b->none[i].at, a))
			return true;
	return false;
}

static void remember_for(struct beside *b, const struct addr *a, uint32_t ms)
{
	if (has_none(b, a))
		return;
	b->none[b->none_next].at = *a;
	b->none[b->none_next].until_ms = child_now() + ms;
	b->none_next = (b->none_next + 1) % NONES_MAX;
}

static void remember(struct beside *b, const struct addr *a)
{
	remember_for(b, a, BESIDE_NONE_MS);
}

static void forget(struct beside *b, const struct addr *a)
{
	for (int i = 0; i < NONES_MAX; i++)
		if (addr_eq(&b->none[i].at, a))
			b->none[i].until_ms = 0;
}

struct conn *beside_of(const struct conn *flow)
{
	return has_none(of(flow), &flow->remote) ? NULL : trunk_flow_with(flow->trunk, &flow->remote, true);
}

bool beside_want(const struct conn *flow)
{
	struct beside *b = of(flow);
	struct link *dial = child_link(PROC_DIAL, 0);

	if (has_none(b, &flow->remote))
		return false;
	if (b->token && child_now() - b->asked_ms < BESIDE_PATIENCE_MS)
		return b->flow == flow->id;
	if (b->asked_ms && child_now() - b->asked_ms < BESIDE_EVERY_MS)
		return false;
	struct msg_stream_want *m = dial ? ipc_begin(dial, MSG_STREAM_WANT) : NULL;
	if (!m)
		return false;
	b->token = ++last_token;
	m->token = b->token;
	b->flow = flow->id;
	b->asked_ms = child_now();
	m->trunk = (uint8_t)(flow->trunk - 1);
	m->remote = flow->remote;
	ipc_end(dial);
	return true;
}

/* The flow that the wish was for; NULL: it is gone, or this answers no wish. */
static struct conn *answered(struct beside *b, uint64_t token)
{
	if (token == 0 || token != b->token)
		return NULL;
	b->token = 0;
	return conn_of(b->flow);
}

void beside_on_connected(struct link *from, const struct trunk_link *l)
{
	struct trunk_link beside = *l;
	struct conn *flow = answered(&table[l->trunk - 1], l->token), *c = NULL;

	beside.token = 0;
	beside.beside = true;
	if (flow && !addr_eq(&flow->remote, &l->remote))
		child_accuse(from, "connects a trunk elsewhere", 0, 0);
	else if (flow) /* asked only when there was none */
		c = trunk_make(&beside);
	if (!c)
		close(l->fd);
	made += c != NULL;
	if (flow && !c)
		remember_for(&table[l->trunk - 1], &flow->remote, BESIDE_BUSY_MS);
	if (flow)
		client_on_beside(flow, c);
}

void beside_on_none(struct link *from, const struct ipc_view *v)
{
	const struct msg_stream_none *m = v->payload;

	if (m->trunk >= child_site()->trunks) {
		child_accuse(from, "has no connection to a trunk that there is not", 0, 0);
		return;
	}
	struct conn *flow = answered(&table[m->trunk], m->token);
	if (!flow)
		return;
	if (m->why == REACH_NO_ANSWER) {
		remember(&table[m->trunk], &flow->remote);
		refused++;
	} else { /* dial has no room, or does not know it: it is not asked for each request */
		remember_for(&table[m->trunk], &flow->remote, BESIDE_BUSY_MS);
	}
	client_on_beside(flow, NULL);
}

void beside_silent(const struct conn *c)
{
	silent++;
	remember(of(c), &c->remote);
}

void beside_heard(const struct conn *c)
{
	forget(of(c), &c->remote);
}

bool beside_is_idle(const struct conn *c, uint64_t now_ms)
{
	return c->server_txns == NO_SLOT && c->client_txns == NO_SLOT && now_ms - c->last_ms >= BESIDE_IDLE_MS;
}

/* It stands and falls with its flow. One that said nothing before it closed is of who takes TCP and has none. */
void beside_gone(const struct conn *c)
{
	struct conn *other = c->hop == TXN_HOP_UDP ? trunk_flow_with(c->trunk, &c->remote, true) : NULL;

	if (other)
		conn_close(other, FLOW_STOP);
	if (c->beside && !c->came && !c->heard && c->why == FLOW_CLOSED)
		remember(of(c), &c->remote);
}

void beside_status(struct proc_status *s)
{
	status_counter(s, "trunk-streams", made);
	status_counter(s, "trunk-streams-refused", refused);
	status_counter(s, "trunk-streams-silent", silent);
}
