/* SPDX-License-Identifier: ISC */
#include "verbs.h"

static void row(json_t *line, void *arg)
{
	char lines[32];

	if (!line_is(line, "trunk"))
		return;
	snprintf(lines, sizeof lines, "%lld/%lld", (long long)member_number(line, "busy"),
	    (long long)member_number(line, "lines"));
	const char *cells[] = {safe(member(line, "name")), word_plain(word_trunk, TRUNK_STATES, member(line, "state")),
	    show_length((uint64_t)member_number(line, "age_ms")), lines, safe(member(line, "address")),
	    safe(member(line, "reason"))};
	table_add(arg, cells);
}

static int trunks(struct cmd *c)
{
	static const char *const head[] = {"TRUNK", "STATE", "FOR", "LINES", "ADDRESS", "LAST REASON"};
	struct table t;
	struct ask a;

	table_begin(&t, 6, head);
	ask_begin(&a, c, "trunks");
	int code = ask_run(&a, row, &t);
	bool none = t.rows == 1;
	table_end(&t);
	if (code == EXIT_DONE && none && !c->json)
		printf("There are no trunks: a trunk section of ringfence.conf makes one.\n");
	return code;
}

static int password(struct cmd *c)
{
	char word[PASSWORD_MAX + 1];
	struct ask a;
	int code = password_read(c, "Password that the provider gave", true, word);

	if (code >= 0)
		return code;
	ask_begin(&a, c, "trunk-password");
	ask_field(&a, "name", c->arg[0]);
	ask_field(&a, "password", word);
	code = ask_run(&a, NULL, NULL);
	password_done(c, word, code == EXIT_DONE);
	if (code == EXIT_DONE && !c->json)
		printf(
		    "The password of %s was set; it answers that trunk's own realm and no other.\n", safe(c->arg[0]));
	return code;
}

const struct verb verb_trunks = {
    .name = "trunks",
    .run = trunks,
    .usage = "",
    .what = "Show the trunks: whether they are up, their lines, what was wrong last",
};

const struct verb verb_trunk_password = {
    .name = "trunk password",
    .run = password,
    .usage = "TRUNK",
    .args_min = 1,
    .args_max = 1,
    .what = "Set the password that a provider asks for",
    .help =
	"It is for the login and the realm that ringfence.conf names; when one of them changes it is to be set again.",
    .option = {PASSWORD_OPTIONS},
};
