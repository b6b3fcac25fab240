/* SPDX-License-Identifier: ISC */
#include "accept.h"
#include "base/ban_table.h"
#include "base/log.h"
#include "conn.h"
#include "tls.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	KEY_LEN = 16,
	V6_PREFIX = 8,
	/* a phone that lost its power or its network is known to be gone after two minutes, or after 30 s when
	 * something was on the way to it */
	PROBE_AFTER_S = 60,
	PROBE_EVERY_S = 15,
	PROBES = 4,
	UNHEARD_MS = 30000,
};

struct source {
	uint8_t ip[KEY_LEN]; /* IPv6: the first 64 bits, which one host owns */
	uint32_t n, next_free;
};

static struct {
	int fd;
	bool used, watched;
	ev_io io;
} listener[SITE_LISTENERS_MAX];

static struct source *source;
static uint32_t source_free;
static struct map by_ip;
static struct ban_table bans;
static uint64_t not_ready_since;

/* Accepted sockets inherit them. */
static void set_options(int fd)
{
	static const struct {
		int level, name, value;
	} option[] = {
	    {IPPROTO_TCP, TCP_NODELAY, 1},
	    {SOL_SOCKET, SO_KEEPALIVE, 1},
	    {IPPROTO_TCP, TCP_KEEPIDLE, PROBE_AFTER_S},
	    {IPPROTO_TCP, TCP_KEEPINTVL, PROBE_EVERY_S},
	    {IPPROTO_TCP, TCP_KEEPCNT, PROBES},
	    {IPPROTO_TCP, TCP_USER_TIMEOUT, UNHEARD_MS},
	};

	for (size_t i = 0; i < sizeof option / sizeof *option; i++)
		setsockopt(fd, option[i].level, option[i].name, &option[i].value, sizeof option[i].value);
}

void accept_listener(uint8_t index, const struct addr *bound, int fd)
{
	(void)bound;
	if (index >= SITE_LISTENERS_MAX || listener[index].used) {
		close(fd);
		return;
	}
	set_options(fd);
	listener[index].fd = fd;
	listener[index].used = true;
}

static bool same_source(const void *owner, uint32_t slot, struct span key)
{
	(void)owner;
	return memcmp(source[slot].ip, key.p, KEY_LEN) == 0;
}

bool accept_open(void)
{
	source = calloc(HANDSHAKES_MAX, sizeof *source);
	for (uint32_t i = 0; source && i < HANDSHAKES_MAX; i++)
		source[i].next_free = i + 1;
	return source && map_init(&by_ip, HANDSHAKES_MAX, same_source, NULL) && ban_table_init(&bans);
}

uint32_t accept_source_take(const struct addr *remote)
{
	uint8_t ip[KEY_LEN] = {0};
	struct span key = {ip, KEY_LEN};
	uint32_t slot;

	memcpy(ip, remote->ip, remote->family == 6 ? V6_PREFIX : KEY_LEN);
	if (!map_get(&by_ip, key, &slot)) {
		slot = source_free;
		if (slot == HANDSHAKES_MAX || !map_put(&by_ip, key, slot))
			return NO_SLOT;
		source_free = source[slot].next_free;
		memcpy(source[slot].ip, ip, KEY_LEN);
		source[slot].n = 0;
	}
	if (source[slot].n == HANDSHAKES_PER_SOURCE)
		return NO_SLOT;
	source[slot].n++;
	return slot;
}

void accept_source_give(uint32_t slot)
{
	if (slot == NO_SLOT || --source[slot].n > 0)
		return;
	map_del(&by_ip, span_of(source[slot].ip, KEY_LEN), slot);
	source[slot].next_free = source_free;
	source_free = slot;
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
	conn_accept(fd, index, &remote);
}

static void on_acceptable(struct ev_loop *loop, ev_io *w, int events)
{
	uint8_t index = (uint8_t)(uintptr_t)w->data;

	(void)loop;
	(void)events;
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		struct sockaddr_storage from;
		socklen_t n = sizeof from;
		int fd = accept4(w->fd, (struct sockaddr *)&from, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return; /* nothing there, gone already, or no descriptor left: the next turn looks again */
		take_one(index, fd, &from);
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
