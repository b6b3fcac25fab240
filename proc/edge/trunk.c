/* SPDX-License-Identifier: ISC */
#include "trunk.h"
#include "base/log.h"
#include "beside.h"
#include "core_link.h"
#include "stream.h"
#include "tls.h"
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* What is known of one trunk beyond its configuration. */
static struct trunk {
	struct addr peer[TRUNK_ADDRESSES_MAX]; /* that its name led to */
	uint32_t peers;
	uint32_t flow[TRUNK_FLOWS_MAX]; /* slots of its connections, */
	uint32_t flows;
	uint32_t stream[TRUNK_STREAMS_MAX]; /* and of those that it made beside its datagrams */
	uint32_t streams;
} table[SITE_TRUNKS_MAX];

static struct {
	int fd;
	uint8_t listener;
	ev_io io;
} udp[SITE_LISTENERS_MAX];
static uint32_t udps;
static uint64_t strangers, datagrams, unsent, streams_came;
static uint8_t datagram[SIP_MESSAGE_MAX];

static const struct trunk_conf *conf_of(uint8_t trunk)
{
	return &child_site()->trunk[trunk - 1];
}

static bool is_peer(uint8_t trunk, const struct addr *a)
{
	const struct trunk_conf *c = conf_of(trunk);
	const struct trunk *t = &table[trunk - 1];

	if (c->server_addr.family && addr_same_ip(&c->server_addr, a))
		return true;
	for (int i = 0; i < c->peers; i++)
		if (addr_same_ip(&c->peer[i], a))
			return true;
	for (uint32_t i = 0; i < t->peers; i++)
		if (addr_same_ip(&t->peer[i], a))
			return true;
	return false;
}

/* The trunk that may come to this listener from there; 0: none. */
static uint8_t find(uint8_t listener, const struct addr *remote)
{
	for (uint8_t i = 1; i <= child_site()->trunks; i++)
		if (conf_of(i)->listener == listener && conf_of(i)->listens && is_peer(i, remote))
			return i;
	return 0;
}

/* The same by TCP: where trunks over TCP listen at the port of one's datagrams, that one comes there too. */
static uint8_t find_stream(uint8_t listener, const struct addr *remote)
{
	const struct listener *at = child_site()->listener;
	uint8_t own = find(listener, remote);

	for (uint8_t i = 1; !own && at[listener].transport == TRUNK_TCP && i <= child_site()->trunks; i++) {
		const struct trunk_conf *c = conf_of(i);
		if (c->transport == TRUNK_UDP && c->listens && addr_eq(&at[c->listener].bind, &at[listener].bind) &&
		    is_peer(i, remote))
			return i;
	}
	return own;
}

/* --- its connections --- */

struct conn *trunk_make(const struct trunk_link *l)
{
	struct trunk *t = &table[l->trunk - 1];
	struct conn *c = t->flows < TRUNK_FLOWS_MAX ? conn_trunk(l) : NULL;

	if (!c)
		return NULL;
	t->flow[t->flows++] = conn_slot(c);
	return c;
}

struct conn *trunk_flow_with(uint8_t trunk, const struct addr *remote, bool beside)
{
	const struct trunk *t = &table[trunk - 1];

	for (uint32_t i = 0; i < t->flows; i++) {
		struct conn *c = conn_at(t->flow[i]);
		bool is_that = beside ? c->beside : c->hop == TXN_HOP_UDP; /* what it made itself stands elsewhere */
		if (c->state == CONN_UP && is_that && addr_same_ip(&c->remote, remote))
			return c;
	}
	return NULL;
}

/* The one that says nothing for longest and has nothing to do makes room. */
static bool make_room(struct trunk *t)
{
	struct conn *idle = NULL;

	if (t->streams < TRUNK_STREAMS_MAX)
		return true;
	for (uint32_t i = 0; i < t->streams; i++) {
		struct conn *c = conn_at(t->stream[i]);
		if (c->server_txns == NO_SLOT && c->client_txns == NO_SLOT && (!idle || c->last_ms < idle->last_ms))
			idle = c;
	}
	if (!idle)
		return false;
	conn_close(idle, FLOW_STOP);
	conn_flush();
	return t->streams < TRUNK_STREAMS_MAX;
}

