/* SPDX-License-Identifier: ISC */
#include "core_link.h"
#include "client.h"
#include "conn_int.h"
#include "held.h"
#include "server.h"
#include "trunk.h"

enum { ANNOUNCE_PER_TURN = 256, PATIENCE_MS = 3000 };

static void on_patience(struct timer *t, uint64_t now_ms);
static void listen_again(struct timer *t, uint64_t now_ms);

static bool waiting;                                  /* some flow is up that core has not heard of */
static struct timer patience = {.fire = on_patience}; /* with a core that does not know who may call */
static struct timer away = {.fire = listen_again};    /* while it is set nobody is listened to */
static bool up; /* as far as was told: a link whose end was seen in this turn is closed at the end of it */
static uint32_t cursor;

bool core_link_holds(void)
{
	return timer_is_set(&away) || (up && !child_link(PROC_CORE, 0));
}

static void listen_again(struct timer *t, uint64_t now_ms)
{
	(void)now_ms;
	timer_cancel(&child_wheel, t);
	for (uint32_t i = 0; i < conn_cap(); i++)
		conn_hear_again(conn_at(i));
	trunk_hear_again();
}

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
	return true;
}

void core_link_flow_up(struct conn *c)
{
	if (announce(c))
		return;
	waiting = true;
	if (conn_slot(c) < cursor)
		cursor = conn_slot(c);
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

/* Whom a call for help rings may be on any of them, and only a core that has its directory knows who that is. One that does not get it
 * is asked all the same. */
static void tell_held(void)
{
	if (waiting || !held_back() || !child_link(PROC_CORE, 0) || (!device_all_known() && timer_is_set(&patience)))
		return;
	timer_cancel(&child_wheel, &patience);
	held_back_no_more();
	for (uint32_t i = 0; i < conn_cap(); i++)
		if (conn_at(i)->announced)
			held_tell(conn_at(i));
	if (core_link_holds())
		listen_again(&away, child_now());
}

static void on_patience(struct timer *t, uint64_t now_ms)
{
	(void)t;
	(void)now_ms;
	tell_held();
}

static void announce_all(void)
{
	if (!waiting || !child_link(PROC_CORE, 0))
		return;
	for (int n = 0; n < ANNOUNCE_PER_TURN; cursor++) {
		if (cursor == conn_cap()) {
			cursor = 0;
			waiting = false;
			return;
		}
		struct conn *c = conn_at(cursor);
		if (c->state != CONN_UP || c->announced)
			continue;
		if (!announce(c))
			return; /* goes on here when there is credit again */
		if (!held_back())
			held_tell(c);
		n++;
	}
}

void core_link_announce(void)
{
	announce_all();
	tell_held();
}

void core_link_up(void)
{
	device_forget();
	up = waiting = true;
	cursor = 0;
	timer_set(&child_wheel, &patience, child_now() + PATIENCE_MS);
}

void core_link_down(void)
{
	up = false;
	timer_cancel(&child_wheel, &patience);
	if (!held_back()) /* of one that goes again and again no longer */
		timer_set(&child_wheel, &away, child_now() + CORE_AWAY_MS);
	else if (!core_link_holds()) /* whom this turn kept waiting nobody else would listen to again */
		listen_again(&away, child_now());
	held_back_from_now();
	for (uint32_t i = 0; i < conn_cap(); i++)
		conn_at(i)->announced = false;
	server_orphan_all();
	client_orphan_all();
}

void core_link_on_close_flow(struct link *from, const struct ipc_view *v)
{
	const struct msg_close_flow *m = v->payload;
	struct conn *c = conn_of(m->flow);

	(void)from;
	if (c)
		conn_close(c, (enum flow_why)m->why);
}
