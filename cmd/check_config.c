/* SPDX-License-Identifier: ISC */
#include "verbs.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Beside this command in a build tree, or where it was installed. */
static bool find(char *path, size_t cap)
{
	ssize_t n = readlink("/proc/self/exe", path, cap - 1);
	char *slash = NULL;

	if (n > 0) {
		path[n] = 0;
		slash = strrchr(path, '/');
	}
	if (!slash)
		return false;
	snprintf(slash, cap - (size_t)(slash - path), "/../proc/conf/ringfence-conf");
	if (access(path, X_OK) == 0)
		return true;
	snprintf(path, cap, "%s/ringfence-conf", LIBEXEC);
	return access(path, X_OK) == 0;
}

static int check(struct cmd *c)
{
	char program[4096], file[4096];

	if (c->args)
		snprintf(file, sizeof file, "%s", c->arg[0]);
	else
		snprintf(file, sizeof file, "%s/ringfence.conf", c->site);
	if (!find(program, sizeof program)) {
		complain("ringfence-conf is not installed", LIBEXEC, NULL);
		return EXIT_REFUSED;
	}
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
