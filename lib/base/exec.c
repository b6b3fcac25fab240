/* SPDX-License-Identifier: ISC */
#include "base/exec.h"
#include <fcntl.h>
#include <unistd.h>

void exec_open(int program, int fd, char *const argv[], char *const env[])
{
	enum { AT = EXEC_FD + 1 };
	int from = fcntl(program, F_DUPFD_CLOEXEC, AT + 1);

	if (from < 0 || (fd == EXEC_FD ? fcntl(fd, F_SETFD, 0) : dup2(fd, EXEC_FD)) < 0 ||
	    dup3(from, AT, O_CLOEXEC) < 0 || close_range(AT + 1, ~0u, 0) != 0)
		return;
	execveat(AT, "", argv, env, AT_EMPTY_PATH);
}
