/* SPDX-License-Identifier: ISC */
#include "handover.h"
#include "base/log.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAGIC UINT64_C(0x7265766f646e6148) /* "Handover" */

enum {
	VERSION = 2,
	LISTENERS = 24,
	LISTENERS_1 = 16,
	SEALS = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL
};

_Static_assert((int)SITE_LISTENERS_MAX + SITE_TRUNKS_MAX <= (int)LISTENERS,
    "each listener has its place, and the TCP beside a trunk's datagrams");

/* Builds that follow each other must both know it: a change is another version, and the one before is read as well. Version 1 had
 * fewer listeners, for no TCP stood beside datagrams, and else the same. */
struct handover {
	uint64_t magic;
	uint32_t version, upgrades;
	int32_t site_fd, media_fd, media_pid; /* media_pid 0 and media_fd -1: no media runs */
	uint32_t listeners;
	int32_t listener_fd[LISTENERS];
};

static struct handover given = {.site_fd = -1, .media_fd = -1};

int handover_write(void)
{
	const struct slot *media = slot_find(PROC_MEDIA, 0);
	struct handover h = {
	    .magic = MAGIC, .version = VERSION, .upgrades = self.upgrades + 1, .site_fd = self.site_fd, .media_fd = -1};

	if (media && media->pid && slot_alive(media)) {
		h.media_fd = media->link.fd;
		h.media_pid = media->pid;
	}
	for (int i = 0; i < self.site.listeners; i++) {
		if (self.listener_fd[i] >= 0)
			h.listener_fd[h.listeners++] = self.listener_fd[i];
		if (self.beside_fd[i] >= 0)
			h.listener_fd[h.listeners++] = self.beside_fd[i];
	}
	int fd = memfd_create("handover", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd >= 0 && write(fd, &h, sizeof h) == (ssize_t)sizeof h && fcntl(fd, F_ADD_SEALS, SEALS) == 0)
		return fd;
	log_error("no memory for what the next parent gets: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static void each_fd(const struct handover *h, void (*visit)(int fd))
{
	visit(h->site_fd);
	if (h->media_fd >= 0)
		visit(h->media_fd);
	for (uint32_t i = 0; i < h->listeners; i++)
		visit(h->listener_fd[i]);
}

static void keep_open(int fd)
{
	(void)fcntl(fd, F_SETFD, 0);
}

static void close_on_exec(int fd)
{
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}

void handover_keep_open(int fd)
{
	struct handover h;

	if (pread(fd, &h, sizeof h, 0) != (ssize_t)sizeof h)
		return;
	each_fd(&h, keep_open);
	keep_open(fd);
}

/* --- what the new parent looks at --- */

static bool socket_is(int fd, int domain, int other, int type)
{
	int is = 0, of = 0;
	socklen_t n = sizeof is, m = sizeof of;

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &is, &n) == 0 && (is == domain || is == other) &&
	       getsockopt(fd, SOL_SOCKET, SO_TYPE, &of, &m) == 0 && of == type;
}

static bool listens(int fd)
{
	int on = 0;
	socklen_t n = sizeof on;

	if (socket_is(fd, AF_INET, AF_INET6, SOCK_DGRAM))
		return true;
	return socket_is(fd, AF_INET, AF_INET6, SOCK_STREAM) &&
	       getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &n) == 0 && on;
}

static bool is_site(int fd)
{
	struct stat is, ours;

	return fstat(fd, &is) == 0 && stat(self.site_dir, &ours) == 0 && S_ISDIR(is.st_mode) &&
	       is.st_dev == ours.st_dev && is.st_ino == ours.st_ino && flock(fd, LOCK_EX | LOCK_NB) == 0;
}

