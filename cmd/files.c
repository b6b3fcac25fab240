/* SPDX-License-Identifier: ISC */
#include "base/sync.h"
#include "cmd.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

char *file_read(const char *path, size_t most, size_t *n)
{
	int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	char *out = malloc(most + 2);
	ssize_t got = 1;

	*n = 0;
	while (fd >= 0 && out && got > 0 && *n <= most) {
		got = read(fd, out + *n, most + 1 - *n);
		*n += got > 0 ? (size_t)got : 0;
	}
	if (fd < 0 || !out || got < 0 || *n > most) {
		complain(safe(path), fd >= 0 && *n > most ? "it is too long" : strerror(errno), NULL);
		free(out);
		out = NULL;
	} else {
		out[*n] = 0;
	}
	if (fd >= 0)
		close(fd);
	return out;
}

/* What is given away once is on disk before that is said; /dev/null is no file. */
static bool settle(int fd, const char *path)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (!S_ISREG(st.st_mode) || (fsync(fd) == 0 && sync_directory_of(path)));
}

bool file_write(const char *dir, const char *name, const char *text, size_t n, unsigned mode)
{
	char path[4096];
	int len = dir ? snprintf(path, sizeof path, "%s/%s", dir, name) : snprintf(path, sizeof path, "%s", name);
	int fd = -1;
	size_t done = 0;

	if (len > 0 && (size_t)len < sizeof path)
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
	/* one that was there before keeps no wider mode */
	bool ok = fd >= 0 && fchmod(fd, mode) == 0;
	while (ok && done < n) {
		ssize_t wrote = write(fd, text + done, n - done);
		ok = wrote > 0;
		done += ok ? (size_t)wrote : 0;
	}
	ok = ok && settle(fd, path);
	if (!ok)
		complain(safe(path), strerror(errno), NULL);
	if (fd >= 0)
		close(fd);
	return ok;
}

/* In a build tree each has a folder below proc. */
bool program_find(const char *folder, const char *name, char *path, size_t cap)
{
	ssize_t n = readlink("/proc/self/exe", path, cap - 1);
	char *slash = NULL;

	if (n > 0) {
		path[n] = 0;
		slash = strrchr(path, '/');
	}
	if (!slash)
		return false;
	snprintf(slash, cap - (size_t)(slash - path), "/../proc/%s/%s", folder, name);
	if (access(path, X_OK) == 0)
		return true;
	snprintf(path, cap, "%s/%s", LIBEXEC, name);
	return access(path, X_OK) == 0;
}

static pid_t start(const char *program, const char *what, const char *file, int out)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	if (dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0)
		_exit(EXIT_REFUSED);
	execl(program, program, what, file, (char *)NULL);
	_exit(EXIT_REFUSED);
}

bool program_lines(
    const char *program, const char *what, const char *file, void (*line)(char *text, void *arg), void *arg)
{
	char text[4096];
	int fd[2], status = -1;

	if (pipe2(fd, O_CLOEXEC) != 0)
		return false;
	fflush(stdout);
	pid_t pid = start(program, what, file, fd[1]);
	close(fd[1]);
	FILE *f = pid > 0 ? fdopen(fd[0], "r") : NULL;
	while (f && fgets(text, sizeof text, f)) {
		text[strcspn(text, "\n")] = 0;
		line(text, arg);
	}
	if (f)
		fclose(f);
	else
		close(fd[0]);
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
