/* SPDX-License-Identifier: ISC */
/* The addresses of the site: listened on, or, in a rehearsal, tried. */
#include "base/log.h"
#include "handover.h"
#include "parent.h"
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BESIDE "listen for TCP too, as who takes SIP in datagrams must, on"

/* BESIDE_TRIES: who held it is gone, as the datagrams' port was free; but another program's it may be */
enum { BACKLOG = 1024, BIND_TRIES = 30, BESIDE_TRIES = 2, BIND_PAUSE_MS = 100 };

static int close_failed(int fd)
{
	int why = errno;

	close(fd);
	errno = why;
	return -1;
}

/* Of that kind, to be bound. */
static int open_socket(int family, bool datagrams)
{
	int one = 1, fd = socket(family, (datagrams ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if ((!datagrams && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0) ||
	    (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one) != 0))
		return close_failed(fd);
	return fd;
}

static int listen_on(const struct addr *a, bool datagrams, int tries)
{
	struct sockaddr_storage at;
	socklen_t n = addr_to_sockaddr(a, &at);
	int fd = open_socket(at.ss_family, datagrams);

	if (fd < 0)
		return -1;
	/* the edges of a parent that was just killed may hold the address for a moment */
	for (int i = 0; bind(fd, (struct sockaddr *)&at, n) != 0 || (!datagrams && listen(fd, BACKLOG) != 0); i++)
		if (errno != EADDRINUSE || i == tries || poll(NULL, 0, BIND_PAUSE_MS) != 0)
			return close_failed(fd);
	return fd;
}

/* Nobody hears it, and nothing is heard, in the moment in which it is bound. */
static bool can_bind(const struct addr *a, bool datagrams)
{
	struct sockaddr_storage at;
	socklen_t n = addr_to_sockaddr(a, &at);
	int fd = open_socket(at.ss_family, datagrams);
	bool can = fd >= 0 && bind(fd, (struct sockaddr *)&at, n) == 0;

	if (fd >= 0)
		(void)close_failed(fd);
	return can;
}

static const char *cannot(const char *what, const struct addr *a)
{
	static char line[REASON_MAX + 1];
	const char *why = strerror(errno);
	uint8_t text[ADDR_TEXT_MAX];
	struct buf at = buf_of(text, sizeof text);

	(a->port ? addr_put : addr_put_ip)(&at, a);
	snprintf(line, sizeof line, "cannot %s %s: %s", what, buf_cstr(&at), why);
	return line;
}

static bool could_listen(const struct addr *a, bool datagrams)
{
	int held = handover_listener(a, datagrams);

	if (held >= 0)
		close(held);
	return held >= 0 || can_bind(a, datagrams);
}

const char *place_could_listen(void)
{
	for (int i = 0; i < self.site.listeners; i++) {
		const struct listener *l = &self.site.listener[i];
		struct addr media = l->media;
		media.port = 0;
		if (l->bind.port && !could_listen(&l->bind, l->transport == TRUNK_UDP))
			return cannot("listen on", &l->bind);
		if (media.family && !can_bind(&media, true))
			return cannot("have media at", &media);
	}
	return NULL;
}

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void place_unlisten(void)
{
	for (int i = 0; i < self.site.listeners; i++) {
		shut(&self.listener_fd[i]);
		shut(&self.beside_fd[i]);
	}
}

static int take_or_listen(const struct addr *a, bool datagrams, int tries)
{
	int fd = handover_listener(a, datagrams);

	return fd >= 0 ? fd : listen_on(a, datagrams, tries);
}

/* NULL, or why not. */
static const char *listen_at(int i)
{
	const struct listener *l = &self.site.listener[i];

	if (l->bind.port == 0) /* a trunk that only goes out has no port of its own */
		return NULL;
	self.listener_fd[i] = take_or_listen(&l->bind, l->transport == TRUNK_UDP, BIND_TRIES);
	if (self.listener_fd[i] < 0)
		return cannot("listen on", &l->bind);
	if (!site_listens_beside(&self.site, i))
		return NULL;
	self.beside_fd[i] = take_or_listen(&l->bind, false, BESIDE_TRIES);
	if (self.beside_fd[i] < 0)
		log_warn("%s: that trunk's large INVITEs may not come", cannot(BESIDE, &l->bind));
	return NULL;
}

const char *place_listen(void)
{
	const char *why = NULL;

	for (int i = 0; i < SITE_LISTENERS_MAX; i++)
		self.listener_fd[i] = self.beside_fd[i] = -1;
	for (int i = 0; !why && i < self.site.listeners; i++)
		why = listen_at(i);
	if (why)
		place_unlisten();
	return why;
}
