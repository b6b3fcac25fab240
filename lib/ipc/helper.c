/* SPDX-License-Identifier: ISC */
#include "base/log.h"
#include "ipc/child.h"
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* Beside our own executable, whose place is all that we know of the file system. */
static bool find(const char *program, char *path, size_t cap)
{
	ssize_t n = readlink("/proc/self/exe", path, cap - 1);
	char *slash;

	if (n <= 0)
		return false;
	path[n] = 0;
	slash = strrchr(path, '/');
	return slash && (size_t)snprintf(slash + 1, cap - (size_t)(slash + 1 - path), "%s", program) <
	                    cap - (size_t)(slash + 1 - path);
}

static _Noreturn void become(const char *path, const char *program, const char *word, int fd)
{
	char uid[16], gid[16], name[64], last[256];
	char *argv[] = {name, uid, gid, word ? last : NULL, NULL};
	char *env[] = {NULL};

	snprintf(name, sizeof name, "%s", program);
	snprintf(last, sizeof last, "%s", word ? word : "");
	snprintf(uid, sizeof uid, "%u", child_uid());
	snprintf(gid, sizeof gid, "%u", child_gid());
	if (dup2(fd, 3) != 3 || close_range(4, ~0u, 0) != 0)
		_exit(127);
	execve(path, argv, env);
	_exit(127);
}

int child_helper(const char *program, const char *word)
{
	char path[4096];
	int fd[2];

	if (!find(program, path, sizeof path) || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) != 0)
		log_fatal("cannot start %s", program);
	pid_t pid = fork();
	if (pid == 0)
		become(path, program, word, fd[1]);
	if (pid < 0)
		log_fatal("cannot start %s", program);
	close(fd[1]);
	return fd[0];
}
