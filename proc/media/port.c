/* SPDX-License-Identifier: ISC */
#include "port.h"
#include "base/log.h"
#include "early.h"
#include "gather.h"
#include "near.h"
#include "socket.h"
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static struct {
	struct addr address[SITE_LISTENERS_MAX];
	uint8_t addresses;
	uint16_t lo;
	uint32_t each;                         /* ports of an address */
	struct port *port[SITE_LISTENERS_MAX]; /* by address and port */
	uint32_t missing, used;
	uint64_t strays, deaf, dead; /* ports that could not be shut, and that could not be opened */
	port_handler *on_packets;
} all;

/* --- shut --- */

/* What a stranger sends to a port that no call uses must not fill the kernel's memory, nor wake us again (R27). The socket is
 * connected to itself, which costs a twentieth of a filter. An IPv6 socket keeps the address that it was connected to when it is
 * dissolved, and so has the filter. */
static bool shut_with_filter(int fd)
{
	static struct sock_filter nothing = {.code = BPF_RET | BPF_K, .k = 0};
	struct sock_fprog program = {.len = 1, .filter = &nothing};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

struct addr port_local(const struct port *p)
{
	struct addr a = all.address[p->address];

	a.port = p->number;
	return a;
}

/* It is listened to no more until a call uses it: an ICMP error, which anybody can send, would wake us. The buffer of one that can't be
 * shut fills, and that is all that a stranger gets; the first time is said, and each is counted, for he may cause as many as he likes. */
static void shut(struct port *p)
{
	struct addr local = port_local(p);

	p->shut = local.family == 6 ? shut_with_filter(p->io.fd) : socket_connect(p->io.fd, &local);
	if (!p->shut && all.deaf++ == 0)
		log_warn("a media port can't be shut: %s", strerror(errno));
	ev_io_stop(child_loop(), &p->io);
	socket_drain(p->io.fd);
}

static bool unshut(struct port *p)
{
	static const struct sockaddr to_all = {.sa_family = AF_UNSPEC};
	int none = 0;

	p->shut = all.address[p->address].family == 6
	              ? setsockopt(p->io.fd, SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof none) != 0 && errno != ENOENT
	              : connect(p->io.fd, &to_all, sizeof to_all) != 0;
	if (p->shut && all.dead++ == 0)
		log_warn("a media port can't be opened: %s", strerror(errno));
	return !p->shut;
}

static bool closed_just_now(const struct port *p)
{
	return p->closed_ms && child_now() < p->closed_ms + PORT_LATE_MS;
}

static void keep_early(struct port *p)
{
	uint8_t packet[EARLY_OCTETS];
	struct sockaddr_storage sa;
	socklen_t sa_n = sizeof sa;
	struct addr from;
	ssize_t n = recvfrom(p->io.fd, packet, sizeof packet, MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *)&sa, &sa_n);

	if (n > 0 && (size_t)n <= sizeof packet && addr_from_sockaddr((struct sockaddr *)&sa, &from))
		early_put(p, &from, span_of(packet, (size_t)n));
}

/* Most ports never hear a stranger, and so are never shut: that would cost each call two system calls a port. */
static void on_stray(struct port *p)
{
	uint8_t octet;

	all.strays++;
	gather_left();
	if (closed_just_now(p))
		(void)recvfrom(p->io.fd, &octet, 1, MSG_DONTWAIT, NULL, NULL);
	else if (p->awaited)
		keep_early(p);
	else
		shut(p);
}

static void on_readable(struct ev_loop *loop, ev_io *io, int events)
{
	struct port *p = (struct port *)(void *)((char *)io - offsetof(struct port, io));

	(void)loop;
	child_io_again(io, events);
	if (p->used)
		all.on_packets(p, io);
	else
		on_stray(p);
}

static void on_near(struct ev_loop *loop, ev_io *io, int events)
{
	struct port *p = (struct port *)(void *)((char *)io - offsetof(struct port, near));

	(void)loop;
	child_io_again(io, events);
	if (p->older)
		all.on_packets(p, &p->io);
	p->older = false;
	all.on_packets(p, io);
}

/* --- start --- */

/* Each stays with the loop from now on. */
static void bind_range(uint8_t address)
{
	struct port *p = calloc(all.each, sizeof *p);

	if (!p)
		log_fatal("no memory for sockets");
	all.port[address] = p;
	for (uint32_t i = 0; i < all.each; i++, p++) {
		p->address = address;
		p->number = (uint16_t)(all.lo + i);
		p->row = i / RELAY_PORTS;
		p->side = i % RELAY_PORTS / COMPONENTS;
		p->component = i % COMPONENTS;
		struct addr local = port_local(p);
		ev_io_init(&p->io, on_readable, socket_bind(&local, false), EV_READ);
		ev_io_init(&p->near, on_near, -1, EV_READ);
		if (p->io.fd >= 0)
			ev_io_start(child_loop(), &p->io);
		else
			all.missing++;
	}
}

