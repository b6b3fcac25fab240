/* SPDX-License-Identifier: ISC */
#include "verbs.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void say(const char *kind, const char *name, const char *text)
{
	json_t *line = json_pack("{s:s, s:s}", "kind", kind, name, safe(text));

	json_dumpf(line, stdout, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(line);
}

/* What it says of the file goes to `out`. */
static pid_t start(const char *program, const char *file, int out)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	if (dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0)
		_exit(EXIT_REFUSED);
	execl(program, "ringfence-conf", "--check", file, (char *)NULL);
	_exit(EXIT_REFUSED);
}

/* A line for each fault. */
static int check_json(const char *program, const char *file)
{
	char line[4096];
	int fd[2], status = -1;

	if (pipe2(fd, O_CLOEXEC) != 0)
		return EXIT_REFUSED;
	fflush(stdout);
	pid_t pid = start(program, file, fd[1]);
	close(fd[1]);
	FILE *f = pid > 0 ? fdopen(fd[0], "r") : NULL;
	while (f && fgets(line, sizeof line, f)) {
		line[strcspn(line, "\n")] = 0;
		if (strcmp(line, "ok") != 0)
			say("fault", "text", line);
	}
	if (f)
		fclose(f);
	else
		close(fd[0]);
	bool ok = pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
	say("done", "result", ok ? "ok" : "refused");
	return ok ? 0 : EXIT_REFUSED;
}

static int check(struct cmd *c)
{
	char program[4096], file[4096];

	if (c->args)
		snprintf(file, sizeof file, "%s", c->arg[0]);
	else
		snprintf(file, sizeof file, "%s/ringfence.conf", c->site);
	if (!program_find("conf", "ringfence-conf", program, sizeof program)) {
		complain("ringfence-conf is not installed", LIBEXEC, NULL);
		return EXIT_REFUSED;
	}
	if (c->json)
		return check_json(program, file);
	fflush(stdout);
	execl(program, "ringfence-conf", "--check", file, (char *)NULL);
	complain(safe(program), strerror(errno), NULL);
	return EXIT_REFUSED;
}

const struct verb verb_check_config = {
    .name = "check-config",
    .run = check,
    .usage = "[FILE]",
    .args_max = 1,
    .what = "Check a configuration without taking it",
    .help = "FILE is the site's ringfence.conf unless another is named. Each fault is said with its line.",
};
