/* SPDX-License-Identifier: ISC */
#include "reach.h"
#include "base/log.h"
#include "base/sock.h"
#include "resolve.h"
#include <errno.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static struct reach {
	uint64_t token;
	bool wanted; /* core waits for its answer */
	struct targets targets;
	uint32_t at; /* the one that is tried, or was tried last */
	int fd;      /* that connects; -1: none */
	struct timer timer;
} table[SITE_TRUNKS_MAX];

/* Sockets that connect are watched apart: libev takes none out of its own set, so that one which goes on to live in edge
 * would go on to wake this process. */
static int connecting = -1;
static ev_io connecting_io;

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

/* Its socket, no longer watched; -1: there is none. */
static int take_socket(struct reach *r)
{
	int fd = r->fd;

	timer_cancel(&child_wheel, &r->timer);
	if (fd >= 0)
		epoll_ctl(connecting, EPOLL_CTL_DEL, fd, NULL);
	r->fd = -1;
	return fd;
}

static void stop(struct reach *r)
{
	int fd = take_socket(r);

	if (fd >= 0)
		close(fd);
}

static void hand_over(struct reach *r)
{
	struct link *edge = child_link(PROC_EDGE, DIAL_EDGE);
	int fd = take_socket(r);

	if (!edge) {
		close(fd);
		answer(r, REACH_BUSY);
		return;
	}
	struct msg_trunk_connected *m = ipc_begin_fd(edge, MSG_TRUNK_CONNECTED, fd); /* closes it, come what may */
	if (!m) {
		answer(r, REACH_BUSY);
		return;
	}
	m->token = r->token;
	m->trunk = index_of(r);
	m->remote = r->targets.at[r->at];
	ipc_end(edge);
	count.connected++;
	answer(r, REACH_OK);
}

static void try_next(struct reach *r)
{
	count.unconnected++;
	stop(r);
	if (r->at + 1 >= r->targets.n) {
		answer(r, REACH_NO_ANSWER);
		return;
	}
	r->at++;
	try(r);
}

static void on_connected(struct reach *r)
{
	int error = 0;
	socklen_t n = sizeof error;

	if (getsockopt(r->fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0 || error != 0)
		try_next(r);
	else
		hand_over(r);
}

static void on_connecting(struct ev_loop *loop, ev_io *w, int events)
{
	struct epoll_event e[SITE_TRUNKS_MAX];
	int n = epoll_wait(w->fd, e, SITE_TRUNKS_MAX, 0);

	(void)loop;
	child_io_again(w, events);
	for (int i = 0; i < n; i++)
		if (table[e[i].data.u32].fd >= 0)
			on_connected(&table[e[i].data.u32]);
}

static void on_time(struct timer *t, uint64_t now_ms)
{
	(void)now_ms;
	try_next((struct reach *)(void *)((char *)t - offsetof(struct reach, timer)));
}

/* From the address that the trunk's section names, to one that its name led to. */
static int begin_connect(const struct addr *from, const struct addr *to)
{
	struct sockaddr_storage sa;
	struct addr us = *from;
	socklen_t n = addr_to_sockaddr(to, &sa);
	int fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	sock_set_options(fd);
	us.port = 0;
	struct sockaddr_storage local;
	socklen_t local_n = addr_to_sockaddr(&us, &local);
	bool ok = addr_is_any(&us) || bind(fd, (struct sockaddr *)&local, local_n) == 0;
	if (ok && (connect(fd, (struct sockaddr *)&sa, n) == 0 || errno == EINPROGRESS))
		return fd;
	close(fd);
	return -1;
}

static void try(struct reach *r)
{
	const struct trunk_conf *c = &child_site()->trunk[index_of(r)];

	if (c->transport == TRUNK_UDP) {
		answer(r, tell_peer(r, r->at, r->token) ? REACH_OK : REACH_BUSY);
		return;
	}
	r->fd = begin_connect(&child_site()->listener[c->listener].bind, &r->targets.at[r->at]);
	/* what failed at once fails in the next turn, so that no list is walked in one */
	timer_set(&child_wheel, &r->timer, child_now() + (r->fd < 0 ? 0 : CONNECT_MS));
	struct epoll_event want = {.events = EPOLLOUT, .data.u32 = index_of(r)};
	if (r->fd >= 0 && epoll_ctl(connecting, EPOLL_CTL_ADD, r->fd, &want) != 0)
		log_fatal("connections: %s", strerror(errno));
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
	stop(r);
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
	connecting = epoll_create1(EPOLL_CLOEXEC);
	if (connecting < 0)
		log_fatal("connections: %s", strerror(errno));
	ev_io_init(&connecting_io, on_connecting, connecting, EV_READ);
	ev_io_start(child_loop(), &connecting_io);
	for (int i = 0; i < SITE_TRUNKS_MAX; i++) {
		table[i].fd = -1;
		table[i].timer.fire = on_time;
	}
}

void reach_status(struct proc_status *s)
{
	status_counter(s, "resolved", count.resolved);
	status_counter(s, "unresolved", count.unresolved);
	status_counter(s, "connected", count.connected);
	status_counter(s, "unconnected", count.unconnected);
}
