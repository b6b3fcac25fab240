/* SPDX-License-Identifier: ISC */
#include "verbs.h"
#include <string.h>

static int set(struct cmd *c)
{
	char password[PASSWORD_MAX + 1];
	struct ask a;
	int code = password_read(c, "New password of the administrator", true, password);

	if (code >= 0)
		return code;
	ask_begin(&a, c, "admin-set");
	ask_field(&a, "name", c->arg[0]);
	ask_field(&a, "password", password);
	code = ask_run(&a, NULL, NULL);
	password_done(c, password, code == EXIT_DONE);
	if (code == EXIT_DONE && !c->json)
		printf("%s may read the call log with this password.\n", safe(c->arg[0]));
	return code;
}

static int delete (struct cmd *c)
{
	struct ask a;

	ask_begin(&a, c, "admin-delete");
	ask_field(&a, "name", c->arg[0]);
	int code = ask_run(&a, NULL, NULL);
	if (code == EXIT_DONE && !c->json)
		printf("%s is no administrator any more.\n", safe(c->arg[0]));
	return code;
}

static void row(json_t *line, void *arg)
{
	const char *cells[] = {safe(member(line, "name"))};

	if (line_is(line, "admin"))
		table_add(arg, cells);
}

static int list(struct cmd *c)
{
	static const char *const head[] = {"ADMINISTRATOR"};
	struct table t;
	struct ask a;

	table_begin(&t, 1, head);
	ask_begin(&a, c, "admin-list");
	return ask_table(&a, &t, row, "There are no administrators yet: `ringfence admin set NAME`.");
}

const struct verb verb_admin_set = {
    .name = "admin set",
    .run = set,
    .usage = "NAME",
    .args_min = 1,
    .args_max = 1,
    .what = "Name an administrator, or change the password of one",
    .help = "The password has at least 8 octets.",
    .option = {{"generate", NULL, "make a password and print it once"}, PASSWORD_OPTIONS},
};

const struct verb verb_admin_delete = {
    .name = "admin delete",
    .run = delete,
    .usage = "NAME",
    .args_min = 1,
    .args_max = 1,
    .what = "Let an administrator read the call log no more",
    .help = "Readings of theirs stay on record. Whoever reads at the moment gives the password again.",
};

const struct verb verb_admin_list = {
    .name = "admin list",
    .run = list,
    .usage = "",
    .what = "Show who may read the call log",
};
