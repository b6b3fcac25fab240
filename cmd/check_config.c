/* SPDX-License-Identifier: ISC */
#include "verbs.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

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
