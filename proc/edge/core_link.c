/* SPDX-License-Identifier: ISC */
#include "core_link.h"
#include "client.h"
#include "conn_int.h"
#include "request.h"
#include "server.h"
#include "trunk.h"

enum { ANNOUNCE_PER_TURN = 256 };

static bool waiting; /* some flow is up that core has not heard of */
static uint32_t cursor;
static bool holds;

bool core_link_holds(void)
{
	return holds;
}

static void hold_no_more(struct timer *t, uint64_t now_ms)
{
	(void)t;
	(void)now_ms;
	if (!holds)
		return;
	holds = false;
	for (uint32_t i = 0; i < conn_cap(); i++)
		conn_hear_again(conn_at(i));
	trunk_hear_again();
}

static struct timer patience = {.fire = hold_no_more};

static bool announce(struct conn *c)
{
	struct link *l = child_link(PROC_CORE, 0);
	struct msg_flow_up *m = l ? ipc_begin(l, MSG_FLOW_UP) : NULL;

	if (!m)
		return false;
	m->flow = c->id;
	m->device = c->device;
	m->listener = c->listener;
	m->expired = c->expired;
	m->tls12 = c->tls12;
	m->remote = c->remote;
	m->trunk = c->trunk;
	m->came = c->came || c->beside;
	m->token = c->token;
	ipc_end(l);
	c->announced = true;
	request_say_again(c);
	conn_hear_again(c);
	return true;
}

void core_link_flow_up(struct conn *c)
{
	if (!announce(c))
		waiting = true;
}

void core_link_flow_down(struct conn *c)
{
	struct link *l = child_link(PROC_CORE, 0);
	struct msg_flow_down *m = l ? ipc_begin(l, MSG_FLOW_DOWN) : NULL;

	c->announced = false;
	if (!m)
		return;
	m->flow = c->id;
	m->why = c->why;
	ipc_end(l);
}

void core_link_announce(void)
{
	if (!waiting || !child_link(PROC_CORE, 0))
		return;
	for (int n = 0; n < ANNOUNCE_PER_TURN; cursor++) {
		if (cursor == conn_cap()) {
			cursor = 0;
			waiting = false;
			timer_cancel(&child_wheel, &patience);
			hold_no_more(&patience, child_now());
			return;
		}
		struct conn *c = conn_at(cursor);
		if (c->state != CONN_UP || c->announced)
			continue;
		if (!announce(c))
			return; /* goes on here when there is credit again */
		n++;
	}
}

void core_link_up(void)
{
	device_forget();
	waiting = true;
	cursor = 0;
}

void core_link_down(void)
{
	for (uint32_t i = 0; i < conn_cap(); i++)
		conn_at(i)->announced = false;
	server_orphan_all();
	client_orphan_all();
	if (!holds) /* of one that goes again and again no longer */
		timer_set(&child_wheel, &patience, child_now() + CORE_AWAY_MS);
	holds = true;
}

void core_link_on_close_flow(struct link *from, const struct ipc_view *v)
{
	const struct msg_close_flow *m = v->payload;
	struct conn *c = conn_of(m->flow);

	(void)from;
	if (c)
		conn_close(c, (enum flow_why)m->why);
}