/* A child of this very process, so that nobody else's is ever killed. The one who only rehearses has none. */
static bool media_is_right(const struct handover *h)
{
	siginfo_t how;

	if (h->media_fd < 0)
		return h->media_fd == -1 && h->media_pid == 0;
	if (h->media_pid <= 1 || !socket_is(h->media_fd, AF_UNIX, AF_UNIX, SOCK_SEQPACKET))
		return false;
	return self.rehearsal || waitid(P_PID, (id_t)h->media_pid, &how, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* Open, none of the standard ones, and none twice. */
static bool fds_are_distinct(const struct handover *h, int itself)
{
	int32_t all[LISTENERS + 3] = {itself, h->site_fd};
	uint32_t n = 2;

	if (h->media_fd != -1)
		all[n++] = h->media_fd;
	for (uint32_t i = 0; i < h->listeners; i++)
		all[n++] = h->listener_fd[i];
	for (uint32_t i = 0; i < n; i++) {
		if (all[i] <= STDERR_FILENO || fcntl(all[i], F_GETFD) < 0)
			return false;
		for (uint32_t k = 0; k < i; k++)
			if (all[k] == all[i])
				return false;
	}
	return true;
}

static uint32_t listeners_of(uint32_t version)
{
	return version == 1 ? LISTENERS_1 : LISTENERS;
}

static size_t size_of(uint32_t version)
{
	return offsetof(struct handover, listener_fd) + listeners_of(version) * sizeof(int32_t);
}

static const char *judge(const struct handover *h, int fd)
{
	if (h->upgrades == 0 || h->upgrades > UPGRADES_MAX || h->listeners > listeners_of(h->version))
		return "a number in it cannot be right";
	if (!fds_are_distinct(h, fd))
		return "a descriptor in it is not open, or stands twice";
	if (!is_site(h->site_fd))
		return "the descriptor of the site is not of the site, or not locked";
	for (uint32_t i = 0; i < h->listeners; i++)
		if (!listens(h->listener_fd[i]))
			return "a descriptor in it does not listen";
	return media_is_right(h) ? NULL : "the media in it is no child of this process";
}

/* As much of it as its version has. NULL, or why not. */
static const char *read_whole(int fd, struct handover *h)
{
	static const char odd[] = "it is no sealed file of the right size";
	struct stat s;

	if (fstat(fd, &s) != 0 || !S_ISREG(s.st_mode) || fcntl(fd, F_GET_SEALS) != SEALS ||
	    (s.st_size != (off_t)size_of(1) && s.st_size != (off_t)size_of(VERSION)) ||
	    pread(fd, h, sizeof *h, 0) != (ssize_t)s.st_size)
		return odd;
	if (h->magic != MAGIC || h->version == 0 || h->version > VERSION)
		return "it is of a build that this one does not follow";
	return s.st_size == (off_t)size_of(h->version) ? NULL : odd;
}

const char *handover_read(int fd)
{
	struct handover h = {0};
	const char *why = read_whole(fd, &h);

	if (!why)
		why = judge(&h, fd);
	if (why)
		return why;
	given = h;
	each_fd(&given, close_on_exec);
	close(fd);
	self.upgrades = given.upgrades;
	return NULL;
}

/* --- and what it takes of it --- */

int handover_site(void)
{
	int fd = given.site_fd;

	given.site_fd = -1;
	return fd;
}

int handover_listener(const struct addr *a, bool datagrams)
{
	for (uint32_t i = 0; i < given.listeners; i++) {
		struct sockaddr_storage at;
		socklen_t n = sizeof at;
		struct addr bound;
		int fd = given.listener_fd[i];
		if (getsockname(fd, (struct sockaddr *)&at, &n) != 0 ||
		    !addr_from_sockaddr((struct sockaddr *)&at, &bound) || !addr_eq(&bound, a) ||
		    socket_is(fd, AF_INET, AF_INET6, SOCK_DGRAM) != datagrams)
			continue;
		given.listener_fd[i] = given.listener_fd[--given.listeners];
		return fd;
	}
	return -1;
}

void handover_end(void)
{
	while (given.listeners)
		close(given.listener_fd[--given.listeners]);
}

void handover_end_media(void)
{
	if (given.media_pid)
		kill(given.media_pid, SIGKILL);
	if (given.media_fd >= 0)
		close(given.media_fd);
	given.media_fd = -1;
}

bool handover_waits(void)
{
	return !self.rehearsal && given.media_pid != 0;
}

void handover_reaped(pid_t pid)
{
	if (pid == given.media_pid)
		given.media_pid = 0;
}
