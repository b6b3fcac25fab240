/* SPDX-License-Identifier: ISC */
#include "conn_int.h"
#include "conn_list.h"
#include "client.h"
#include "core_link.h"
#include "server.h"
#include "source.h"
#include "stream.h"
#include "tls.h"
#include "trunk.h"
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static struct conn *table;
static uint32_t table_n;
static struct pool pool;
static struct conn *dirty, *doomed;

bool conn_open(uint32_t cap)
{
	table_n = cap;
	table = calloc(cap, sizeof *table);
	return table && edge_pool_init(&pool, cap, 0) && source_open(cap);
}

uint32_t conn_cap(void)
{
	return table_n;
}

uint32_t conn_slot(const struct conn *c)
{
	return (uint32_t)(c - table);
}

struct conn *conn_at(uint32_t slot)
{
	return &table[slot];
}

bool conn_is_full(void)
{
	return pool.used == pool.cap;
}

struct conn *conn_of(uint64_t flow)
{
	int64_t i = edge_pool_index(&pool, flow);

	return i >= 0 && table[i].state == CONN_UP ? &table[i] : NULL;
}

/* --- the end of a connection --- */

void conn_mark_dirty(struct conn *c)
{
	if (c->dirty)
		return;
	c->dirty = true;
	c->next_dirty = dirty;
	dirty = c;
}

void conn_close(struct conn *c, enum flow_why why)
{
	if (c->state == CONN_DOOMED || c->state == CONN_FREE)
		return;
	if (c->state == CONN_UP) {
		if (!c->trunk)
			device_remove(c);
		if (c->tls && why != FLOW_BAD_BYTES && why != FLOW_SLOW) {
			tls_bye(c);
			conn_mark_dirty(c);
		}
	} else {
		handshake_remove(c);
	}
	c->state = CONN_DOOMED;
	c->why = (uint8_t)why;
	c->next_doomed = doomed;
	doomed = c;
	if (c->hop != TXN_HOP_UDP)
		ev_io_stop(child_loop(), &c->read);
	timer_cancel(&child_wheel, &c->timer);
	stream_close(c);
}

void conn_close_device(uint32_t device)
{
	struct device *d = device_get(device);

	while (d->newest != NO_SLOT) {
		count.closed_revoked++;
		conn_close(&table[d->newest], FLOW_REVOKED);
	}
}

void conn_close_all(enum flow_why why)
{
	for (uint32_t i = 0; i < table_n; i++)
		conn_close(&table[i], why);
}

static void reap(struct conn *c)
{
	if (c->hop != TXN_HOP_UDP)
		ev_io_stop(child_loop(), &c->write);
	if (c->announced)
		core_link_flow_down(c);
	else if (c->trunk)
		trunk_conn_failed(c);
	server_flow_gone(c);
	client_flow_gone(c);
	tls_end(c);
	out_clear(&c->out);
	if (c->hop != TXN_HOP_UDP)
		close(c->fd);
	if (c->trunk)
		trunk_conn_gone(c);
	edge_pool_release(&pool, c->id);
	c->state = CONN_FREE;
}

/* --- writing --- */

void conn_send(struct conn *c, struct span s)
{
	if (c->state != CONN_UP)
		return;
	if (c->hop == TXN_HOP_UDP) {
		trunk_send_datagram(c, &c->remote, s);
		return;
	}
	conn_mark_dirty(c);
	if (c->out.n > OUT_MAX / 2) /* much at once is no sign of a slow reader; what stays after this is */
		out_send(&c->out, c->fd);
	if (!tls_write(c, s)) {
		count.slow++;
		conn_close(c, FLOW_SLOW);
	}
}

struct way_back conn_way_back(const struct conn *c)
{
	return c->hop == TXN_HOP_UDP ? c->way : (struct way_back){c->remote, c->remote};
}

void conn_reply(struct conn *c, const struct addr *to, struct span s)
{
	if (c->hop == TXN_HOP_UDP && c->state == CONN_UP)
		trunk_send_datagram(c, to, s);
	else
		conn_send(c, s);
}

static void on_writable(struct ev_loop *loop, ev_io *w, int events)
{
	child_io_again(w, events);
	ev_io_stop(loop, w);
	conn_mark_dirty(w->data);
}

static void flush(struct conn *c)
{
	c->dirty = false;
	if (c->state == CONN_FREE)
		return;
	switch (out_send(&c->out, c->fd)) {
	case OUT_DONE:
		if (c->state == CONN_LINGER)
			shutdown(c->fd, SHUT_WR);
		break;
	case OUT_BLOCKED:
		if (c->state != CONN_DOOMED)
			ev_io_start(child_loop(), &c->write);
		break;
	case OUT_BROKEN:
		out_clear(&c->out);
		conn_close(c, FLOW_CLOSED);
		break;
	}
}

