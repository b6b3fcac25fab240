/* SPDX-License-Identifier: ISC */
#include "ipc/helper.h"
#include "base/exec.h"
#include "base/log.h"
#include "ipc/child.h"
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static int given = -1;

void helper_given(int fd)
{
	if (given >= 0)
		close(given);
	given = fd;
}

static _Noreturn void become(const char *program, const char *word, int fd)
{
	char uid[16], gid[16], name[64], last[256];
	char *argv[] = {name, uid, gid, word ? last : NULL, NULL};
	char *env[] = {NULL};

	snprintf(name, sizeof name, "%s", program);
	snprintf(last, sizeof last, "%s", word ? word : "");
	snprintf(uid, sizeof uid, "%u", child_uid());
	snprintf(gid, sizeof gid, "%u", child_gid());
	exec_open(given, fd, argv, env);
	_exit(127);
}

int child_helper(const char *program, const char *word)
{
	int fd[2];

	if (given < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) != 0)
		log_fatal("cannot start %s", program);
	pid_t pid = fork();
	if (pid == 0)
		become(program, word, fd[1]);
	if (pid < 0)
		log_fatal("cannot start %s", program);
	close(fd[1]);
	helper_given(-1);
	return fd[0];
}
