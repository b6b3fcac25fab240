/* SPDX-License-Identifier: ISC */
/* The certificates that sign for callers, as the files beside the configuration hold them. */
#include "verbs.h"
#include <stdlib.h>
#include <string.h>

enum { WHAT, END, NUMBERS, SUBJECT, PARTS };

struct listing {
	struct cmd *cmd;
	struct table table;
	unsigned n;
	bool refused;
};

/* false: it is no certificate, but why there are none. */
static bool split(char *line, char *part[PARTS])
{
	for (int i = 0; i < PARTS; i++)
		part[i] = strsep(&line, i < PARTS - 1 ? "\t" : "");
	return part[SUBJECT] != NULL;
}

static void say(json_t *o)
{
	put_line(stdout, o);
	json_decref(o);
}

static json_t *list_of(char *numbers)
{
	json_t *all = json_array();
	char *rest = NULL;

	for (char *one = strtok_r(numbers, ",", &rest); one; one = strtok_r(NULL, ",", &rest))
		json_array_append_new(all, json_string(one + strspn(one, " ")));
	return all;
}

static void on_line(char *line, void *arg)
{
	struct listing *l = arg;
	char *part[PARTS];

	if (!split(line, part)) {
		complain("the configuration is refused", safe(line), NULL);
		l->refused = true;
		return;
	}
	l->n++;
	int64_t end_ms = strtoll(part[END], NULL, 10) * 1000;
	if (l->cmd->json) {
		say(json_pack("{s:s, s:s, s:I, s:o, s:s}", "kind", "signer-certificate", "what", part[WHAT],
		    "not_after_ms", (json_int_t)end_ms, "numbers", list_of(part[NUMBERS]), "subject",
		    safe(part[SUBJECT])));
		return;
	}
	const char *cells[] = {part[WHAT], show_when(end_ms), safe(part[NUMBERS]), safe(part[SUBJECT])};
	table_add(&l->table, cells);
}

static int signers(struct cmd *c)
{
	static const char *const head[] = {"CERTIFICATE", "ENDS", "NUMBERS", "SUBJECT"};
	struct listing l = {.cmd = c};
	char program[4096], file[4096];

	snprintf(file, sizeof file, "%s/ringfence.conf", c->site);
	if (!program_find("conf", "ringfence-conf", program, sizeof program)) {
		complain("ringfence-conf is not installed", LIBEXEC, NULL);
		return EXIT_REFUSED;
	}
	table_begin(&l.table, 4, head);
	bool ok = program_lines(program, "--signers", file, on_line, &l) && !l.refused;
	table_end(&l.table); /* empty with --json */
	if (c->json)
		say(json_pack("{s:s, s:s}", "kind", "done", "result", ok ? "ok" : "refused"));
	else if (ok && l.n == 0)
		printf("There are none: a signed-callers section of ringfence.conf names them.\n");
	return ok ? EXIT_DONE : EXIT_REFUSED;
}

const struct verb verb_signers = {
    .name = "signers",
    .run = signers,
    .usage = "",
    .what = "Show the certificates that sign for callers, and when they end",
    .help =
	"They are read from the site's files, as `ringfence check-config` reads them: anchors, and who signs for which numbers.",
};
