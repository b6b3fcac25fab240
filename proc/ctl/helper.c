/* SPDX-License-Identifier: ISC */
#include "ctl/helper.h"
#include "base/clock.h"
#include "base/log.h"
#include "ipc/child.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int helper_fd = -1;

/* Beside our own executable, whose place is all that we know of the file system. */
static bool find(char *path, size_t cap)
{
	ssize_t n = readlink("/proc/self/exe", path, cap - 1);
	char *slash;

	if (n <= 0)
		return false;
	path[n] = 0;
	slash = strrchr(path, '/');
	return slash && (size_t)snprintf(slash + 1, cap - (size_t)(slash + 1 - path), "ringfence-request") <
	                    cap - (size_t)(slash + 1 - path);
}

static _Noreturn void become(const char *path, int fd)
{
	char uid[16], gid[16];
	char *argv[] = {(char[]){"ringfence-request"}, uid, gid, NULL};
	char *env[] = {NULL};

	snprintf(uid, sizeof uid, "%u", child_uid());
	snprintf(gid, sizeof gid, "%u", child_gid());
	if (dup2(fd, 3) != 3 || close_range(4, ~0u, 0) != 0)
		_exit(127);
	execve(path, argv, env);
	_exit(127);
}

void helper_start(void)
{
	char path[4096];
	int fd[2];

	if (!find(path, sizeof path) || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) != 0)
		log_fatal("cannot start the reader of requests");
	pid_t pid = fork();
	if (pid == 0)
		become(path, fd[1]);
	if (pid < 0)
		log_fatal("cannot start the reader of requests");
	close(fd[1]);
	helper_fd = fd[0];
}

static _Noreturn void lost(void)
{
	log_error("the reader of requests is gone");
	exit(1); /* parent starts ctl anew, and ctl its reader */
}

static bool answers_in_time(void)
{
	struct pollfd p = {.fd = helper_fd, .events = POLLIN};
	uint64_t now = clock_boot_ms(), end = now + HELPER_MS;
	int r;

	do
		r = poll(&p, 1, (int)(end - now));
	while (r < 0 && errno == EINTR && (now = clock_boot_ms()) < end);
	return r == 1;
}

const char *helper_parse(struct span request, uint8_t point[HELPER_POINT])
{
	static struct helper_answer a;

	if (write(helper_fd, request.p, request.n) != (ssize_t)request.n || !answers_in_time() ||
	    read(helper_fd, &a, sizeof a) != (ssize_t)sizeof a)
		lost();
	/* it read what came from outside, so it is not believed either */
	a.why[sizeof a.why - 1] = 0;
	for (char *c = a.why; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
	if (a.ok != 1)
		return a.why[0] ? a.why : "the request cannot be read";
	memcpy(point, a.point, HELPER_POINT);
	return NULL;
}
