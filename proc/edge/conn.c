/* SPDX-License-Identifier: ISC */
#include "conn_list.h"
#include "base/clock.h"
#include "base/log.h"
#include "client.h"
#include "core_link.h"
#include "server.h"
#include "source.h"
#include "stream.h"
#include "tls.h"
#include "trunk.h"
#include "verify.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READS_PER_TURN = 4, RECEIVE = 32768 };

static struct conn *table;
static uint32_t table_n;
static struct pool pool;
static struct conn *dirty, *doomed;
static unsigned steps; /* of handshakes, in this turn */
static uint8_t received[RECEIVE];

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

struct conn *conn_of(uint64_t flow)
{
	int64_t i = edge_pool_index(&pool, flow);

	return i >= 0 && table[i].state == CONN_UP ? &table[i] : NULL;
}

/* --- the end of a connection --- */

static void mark_dirty(struct conn *c)
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
			mark_dirty(c);
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

void conn_close_handshakes(void)
{
	for (struct conn *c; (c = handshake_oldest());)
		conn_close(c, FLOW_CLOSED);
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
	mark_dirty(c);
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
	(void)events;
	ev_io_stop(loop, w);
	mark_dirty(w->data);
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
	steps = 0;
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

/* --- reading --- */

static void refused(struct conn *c, enum refusal why)
{
	refused_n[why]++;
	count.handshakes_refused++;
	if (c->trunk && !c->came) /* core is told, and tells */
		return;
	edge_event(EVENT_HANDSHAKE_REFUSED, SEVERITY_WARNING, c->verified || why == REFUSED_VERSION ? c->device : 0,
	    &c->remote, refusal_text(why));
}

/* The alert must arrive: a socket closed with octets unread would reset the connection under it. */
static void linger(struct conn *c)
{
	refused(c, (enum refusal)c->refusal);
	c->state = CONN_LINGER;
	mark_dirty(c);
	timer_set(&child_wheel, &c->timer, child_now() + LINGER_MS);
}

static void come_up(struct conn *c)
{
	enum refusal r = c->trunk ? REFUSED_NOT : verify_device(c);

	if (r != REFUSED_NOT) {
		c->refusal = (uint8_t)r;
		tls_alert(c, GNUTLS_E_CERTIFICATE_ERROR);
		linger(c);
		return;
	}
	handshake_remove(c);
	c->state = CONN_UP;
	count.handshakes++;
	if (!c->trunk)
		device_add(c, pool.used == pool.cap);
	timer_set(&child_wheel, &c->timer, child_now() + IDLE_LOOK_MS);
	core_link_flow_up(c);
	mark_dirty(c);
	stream_read(c);
}

static void shake_hands(struct conn *c)
{
	steps++;
	mark_dirty(c);
	switch (tls_handshake(c)) {
	case TLS_MORE:
		break;
	case TLS_OK:
		come_up(c);
		break;
	case TLS_REFUSED:
		linger(c);
		break;
	case TLS_CLOSED:
		conn_close(c, FLOW_CLOSED);
		break;
	}
}

static void take_octets(struct conn *c, ssize_t n)
{
	tls_feed(span_of(received, n > 0 ? (size_t)n : 0), n == 0);
	c->last_ms = child_now();
	if (c->state == CONN_HANDSHAKE)
		shake_hands(c);
	else if (c->state == CONN_UP)
		stream_read(c);
	else if (c->state == CONN_LINGER && n == 0)
		conn_close(c, FLOW_CLOSED);
	tls_feed(span_of(NULL, 0), false);
}

static void on_readable(struct ev_loop *loop, ev_io *w, int events)
{
	struct conn *c = w->data;

	(void)loop;
	(void)events;
	for (int i = 0; i < READS_PER_TURN && c->state != CONN_DOOMED; i++) {
		if (c->state == CONN_HANDSHAKE && steps >= HANDSHAKE_STEPS_PER_TURN)
			return; /* it is still readable in the next turn */
		ssize_t n = recv(c->fd, received, sizeof received, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0) {
			conn_close(c, FLOW_CLOSED);
			return;
		}
		take_octets(c, n);
		if (n < RECEIVE)
			return;
	}
}

/* --- timers --- */

void conn_pinged(struct conn *c)
{
	if (c->ping_ms)
		c->ping_every_ms = (uint32_t)(child_now() - c->ping_ms);
	c->ping_ms = child_now();
	conn_send(c, SPAN("\r\n"));
}

static void look_at_flow(struct conn *c, uint64_t now_ms)
{
	if (c->trunk && !c->came) /* core asks it whether it is there */
		timer_cancel(&child_wheel, &c->timer);
	else if (now_ms - c->last_ms >= edge_idle_limit_ms(c->ping_every_ms, child_site()->flow_timer_s))
		conn_close(c, FLOW_TIMEOUT);
	else if (!c->trunk && !c->expired && clock_wall_ms() > c->not_after_ms)
		conn_close(c, FLOW_CLOSED); /* it may come back, for emergency calls */
	else
		timer_set(&child_wheel, &c->timer, now_ms + IDLE_LOOK_MS);
}

static void on_time(struct timer *t, uint64_t now_ms)
{
	struct conn *c = (struct conn *)(void *)((char *)t - offsetof(struct conn, timer));

	if (c->state == CONN_UP) {
		look_at_flow(c, now_ms);
		return;
	}
	if (c->state == CONN_HANDSHAKE)
		refused(c, REFUSED_TIMEOUT);
	conn_close(c, FLOW_TIMEOUT);
}

static void on_late_message(struct timer *t, uint64_t now_ms)
{
	struct conn *c = (struct conn *)(void *)((char *)t - offsetof(struct conn, message));

	(void)now_ms;
	count.late_messages++;
	edge_event(EVENT_BAD_BYTES, SEVERITY_WARNING, c->device, &c->remote, "a message was begun and not finished");
	conn_close(c, FLOW_BAD_BYTES);
}

/* --- the beginning --- */

static void give_way(uint32_t slot)
{
	struct conn *c = &table[slot];

	if (c->state == CONN_HANDSHAKE)
		refused(c, REFUSED_TIMEOUT);
	conn_close(c, FLOW_TIMEOUT);
}

/* The oldest handshake makes room, of its own neighbourhood first: whoever begins many only ever ends his own. */
static void make_room(const struct addr *remote)
{
	uint32_t slot = source_crowd(remote);

	bool full = handshake_count() >= HANDSHAKES_MAX || pool.used == pool.cap;

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
	    .timer.fire = on_time,
	    .message.fire = on_late_message,
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
	ev_io_init(&c->read, on_readable, fd, EV_READ);
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
	if (c->came)
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
	c->token = l->token;
	c->device = 0;
	c->hop = conf->transport == TRUNK_UDP ? TXN_HOP_UDP : TXN_HOP_STREAM;
	if (c->hop == TXN_HOP_UDP)
		return open_plain(c);
	ev_io_init(&c->read, on_readable, l->fd, EV_READ);
	ev_io_init(&c->write, on_writable, l->fd, EV_WRITE);
	c->read.data = c->write.data = c;
	ev_io_start(child_loop(), &c->read);
	if (conf->transport == TRUNK_TCP)
		return open_plain(c);
	timer_set(&child_wheel, &c->timer, child_now() + HANDSHAKE_MS);
	if (!tls_begin(c))
		conn_close(c, FLOW_CLOSED);
	else if (!c->came)
		shake_hands(c); /* we speak first */
	return c;
}

void conn_status(struct proc_status *s)
{
	status_pool(s, "connections", &pool);
	status_add(s, "handshakes-now", STATUS_POOL, handshake_count(), HANDSHAKES_MAX, 0, 0);
}
