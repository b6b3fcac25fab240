/* SPDX-License-Identifier: ISC */
#include "conn.h"
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_MAX = 256 };

bool loop_init(struct loop *l)
{
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	return l->epoll >= 0;
}

void loop_fini(struct loop *l)
{
	close(l->epoll);
}

static void watch(struct loop *l, struct conn *c, int operation, bool write)
{
	struct epoll_event e = {.events = EPOLLIN | (write ? (uint32_t)EPOLLOUT : 0), .data.ptr = c};

	epoll_ctl(l->epoll, operation, c->fd, &e);
}

void conn_close(struct conn *c)
{
	if (c->state == CONN_CLOSED)
		return;
	if (c->state == CONN_UP)
		gnutls_bye(c->tls, GNUTLS_SHUT_WR);
	gnutls_deinit(c->tls);
	close(c->fd);
	free(c->in);
	free(c->out);
	*c = (struct conn){.state = CONN_CLOSED, .fd = -1};
}

static bool conn_break(struct loop *l, struct conn *c, const char *why)
{
	conn_close(c);
	l->on.down(c, why);
	return false;
}

static bool session_start(struct loop *l, struct conn *c, gnutls_certificate_credentials_t cred, bool verify)
{
	/* Without tickets: a phone comes back with a full handshake, and the server need not write any. */
	if (gnutls_init(&c->tls, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_TICKETS | GNUTLS_NO_SIGNAL) < 0)
		return false;
	gnutls_set_default_priority(c->tls);
	gnutls_credentials_set(c->tls, GNUTLS_CRD_CERTIFICATE, cred);
	gnutls_server_name_set(c->tls, GNUTLS_NAME_DNS, l->domain, strlen(l->domain));
	gnutls_transport_set_int(c->tls, c->fd);
	gnutls_handshake_set_timeout(c->tls, 0);
	if (verify)
		gnutls_session_set_verify_cert(c->tls, NULL, 0);
	return true;
}

bool conn_open(struct loop *l, struct conn *c, gnutls_certificate_credentials_t cred, bool verify)
{
	struct sockaddr_in own = {0};
	socklen_t own_n = sizeof(own);
	const int on = 1;

	*c = (struct conn){.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP)};
	if (c->fd < 0)
		return false;
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	c->in = malloc(CONN_IN_MAX);
	if (c->in == NULL ||
	    (connect(c->fd, (const struct sockaddr *)&l->server, sizeof(l->server)) < 0 &&
		errno != EINPROGRESS) ||
	    getsockname(c->fd, (struct sockaddr *)&own, &own_n) < 0 || !session_start(l, c, cred, verify)) {
		free(c->in);
		close(c->fd);
		*c = (struct conn){.state = CONN_CLOSED, .fd = -1};
		return false;
	}
	c->port = ntohs(own.sin_port);
	c->state = CONN_CONNECTING;
	watch(l, c, EPOLL_CTL_ADD, true);
	return true;
}

static bool blocked(ssize_t r)
{
	return r == GNUTLS_E_AGAIN || r == GNUTLS_E_INTERRUPTED;
}

/* Hand what waits to GnuTLS, behind the record that it holds. */
static bool flush(struct loop *l, struct conn *c)
{
	ssize_t r;

	if (c->stuck) {
		r = gnutls_record_send(c->tls, NULL, 0);
		if (r < 0)
			return blocked(r) || conn_break(l, c, "send");
		c->stuck = false;
	}
	while (c->out_n > 0) {
		r = gnutls_record_send(c->tls, c->out, c->out_n);
		if (r < 0 && !blocked(r))
			return conn_break(l, c, "send");
		c->stuck = r < 0;
		/* a record that GnuTLS took but could not write is one of full size, or all there is */
		if (r < 0)
			r = (ssize_t)(c->out_n < gnutls_record_get_max_size(c->tls)
					  ? c->out_n
					  : gnutls_record_get_max_size(c->tls));
		c->out_n -= (size_t)r;
		memmove(c->out, c->out + r, c->out_n);
		if (c->stuck)
			return true;
	}
	watch(l, c, EPOLL_CTL_MOD, false);
	return true;
}

