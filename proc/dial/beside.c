/* SPDX-License-Identifier: ISC */
#include "beside.h"
#include "attempt.h"
#include "reach.h"

static struct beside {
	uint64_t token; /* 0: nothing is wanted */
	struct addr remote;
	struct attempt attempt;
} table[SITE_TRUNKS_MAX];

static uint64_t connected, unconnected;

static void say_none(struct beside *b, enum reach_why why)
{
	struct link *edge = child_link(PROC_EDGE, DIAL_EDGE);
	struct msg_stream_none *m = edge && b->token ? ipc_begin(edge, MSG_STREAM_NONE) : NULL;

	if (m) {
		m->token = b->token;
		m->trunk = (uint8_t)(b - table);
		m->why = (uint8_t)why;
		ipc_end(edge);
	}
	b->token = 0;
}

static void on_attempt(struct attempt *a, int fd)
{
	struct beside *b = (struct beside *)(void *)((char *)a - offsetof(struct beside, attempt));

	if (fd < 0) {
		unconnected++;
		say_none(b, REACH_NO_ANSWER);
		return;
	}
	connected++;
	if (attempt_give((uint8_t)(b - table), b->token, &b->remote, fd))
		b->token = 0;
	else
		say_none(b, REACH_BUSY);
}

void beside_on_want(struct link *from, const struct ipc_view *v)
{
	const struct msg_stream_want *m = v->payload;

	if (from->instance != DIAL_EDGE || m->token == 0 || m->trunk >= child_site()->trunks ||
	    child_site()->trunk[m->trunk].transport != TRUNK_UDP) {
		child_accuse(from, "wants a connection beside a trunk that has no datagrams", 0, 0);
		return;
	}
	struct beside *b = &table[m->trunk];
	attempt_stop(&b->attempt);
	say_none(b, REACH_BUSY); /* to who asked before */
	b->token = m->token;
	b->remote = m->remote;
	if (reach_leads_to(m->trunk, &m->remote))
		attempt_begin(&b->attempt, m->trunk, &b->remote, BESIDE_MS);
	else
		say_none(b, REACH_END);
}

void beside_open(void)
{
	for (int i = 0; i < SITE_TRUNKS_MAX; i++)
		attempt_init(&table[i].attempt, on_attempt);
}

void beside_status(struct proc_status *s)
{
	status_counter(s, "connected-beside", connected);
	status_counter(s, "unconnected-beside", unconnected);
}
