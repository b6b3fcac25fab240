/* SPDX-License-Identifier: ISC */
/* ledger's own program takes ledger's rows: it is given its key and what is sealed under it, and says why not, if so. */
#include "backup.h"
#include "base/secret.h"
#include "ledger/load.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Beside this program, or where the build tree has it. */
static bool find(char path[PATH_MAX])
{
	static const char *const at[] = {"ringfence-ledger", "../ledger/ringfence-ledger"};
	char me[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", me, sizeof me - 1);

	if (n <= 0)
		return false;
	me[n] = 0;
	char *slash = strrchr(me, '/');
	for (size_t i = 0; slash && i < sizeof at / sizeof *at; i++) {
		slash[1] = 0;
		if (snprintf(path, PATH_MAX, "%s%s", me, at[i]) < PATH_MAX && access(path, X_OK) == 0)
			return true;
	}
	return false;
}

static _Noreturn void become(const char *path, int in, int out)
{
	char *argv[] = {(char[]){"ringfence-ledger"}, (char[]){"--load"}, NULL};
	char *env[] = {NULL};

	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 || close_range(3, ~0u, 0) != 0)
		_exit(127);
	execve(path, argv, env);
	_exit(127);
}

const char *loader_start(struct loader *l, const uint8_t key[BACKUP_KEY], const char *target, uint64_t mark)
{
	struct load_head h = {.target_n = (uint16_t)strlen(target), .mark = mark};
	char path[PATH_MAX];
	int in[2], out[2];

	*l = (struct loader){.in = -1, .out = -1};
	signal(SIGPIPE, SIG_IGN);
	if (!find(path))
		return "ringfence-ledger is not installed";
	if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
		return "there are no descriptors left";
	l->pid = fork();
	if (l->pid == 0)
		become(path, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	l->in = in[1];
	l->out = out[0];
	memcpy(h.key, key, sizeof h.key);
	bool put = l->pid > 0 && loader_put(l, &h, sizeof h) && loader_put(l, target, h.target_n);
	secret_wipe(&h, sizeof h);
	return put ? NULL : "ringfence-ledger cannot be started";
}

bool loader_put(struct loader *l, const void *p, size_t n)
{
	for (const uint8_t *at = p; n;) {
		ssize_t done = write(l->in, at, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		at += done;
		n -= (size_t)done;
	}
	return true;
}

const char *loader_hear(struct loader *l)
{
	static char why[256];
	size_t n = 0;
	ssize_t got = 1;

	while (l->out >= 0 && got > 0 && n < sizeof why - 1) {
		got = read(l->out, why + n, sizeof why - 1 - n);
		if (n == 0 && got == 1 && why[0] == LOAD_YES)
			return NULL;
		n += got > 0 ? (size_t)got : 0;
	}
	why[n] = 0;
	return why[0] ? why : "ringfence-ledger ended without a word";
}

const char *loader_commit(struct loader *l)
{
	static const char octet = LOAD_COMMIT;

	(void)loader_put(l, &octet, 1); /* it says why not */
	return loader_hear(l);
}

bool loader_end(struct loader *l, bool keep)
{
	static const char octet = LOAD_KEEP;
	int status = 0;

	if (l->in >= 0) {
		if (keep)
			(void)loader_put(l, &octet, 1);
		close(l->in);
	}
	if (l->out >= 0)
		close(l->out);
	if (l->pid > 0)
		while (waitpid(l->pid, &status, 0) < 0 && errno == EINTR) {
		}
	*l = (struct loader){.in = -1, .out = -1};
	return WIFEXITED(status) && WEXITSTATUS(status) != LOAD_LEFT;
}
