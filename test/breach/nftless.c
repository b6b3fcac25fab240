/* SPDX-License-Identifier: ISC */
/* Preloaded into net: the kernel has no nf_tables, as the file that NFTLESS names says. Where only netfilter's netlink is there, what
 * is said to nf_tables is said to a subsystem that takes no batches and knows none of its messages, so that the kernel itself gives the
 * answer. */
#include "nftless.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SAID_MAX = 1 << 18, FEW_WORDS = 200 /* a table is removed with so many octets, and not made */, OTHER_SUBSYSTEM = NFNL_SUBSYS_OSF };

static struct nftless *host;
static int asking = -1; /* net asks by one socket at a time */

static void *next(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("NFTLESS");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *at = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *host, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (fd >= 0)
		close(fd);
	host = at == MAP_FAILED ? NULL : at;
	(void)next("socket");
	(void)next("sendto");
}

int socket(int family, int type, int protocol)
{
	static int (*real)(int, int, int);

	if (!real)
		real = (int (*)(int, int, int))next("socket");
	bool asks = host && family == AF_NETLINK && protocol == NETLINK_NETFILTER;
	if (asks)
		host->asked++;
	if (asks && host->lacks == LACKS_NETFILTER) {
		errno = EPROTONOSUPPORT;
		return -1;
	}
	if (asks && host->lacks == LACKS_DESCRIPTORS) {
		errno = ENFILE;
		return -1;
	}
	int fd = real(family, type, protocol);
	if (asks || fd == asking)
		asking = asks ? fd : -1;
	return fd;
}

static void say_to_another(uint8_t *octets, size_t n)
{
	struct nlmsghdr h;
	struct nfgenmsg g;

	for (size_t at = 0; n - at >= sizeof h + sizeof g; at += NLMSG_ALIGN(h.nlmsg_len)) {
		memcpy(&h, octets + at, sizeof h);
		memcpy(&g, octets + at + sizeof h, sizeof g);
		if (h.nlmsg_len < sizeof h + sizeof g || h.nlmsg_len > n - at)
			abort();
		if (h.nlmsg_type == NFNL_MSG_BATCH_BEGIN || h.nlmsg_type == NFNL_MSG_BATCH_END)
			g.res_id = htons(OTHER_SUBSYSTEM);
		else
			h.nlmsg_type = (uint16_t)(OTHER_SUBSYSTEM << 8 | (h.nlmsg_type & 0xff));
		memcpy(octets + at, &h, sizeof h);
		memcpy(octets + at + sizeof h, &g, sizeof g);
	}
}

ssize_t sendto(int fd, const void *p, size_t n, int flags, const struct sockaddr *to, socklen_t to_n)
{
	static ssize_t (*real)(int, const void *, size_t, int, const struct sockaddr *, socklen_t);
	static uint8_t said[SAID_MAX];

	if (!real)
		real = (ssize_t(*)(int, const void *, size_t, int, const struct sockaddr *, socklen_t))next("sendto");
	if (host && fd == asking && host->lacks == LACKS_MEMORY && n > FEW_WORDS) {
		errno = ENOMEM;
		return -1;
	}
	/* of a socket that is kept: it takes no descriptor but room, and speaks to nobody where netfilter has gone */
	if (host && fd == asking && (host->lacks == LACKS_DESCRIPTORS || host->lacks == LACKS_NETFILTER)) {
		errno = host->lacks == LACKS_DESCRIPTORS ? ENOBUFS : ECONNREFUSED;
		return -1;
	}
	if (!host || fd != asking || host->lacks != LACKS_NF_TABLES || n > sizeof said)
		return real(fd, p, n, flags, to, to_n);
	memcpy(said, p, n);
	say_to_another(said, n);
	return real(fd, said, n, flags, to, to_n);
}
