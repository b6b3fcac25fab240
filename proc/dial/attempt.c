/* SPDX-License-Identifier: ISC */
#include "attempt.h"
#include "base/log.h"
#include "base/sock.h"
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ATTEMPTS_MAX = 2 * SITE_TRUNKS_MAX };

/* Sockets that connect are watched apart: libev takes none out of its own set, so that one which goes on to live in edge
 * would go on to wake this process. */
static int connecting = -1;
static ev_io connecting_io;

/* Its socket, no longer watched; -1: there is none. */
static int take_socket(struct attempt *a)
{
	int fd = a->fd;

	timer_cancel(&child_wheel, &a->timer);
	if (fd >= 0)
		epoll_ctl(connecting, EPOLL_CTL_DEL, fd, NULL);
	a->fd = -1;
	return fd;
}

void attempt_stop(struct attempt *a)
{
	int fd = take_socket(a);

	if (fd >= 0)
		close(fd);
}

static void fail(struct attempt *a)
{
	attempt_stop(a);
	a->done(a, -1);
}

static void on_connected(struct attempt *a)
{
	int error = 0;
	socklen_t n = sizeof error;

	if (getsockopt(a->fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0 || error != 0)
		fail(a);
	else
		a->done(a, take_socket(a));
}

static void on_connecting(struct ev_loop *loop, ev_io *w, int events)
{
	struct epoll_event e[ATTEMPTS_MAX];
	int n = epoll_wait(w->fd, e, ATTEMPTS_MAX, 0);

	(void)loop;
	child_io_again(w, events);
	for (int i = 0; i < n; i++) {
		struct attempt *a = e[i].data.ptr;
		if (a->fd >= 0)
			on_connected(a);
	}
}

static void on_time(struct timer *t, uint64_t now_ms)
{
	(void)now_ms;
	fail((struct attempt *)(void *)((char *)t - offsetof(struct attempt, timer)));
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

void attempt_begin(struct attempt *a, uint8_t trunk, const struct addr *to, uint32_t ms)
{
	const struct trunk_conf *c = &child_site()->trunk[trunk];

	a->fd = begin_connect(&child_site()->listener[c->listener].bind, to);
	/* what failed at once fails in the next turn, so that no list is walked in one */
	timer_set(&child_wheel, &a->timer, child_now() + (a->fd < 0 ? 0 : ms));
	struct epoll_event want = {.events = EPOLLOUT, .data.ptr = a};
	if (a->fd >= 0 && epoll_ctl(connecting, EPOLL_CTL_ADD, a->fd, &want) != 0)
		log_fatal("connections: %s", strerror(errno));
}

bool attempt_give(uint8_t trunk, uint64_t token, const struct addr *remote, int fd)
{
	struct link *edge = child_link(PROC_EDGE, DIAL_EDGE);

	if (!edge) {
		close(fd);
		return false;
	}
	struct msg_trunk_connected *m = ipc_begin_fd(edge, MSG_TRUNK_CONNECTED, fd); /* closes it, come what may */
	if (!m)
		return false;
	m->token = token;
	m->trunk = trunk;
	m->remote = *remote;
	ipc_end(edge);
	return true;
}

void attempt_init(struct attempt *a, attempt_done *done)
{
	a->fd = -1;
	a->timer.fire = on_time;
	a->done = done;
}

void attempt_open(void)
{
	connecting = epoll_create1(EPOLL_CLOEXEC);
	if (connecting < 0)
		log_fatal("connections: %s", strerror(errno));
	ev_io_init(&connecting_io, on_connecting, connecting, EV_READ);
	ev_io_start(child_loop(), &connecting_io);
}