static struct conn *make_stream(const struct trunk_link *l)
{
	struct trunk *t = &table[l->trunk - 1];
	struct conn *c = make_room(t) ? conn_trunk(l) : NULL;

	if (!c)
		return NULL;
	t->stream[t->streams++] = conn_slot(c);
	streams_came++;
	return c;
}

struct conn *trunk_way_out(struct conn *c)
{
	struct conn *flow = c && c->beside && c->came ? trunk_flow_with(c->trunk, &c->remote, false) : NULL;

	return flow ? flow : c;
}

static uint32_t strike(uint32_t *list, uint32_t n, uint32_t slot)
{
	for (uint32_t i = 0; i < n; i++)
		if (list[i] == slot) {
			list[i] = list[n - 1];
			return n - 1;
		}
	return n;
}

void trunk_conn_gone(const struct conn *c)
{
	struct trunk *t = &table[c->trunk - 1];

	beside_gone(c);
	t->flows = strike(t->flow, t->flows, conn_slot(c));
	t->streams = strike(t->stream, t->streams, conn_slot(c));
}

static void say_failed(uint8_t trunk, uint64_t token, enum trunk_why why)
{
	struct link *l = child_link(PROC_CORE, 0);
	struct msg_trunk_failed *m = l ? ipc_begin(l, MSG_TRUNK_FAILED) : NULL;

	if (!m)
		return;
	m->token = token;
	m->trunk = (uint8_t)(trunk - 1);
	m->why = (uint8_t)why;
	ipc_end(l);
}

void trunk_conn_failed(const struct conn *c)
{
	if (c->came || c->token == 0)
		return;
	say_failed(c->trunk, c->token,
	    c->fail                  ? (enum trunk_why)c->fail
	    : c->why == FLOW_TIMEOUT ? TRUNK_TIMEOUT
				     : TRUNK_CLOSED);
}

void trunk_on_connected(struct link *from, const struct ipc_view *v)
{
	const struct msg_trunk_connected *m = v->payload;
	struct trunk_link l = {.fd = v->fd, .trunk = (uint8_t)(m->trunk + 1), .token = m->token, .remote = m->remote};

	if (m->trunk >= child_site()->trunks || m->token == 0) {
		close(v->fd);
		child_accuse(from, "connects a trunk that there is not, or not so", 0, 0);
		return;
	}
	if (conf_of(l.trunk)->transport == TRUNK_UDP) {
		beside_on_connected(from, &l);
		return;
	}
	if (conf_of(l.trunk)->transport == TRUNK_TLS && !tls_ready()) {
		close(v->fd);
		say_failed(l.trunk, l.token, TRUNK_NO_TLS);
		return;
	}
	if (trunk_make(&l))
		return;
	close(v->fd);
	say_failed(l.trunk, l.token, TRUNK_FULL);
}

void trunk_accept(int fd, uint8_t listener, const struct addr *remote)
{
	struct trunk_link l = {.fd = fd, .trunk = find_stream(listener, remote), .came = true, .remote = *remote};

	l.beside = l.trunk && conf_of(l.trunk)->transport == TRUNK_UDP;
	if (l.trunk && (l.beside ? make_stream(&l) : trunk_make(&l)))
		return;
	if (!l.trunk)
		strangers++;
	count.turned_away++;
	close(fd);
}

/* --- datagrams --- */

static int socket_of(uint8_t listener)
{
	for (uint32_t i = 0; i < udps; i++)
		if (udp[i].listener == listener)
			return udp[i].fd;
	return -1;
}

/* One flow for each address of the trunk. */
static struct conn *flow_of(uint8_t trunk, const struct addr *remote)
{
	return trunk_flow_with(trunk, remote, false);
}

