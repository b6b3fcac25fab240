/* SPDX-License-Identifier: ISC */
#include "accept.h"
#include "base/ban_table.h"
#include "base/sock.h"
#include "conn.h"
#include "tls.h"
#include "trunk.h"
#include <sys/socket.h>
#include <unistd.h>

static struct {
	int fd;
	bool used, watched;
	ev_io io;
} listener[SITE_LISTENERS_MAX];

static struct ban_table bans;
static int spare = -1; /* of sock_turn_away() */
static uint64_t not_ready_since;

void accept_listener(uint8_t index, const struct addr *bound, int fd)
{
	(void)bound;
	int kind = SOCK_STREAM;
	socklen_t n = sizeof kind;
	/* the site is not known yet; one that takes datagrams has TCP too */
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &kind, &n) == 0 && kind == SOCK_DGRAM) {
		trunk_listen(index, fd);
		return;
	}
	if (index >= SITE_LISTENERS_MAX || listener[index].used) {
		close(fd);
		return;
	}
	sock_set_options(fd);
	listener[index].fd = fd;
	if (spare < 0)
		spare = sock_spare();
	listener[index].used = true;
}

bool accept_open(void)
{
	return ban_table_init(&bans);
}

void accept_on_ban(struct link *from, const struct ipc_view *v)
{
	const struct msg_ban *m = v->payload;

	(void)from;
	/* connections that stand have proved a certificate; it is revoked, not banned (R13) */
	ban_table_set(&bans, &m->address, m->until_ms, child_now());
}

static bool ready(void)
{
	return tls_ready() && device_all_known() && child_link(PROC_CORE, 0);
}

static void take_one(uint8_t index, int fd, const struct sockaddr_storage *from)
{
	struct addr remote;

	count.accepted++;
	if (!ready() || !addr_from_sockaddr((const struct sockaddr *)from, &remote) ||
	    ban_table_has(&bans, &remote, child_now())) {
		count.turned_away++;
		close(fd);
		return;
	}
	if (child_site()->listener[index].kind == LISTEN_TRUNK)
		trunk_accept(fd, index, &remote);
	else
		conn_accept(fd, index, &remote);
}

static void on_acceptable(struct ev_loop *loop, ev_io *w, int events)
{
	uint8_t index = (uint8_t)(uintptr_t)w->data;

	(void)loop;
	child_io_again(w, events);
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		struct sockaddr_storage from;
		socklen_t n = sizeof from;
		int fd = accept4(w->fd, (struct sockaddr *)&from, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0)
			take_one(index, fd, &from);
		else if (sock_turn_away(w->fd, &spare))
			count.turned_away++;
		else
			return; /* nothing there, or gone already: the next turn looks again */
	}
}

static void watch(bool on)
{
	for (uintptr_t i = 0; i < SITE_LISTENERS_MAX; i++) {
		if (!listener[i].used || listener[i].watched == on)
			continue;
		listener[i].watched = on;
		if (on) {
			ev_io_init(&listener[i].io, on_acceptable, listener[i].fd, EV_READ);
			listener[i].io.data = (void *)i;
			ev_io_start(child_loop(), &listener[i].io);
		} else {
			ev_io_stop(child_loop(), &listener[i].io);
		}
	}
}

static void give_up(struct timer *t, uint64_t now_ms)
{
	(void)t;
	(void)now_ms;
	watch(true); /* to turn them away */
}

static struct timer patience = {.fire = give_up};

void accept_review(void)
{
	if (ready()) {
		not_ready_since = 0;
		timer_cancel(&child_wheel, &patience);
		watch(true);
	} else if (not_ready_since == 0) {
		not_ready_since = child_now();
		watch(false);
		timer_set(&child_wheel, &patience, child_now() + NOBODY_MS);
	}
}