void conn_flush(void)
{
	conn_hear_turn();
	while (dirty) {
		struct conn *c = dirty;
		dirty = c->next_dirty;
		flush(c);
	}
	while (doomed) {
		struct conn *c = doomed;
		doomed = c->next_doomed;
		reap(c);
	}
}

/* --- the beginning --- */

static void give_way(uint32_t slot)
{
	struct conn *c = &table[slot];

	if (c->state == CONN_HANDSHAKE)
		conn_refused(c, REFUSED_TIMEOUT);
	conn_close(c, FLOW_TIMEOUT);
}

/* The oldest handshake makes room, of its own neighbourhood first: whoever begins many only ever ends his own. */
static void make_room(const struct addr *remote)
{
	uint32_t slot = source_crowd(remote);

	bool full = handshake_count() >= HANDSHAKES_MAX || conn_is_full();

	if (slot == NO_SLOT && !full)
		return;
	for (; slot != NO_SLOT; slot = source_crowd(remote))
		give_way(slot);
	if (full && handshake_oldest())
		give_way(conn_slot(handshake_oldest()));
	conn_flush();
}

static struct conn *new_conn(int fd, uint8_t listener, const struct addr *remote)
{
	make_room(remote);
	uint64_t id = edge_pool_take(&pool, false);
	if (id == ID_NONE)
		return NULL;
	struct conn *c = &table[edge_pool_index(&pool, id)];
	*c = (struct conn){
	    .id = id,
	    .fd = fd,
	    .state = CONN_HANDSHAKE,
	    .listener = listener,
	    .remote = *remote,
	    .last_ms = child_now(),
	    .timer.fire = conn_on_time,
	    .message.fire = conn_on_late_message,
	    .hop = TXN_HOP_PHONE,
	    .server_txns = NO_SLOT,
	    .client_txns = NO_SLOT,
	};
	handshake_add(c);
	source_enter(conn_slot(c), remote);
	return c;
}

void conn_accept(int fd, uint8_t listener, const struct addr *remote)
{
	struct conn *c = new_conn(fd, listener, remote);

	if (!c) {
		count.turned_away++;
		close(fd);
		return;
	}
	ev_io_init(&c->read, conn_on_readable, fd, EV_READ);
	ev_io_init(&c->write, on_writable, fd, EV_WRITE);
	c->read.data = c->write.data = c;
	if (!tls_begin(c)) {
		conn_close(c, FLOW_CLOSED);
		return;
	}
	timer_set(&child_wheel, &c->timer, child_now() + HANDSHAKE_MS);
	ev_io_start(child_loop(), &c->read);
}

/* A plain connection is up as soon as it stands: whoever is at its other end, only its address says who it is (R6). */
static struct conn *open_plain(struct conn *c)
{
	handshake_remove(c);
	c->state = CONN_UP;
	if (c->came || c->beside)
		timer_set(&child_wheel, &c->timer, child_now() + IDLE_LOOK_MS);
	core_link_flow_up(c);
	return c;
}

struct conn *conn_trunk(const struct trunk_link *l)
{
	const struct trunk_conf *conf = &child_site()->trunk[l->trunk - 1];
	struct conn *c = new_conn(l->fd, conf->listener, &l->remote);

	if (!c)
		return NULL;
	c->trunk = l->trunk;
	c->came = l->came;
	c->beside = l->beside;
	c->token = l->token;
	c->device = 0;
	c->hop = conf->transport == TRUNK_UDP && !l->beside ? TXN_HOP_UDP : TXN_HOP_STREAM;
	if (c->hop == TXN_HOP_UDP)
		return open_plain(c);
	ev_io_init(&c->read, conn_on_readable, l->fd, EV_READ);
	ev_io_init(&c->write, on_writable, l->fd, EV_WRITE);
	c->read.data = c->write.data = c;
	ev_io_start(child_loop(), &c->read);
	if (conf->transport != TRUNK_TLS)
		return open_plain(c);
	timer_set(&child_wheel, &c->timer, child_now() + HANDSHAKE_MS);
	if (!tls_begin(c))
		conn_close(c, FLOW_CLOSED);
	else if (!c->came)
		conn_shake_hands(c); /* we speak first */
	return c;
}

void conn_status(struct proc_status *s)
{
	status_pool(s, "connections", &pool);
	status_add(s, "handshakes-now", STATUS_POOL, handshake_count(), HANDSHAKES_MAX, 0, 0);
}
