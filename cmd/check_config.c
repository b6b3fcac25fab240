/* SPDX-License-Identifier: ISC */
#include "verbs.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

static void say(const char *kind, const char *name, const char *text)
{
	json_t *line = json_pack("{s:s, s:s}", "kind", kind, name, safe(text));

	put_line(stdout, line);
	json_decref(line);
}

static void fault(char *line, void *arg)
{
	(void)arg;
	if (strcmp(line, "ok") != 0)
		say("fault", "text", line);
}

/* A line for each fault. */
static int check_json(const char *program, const char *file)
{
	bool ok = program_lines(program, "--check", file, fault, NULL);

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