/* With what the ports themselves and the rest of media leave of the descriptors. */
static void bind_near(uint32_t descriptors)
{
	int64_t left = (int64_t)descriptors - (int64_t)all.each * all.addresses - PORT_LEAVES;

	for (uint8_t at = 0; at < all.addresses; at++)
		for (struct port *p = all.port[at]; p < all.port[at] + all.each; p += COMPONENTS)
			if (p->io.fd >= 0 && left-- > 0)
				near_open(p);
}

static int address_index(const struct addr *a)
{
	for (int i = 0; i < all.addresses; i++)
		if (addr_same_ip(&all.address[i], a))
			return i;
	return -1;
}

uint32_t port_addresses(const struct site *s)
{
	uint32_t n = 0;

	for (int i = 0; i < s->listeners; i++) {
		int same = 0;
		while (same < i && !addr_same_ip(&s->listener[same].media, &s->listener[i].media))
			same++;
		n += same == i;
	}
	return n;
}

/* How many descriptors there may be. */
static uint32_t raise_file_limit(void)
{
	struct rlimit r = {0};

	if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
	}
	return r.rlim_cur > UINT32_MAX ? UINT32_MAX : (uint32_t)r.rlim_cur;
}

void port_open_all(const struct site *s, port_handler *on_packets)
{
	uint32_t descriptors = raise_file_limit();

	early_open();
	all.on_packets = on_packets;
	all.lo = s->media_port_lo;
	all.each = (uint32_t)(s->media_port_hi - s->media_port_lo + 1) / RELAY_PORTS * RELAY_PORTS;
	for (int i = 0; i < s->listeners; i++) {
		if (address_index(&s->listener[i].media) >= 0)
			continue;
		all.address[all.addresses] = s->listener[i].media;
		bind_range(all.addresses++);
	}
	bind_near(descriptors);
	if (all.missing)
		log_warn("%u media ports could not be bound", all.missing);
}

/* --- use --- */

struct port *port_get(const struct addr *local)
{
	int at = address_index(local);

	if (at < 0 || local->port < all.lo || (uint32_t)(local->port - all.lo) >= all.each)
		return NULL;
	struct port *p = &all.port[at][local->port - all.lo];
	return p->io.fd >= 0 ? p : NULL;
}

static bool make_ready(struct port *p)
{
	if (p->shut && !unshut(p))
		return false;
	bool deaf = !ev_is_active(&p->io);
	if (deaf || closed_just_now(p))
		socket_drain(p->io.fd);
	if (deaf)
		ev_io_start(child_loop(), &p->io);
	return true;
}

bool port_use(struct port *p)
{
	if (p->used)
		return true;
	if (!make_ready(p))
		return false;
	p->used = true;
	p->fresh = p->awaited;
	p->awaited = false;
	p->said = 0;
	p->media = p->keying = (struct bucket){0};
	p->pair = (struct source_pair){0};
	all.used++;
	return true;
}

static void leave(struct port *p)
{
	early_forget(p);
	p->awaited = p->fresh = false;
	if (!p->used)
		return;
	p->used = false;
	near_leave(p);
	p->closed_ms = child_now();
	all.used--;
}

void port_leave_others(uint32_t row, unsigned nth, const struct port *but)
{
	for (uint8_t i = 0; i < all.addresses; i++) {
		struct port *p = &all.port[i][row * RELAY_PORTS + nth];
		if (p != but)
			leave(p);
	}
}

void port_await(uint32_t row, unsigned nth)
{
	for (uint8_t i = 0; i < all.addresses; i++) {
		struct port *p = &all.port[i][row * RELAY_PORTS + nth];
		if (p->awaited || p->io.fd < 0)
			continue;
		leave(p);
		p->awaited = make_ready(p);
	}
}

void port_send(const struct port *p, const struct addr *to, struct span packet)
{
	struct sockaddr_storage sa;
	socklen_t n = addr_to_sockaddr(to, &sa);

	(void)!sendto(p->io.fd, packet.p, packet.n, MSG_DONTWAIT, (struct sockaddr *)&sa, n);
}

void port_status(struct proc_status *s)
{
	status_add(s, "ports-in-use", STATUS_POOL, all.used, (uint64_t)all.each * all.addresses, all.used, 0);
	status_counter(s, "ports-missing", all.missing);
	status_counter(s, "strays", all.strays);
	status_counter(s, "ports-not-shut", all.deaf);
	status_counter(s, "ports-not-opened", all.dead);
	near_status(s);
	early_status(s);
}