void trunk_on_peer(struct link *from, const struct ipc_view *v)
{
	const struct msg_trunk_peer *m = v->payload;
	uint8_t trunk = (uint8_t)(m->trunk + 1);

	if (m->trunk >= child_site()->trunks || !m->remote.family) {
		child_accuse(from, "names an address of a trunk that there is not", 0, 0);
		return;
	}
	struct trunk *t = &table[m->trunk];
	if (m->first)
		t->peers = 0;
	if (!is_peer(trunk, &m->remote) && t->peers < TRUNK_ADDRESSES_MAX)
		t->peer[t->peers++] = m->remote;
	if (m->token == 0 || conf_of(trunk)->transport != TRUNK_UDP)
		return;
	struct trunk_link l = {
	    .fd = socket_of(conf_of(trunk)->listener), .trunk = trunk, .token = m->token, .remote = m->remote};
	struct conn *before = flow_of(trunk, &m->remote);
	if (before) { /* the same address, wanted anew */
		conn_close(before, FLOW_CLOSED);
		conn_flush();
	}
	if (l.fd < 0 || !trunk_make(&l))
		say_failed(trunk, m->token, TRUNK_FULL);
}

static bool is_keep_alive(const uint8_t *p, size_t n)
{
	return n <= 4 && (n == 0 || p[0] == '\r' || p[0] == '\n' || p[0] == 0);
}

static void take(uint8_t listener, int fd, const struct addr *from, size_t n)
{
	uint8_t trunk = find(listener, from);

	if (!trunk || !child_link(PROC_CORE, 0)) {
		strangers++; /* what it is, nobody looks at */
		return;
	}
	if (is_keep_alive(datagram, n))
		return;
	struct conn *c = flow_of(trunk, from);
	if (!c)
		c = trunk_make(&(struct trunk_link){.fd = fd, .trunk = trunk, .came = true, .remote = *from});
	if (!c)
		return;
	datagrams++;
	c->way.source = *from;
	c->last_ms = child_now();
	stream_datagram(c, datagram, n);
}

static void on_readable(struct ev_loop *loop, ev_io *w, int events)
{
	uint8_t listener = (uint8_t)(uintptr_t)w->data;

	(void)loop;
	child_io_again(w, events);
	if (core_link_holds()) {
		ev_io_stop(child_loop(), w);
		return;
	}
	for (int i = 0; i < DATAGRAMS_PER_TURN; i++) {
		struct sockaddr_storage sa;
		socklen_t sa_n = sizeof sa;
		struct addr from;
		ssize_t n =
		    recvfrom(w->fd, datagram, sizeof datagram, MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *)&sa, &sa_n);
		if (n < 0)
			return;
		if ((size_t)n <= sizeof datagram && addr_from_sockaddr((const struct sockaddr *)&sa, &from))
			take(listener, w->fd, &from, (size_t)n);
	}
}

void trunk_send_datagram(struct conn *c, const struct addr *to, struct span s)
{
	struct sockaddr_storage sa;
	socklen_t n = addr_to_sockaddr(to, &sa);

	if (sendto(c->fd, s.p, s.n, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&sa, n) < 0)
		unsent++; /* it is said again, or the transaction's time ends it */
}

void trunk_listen(uint8_t listener, int fd)
{
	udp[udps].fd = fd;
	udp[udps++].listener = listener;
}

void trunk_serve(void)
{
	for (uint32_t i = 0; i < udps; i++) {
		ev_io_init(&udp[i].io, on_readable, udp[i].fd, EV_READ);
		udp[i].io.data = (void *)(uintptr_t)udp[i].listener;
		ev_io_start(child_loop(), &udp[i].io);
	}
}

void trunk_hear_again(void)
{
	for (uint32_t i = 0; i < udps; i++)
		ev_io_start(child_loop(), &udp[i].io);
}

void trunk_status(struct proc_status *s)
{
	status_counter(s, "trunk-datagrams", datagrams);
	status_counter(s, "trunk-strangers", strangers);
	status_counter(s, "trunk-unsent", unsent);
	status_counter(s, "trunk-streams-came", streams_came);
}
