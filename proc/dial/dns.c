/* SPDX-License-Identifier: ISC */
#include "dns.h"
#include "base/log.h"
#include <ares.h>

enum { CLASS_IN = 1, TRY_MS = 1500, TRIES = 2, SOCKETS = 8, LATEST_MS = 1000 };

static struct channel {
	ares_channel ares;
	struct socket {
		ev_io io;
		int fd;
		bool used;
	} socket[SOCKETS];
	struct timer timer;
	dns_answer *answer;
	void *arg;
} channel[SITE_TRUNKS_MAX];

static void set_timer(struct channel *c)
{
	struct timeval most = {LATEST_MS / 1000, LATEST_MS % 1000 * 1000L}, due;
	const struct timeval *at = ares_timeout(c->ares, &most, &due);

	if (!c->answer) {
		timer_cancel(&child_wheel, &c->timer);
		return;
	}
	timer_set(
	    &child_wheel, &c->timer, child_now() + (uint64_t)at->tv_sec * 1000 + (uint64_t)(at->tv_usec + 999) / 1000);
}

static void on_time(struct timer *t, uint64_t now_ms)
{
	struct channel *c = (struct channel *)(void *)((char *)t - offsetof(struct channel, timer));

	(void)now_ms;
	ares_process_fd(c->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	set_timer(c);
}

static void on_socket(struct ev_loop *loop, ev_io *w, int events)
{
	struct channel *c = w->data;
	int fd = w->fd;

	(void)loop;
	child_io_again(w, events);
	ares_process_fd(c->ares, events & EV_READ ? fd : ARES_SOCKET_BAD, events & EV_WRITE ? fd : ARES_SOCKET_BAD);
	set_timer(c);
}

static struct socket *socket_of(struct channel *c, int fd)
{
	struct socket *spare = NULL;

	for (int i = 0; i < SOCKETS; i++) {
		if (c->socket[i].used && c->socket[i].fd == fd)
			return &c->socket[i];
		if (!c->socket[i].used)
			spare = &c->socket[i];
	}
	return spare;
}

/* c-ares says what it waits for. With more servers than sockets here, the surplus ones only time out. */
static void on_state(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct channel *c = arg;
	struct socket *s = socket_of(c, fd);

	if (!s)
		return;
	if (s->used)
		ev_io_stop(child_loop(), &s->io);
	s->used = readable || writable;
	s->fd = fd;
	if (!s->used)
		return;
	ev_io_init(&s->io, on_socket, fd, (readable ? EV_READ : 0) | (writable ? EV_WRITE : 0));
	s->io.data = c;
	ev_io_start(child_loop(), &s->io);
}

void dns_open(void)
{
	for (int i = 0; i < SITE_TRUNKS_MAX; i++) {
		struct channel *c = &channel[i];
		struct ares_options o = {
		    .timeout = TRY_MS, .tries = TRIES, .sock_state_cb = on_state, .sock_state_cb_data = c};
		int e = ares_init_options(&c->ares, &o, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
		if (e != ARES_SUCCESS)
			log_fatal("name servers: %s", ares_strerror(e));
		c->timer.fire = on_time;
	}
}

static void on_answer(void *arg, int status, int timeouts, unsigned char *answer, int n)
{
	struct channel *c = arg;
	dns_answer *tell = c->answer;

	(void)timeouts;
	c->answer = NULL;
	if (tell)
		tell(c->arg, answer, status == ARES_SUCCESS ? n : 0);
}

void dns_ask(uint8_t trunk, const char *name, enum dns_type type, dns_answer *answer, void *arg)
{
	struct channel *c = &channel[trunk];

	c->answer = answer;
	c->arg = arg;
	ares_query(c->ares, name, CLASS_IN, (int)type, on_answer, c);
	set_timer(c);
}

void dns_cancel(uint8_t trunk)
{
	ares_cancel(channel[trunk].ares);
	timer_cancel(&child_wheel, &channel[trunk].timer);
}
