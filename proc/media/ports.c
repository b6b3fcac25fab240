/* SPDX-License-Identifier: ISC */
#include "ports.h"
#include "base/log.h"
#include "ipc/relay.h"
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DRAIN_MAX = 4096 /* more than a socket's buffer holds */ };

static struct {
	struct addr address[SITE_LISTENERS_MAX];
	int addresses;
	uint16_t lo;
	uint32_t n;
	int *fd[SITE_LISTENERS_MAX]; /* by address and port */
	uint32_t missing;
} ports;

/* A port that no call uses takes nothing in: what strangers send there must not fill the kernel's memory (R27). It is
 * connected to itself, which costs a twentieth of a filter. An IPv6 socket keeps the address that it was connected to when it is
 * dissolved, and so has the filter. */
static void shut_with_filter(int fd)
{
	static struct sock_filter nothing = {.code = BPF_RET | BPF_K, .k = 0};
	struct sock_fprog program = {.len = 1, .filter = &nothing};

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0)
		log_fatal("a media port can't be shut: %s", strerror(errno));
}

static void shut(int fd, const struct addr *local)
{
	struct sockaddr_storage sa;
	socklen_t n = addr_to_sockaddr(local, &sa);

	if (local->family == 6)
		shut_with_filter(fd);
	else if (connect(fd, (struct sockaddr *)&sa, n) != 0)
		log_fatal("a media port can't be shut: %s", strerror(errno));
}

void ports_let_in(int fd, const struct addr *local)
{
	static const struct sockaddr to_all = {.sa_family = AF_UNSPEC};
	int none = 0;

	if (local->family == 6
		? setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof none) != 0 && errno != ENOENT
		: connect(fd, &to_all, sizeof to_all) != 0)
		log_fatal("a media port can't be opened: %s", strerror(errno));
}

/* What came while the port belonged to nobody is for nobody. */
static void drain(int fd)
{
	uint8_t octet;

	for (int i = 0; i < DRAIN_MAX; i++)
		if (recvfrom(fd, &octet, 1, MSG_DONTWAIT, NULL, NULL) < 0 && errno == EAGAIN)
			return;
}

static int bind_port(const struct addr *address, uint16_t port)
{
	struct sockaddr_storage sa;
	struct addr a = *address;
	int one = 1;

	a.port = port;
	socklen_t n = addr_to_sockaddr(&a, &sa);
	int fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (a.family == 6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
	if (bind(fd, (struct sockaddr *)&sa, n) != 0) {
		close(fd);
		return -1;
	}
	shut(fd, &a);
	drain(fd);
	return fd;
}

static void bind_range(int at)
{
	ports.fd[at] = calloc(ports.n, sizeof(int));
	if (!ports.fd[at])
		log_fatal("no memory for sockets");
	for (uint32_t i = 0; i < ports.n; i++) {
		ports.fd[at][i] = bind_port(&ports.address[at], (uint16_t)(ports.lo + i));
		ports.missing += ports.fd[at][i] < 0;
	}
}

static int address_index(const struct addr *a)
{
	for (int i = 0; i < ports.addresses; i++)
		if (addr_same_ip(&ports.address[i], a))
			return i;
	return -1;
}

uint32_t ports_addresses(const struct site *s)
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

int ports_socket(const struct addr *local, uint16_t port)
{
	int at = address_index(local);

	if (at < 0 || port < ports.lo || (uint32_t)(port - ports.lo) >= ports.n)
		return -1;
	return ports.fd[at][port - ports.lo];
}

static void raise_file_limit(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
	}
}

void ports_shut(int fd, const struct addr *local)
{
	shut(fd, local);
	drain(fd);
}

uint32_t ports_open(const struct site *s)
{
	raise_file_limit();
	ports.lo = s->media_port_lo;
	ports.n = (uint32_t)(s->media_port_hi - s->media_port_lo + 1) / RELAY_PORTS * RELAY_PORTS;
	for (int i = 0; i < s->listeners; i++) {
		if (address_index(&s->listener[i].media) >= 0)
			continue;
		ports.address[ports.addresses] = s->listener[i].media;
		bind_range(ports.addresses++);
	}
	if (ports.missing)
		log_warn("%u media ports could not be bound", ports.missing);
	return ports.n;
}

uint32_t ports_missing(void)
{
	return ports.missing;
}