bool conn_send(struct loop *l, struct conn *c, const char *text, size_t n)
{
	ssize_t r;

	if (c->state != CONN_UP)
		return false;
	if (!c->stuck) {
		r = gnutls_record_send(c->tls, text, n);
		if (r >= 0 && (size_t)r == n)
			return true;
		if (!blocked(r))
			return conn_break(l, c, "send");
		c->stuck = true;
		watch(l, c, EPOLL_CTL_MOD, true);
		return true;
	}
	if (c->out == NULL && (c->out = malloc(CONN_OUT_MAX)) == NULL)
		return conn_break(l, c, "memory");
	if (n > CONN_OUT_MAX - c->out_n)
		return conn_break(l, c, "send queue full");
	memcpy(c->out + c->out_n, text, n);
	c->out_n += n;
	return true;
}

static void handshake(struct loop *l, struct conn *c)
{
	int r = gnutls_handshake(c->tls);

	if (blocked(r)) {
		watch(l, c, EPOLL_CTL_MOD, gnutls_record_get_direction(c->tls) == 1);
		return;
	}
	if (r < 0 && !gnutls_error_is_fatal(r))
		return;
	if (r < 0) {
		const char *why = r == GNUTLS_E_FATAL_ALERT_RECEIVED
				      ? gnutls_alert_get_name(gnutls_alert_get(c->tls))
				      : gnutls_strerror(r);
		conn_break(l, c, why);
		return;
	}
	c->state = CONN_UP;
	watch(l, c, EPOLL_CTL_MOD, false);
	l->on.up(c);
}

/* Hand over each whole message; what is left moves to the front. */
static bool messages(struct loop *l, struct conn *c)
{
	size_t at = 0;
	struct text t;

	while (c->state == CONN_UP && at < c->in_n) {
		size_t used;
		enum text_result r = text_read(span_of(c->in + at, c->in_n - at), &t, &used);
		if (r == TEXT_BAD)
			return conn_break(l, c, "unreadable message");
		at += used;
		if (r == TEXT_SHORT)
			break;
		l->on.message(c, &t);
	}
	if (c->state != CONN_UP)
		return false;
	c->in_n -= at;
	memmove(c->in, c->in + at, c->in_n);
	return true;
}

static void receive(struct loop *l, struct conn *c)
{
	for (;;) {
		ssize_t r = gnutls_record_recv(c->tls, c->in + c->in_n, CONN_IN_MAX - c->in_n);
		if (blocked(r))
			return;
		if (r < 0 && !gnutls_error_is_fatal((int)r))
			continue;
		if (r <= 0) {
			const char *why = r == GNUTLS_E_FATAL_ALERT_RECEIVED
					      ? gnutls_alert_get_name(gnutls_alert_get(c->tls))
					      : "closed by the server";
			conn_break(l, c, why);
			return;
		}
		c->in_n += (size_t)r;
		if (!messages(l, c))
			return;
		if (c->in_n == CONN_IN_MAX) {
			conn_break(l, c, "message too long");
			return;
		}
	}
}

static void ready(struct loop *l, struct conn *c, uint32_t events)
{
	if (c->state == CONN_CONNECTING) {
		int error = 0;
		socklen_t n = sizeof(error);
		if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0 || error != 0) {
			conn_break(l, c, "connection refused");
			return;
		}
		c->state = CONN_HANDSHAKE;
	}
	if (c->state == CONN_HANDSHAKE) {
		handshake(l, c);
		return;
	}
	if (c->state == CONN_UP && events & EPOLLOUT && !flush(l, c))
		return;
	if (c->state == CONN_UP && events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		receive(l, c);
}

void loop_turn(struct loop *l, uint64_t wait_ns)
{
	struct epoll_event e[EVENTS_MAX];
	struct timespec wait = {(time_t)(wait_ns / 1000000000), (long)(wait_ns % 1000000000)};
	int n = epoll_pwait2(l->epoll, e, EVENTS_MAX, &wait, NULL);

	for (int i = 0; i < n; i++)
		ready(l, e[i].data.ptr, e[i].events);
}
