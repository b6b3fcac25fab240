/* SPDX-License-Identifier: ISC */
#include "verbs.h"
#include <string.h>

static void said(const struct cmd *c, const char *what)
{
	if (!c->json)
		printf("%s %s.\n", safe(c->arg[0]), what);
}

static int add(struct cmd *c)
{
	char password[PASSWORD_MAX + 1];
	struct ask a;
	int code = password_read(c, "Password of the user", true, password);

	if (code >= 0)
		return code;
	ask_begin(&a, c, "user-add");
	ask_field(&a, "name", c->arg[0]);
	ask_field(&a, "display", option_get(c, "name"));
	ask_field(&a, "password", password);
	code = ask_run(&a, NULL, NULL);
	password_done(c, password, code == EXIT_DONE);
	if (code == EXIT_DONE)
		said(c, "was added");
	return code;
}

static int set(struct cmd *c)
{
	char password[PASSWORD_MAX + 1] = "";
	bool new_password = option_is(c, "password") || option_is(c, "generate") || option_is(c, "password-file") ||
	                    option_is(c, "password-stdin");
	int enabled = option_switch(c, "enabled"), code;
	struct ask a;

	ask_begin(&a, c, "user-set");
	ask_field(&a, "name", c->arg[0]);
	ask_field(&a, "display", option_get(c, "name"));
	if (enabled >= 0)
		ask_number(&a, "enabled", (uint64_t)enabled);
	if (new_password) {
		code = password_read(c, "New password of the user", true, password);
		if (code >= 0)
			return code;
		ask_field(&a, "password", password);
	} else if (enabled < 0 && !option_is(c, "name")) {
		complain("nothing to change", "no option was given", "`ringfence user set --help`");
		return EXIT_USAGE;
	}
	code = ask_run(&a, NULL, NULL);
	password_done(c, password, code == EXIT_DONE);
	if (code == EXIT_DONE)
		said(c, "was changed");
	return code;
}

static int delete (struct cmd *c)
{
	struct ask a;

	ask_begin(&a, c, "user-delete");
	ask_field(&a, "name", c->arg[0]);
	int code = ask_run(&a, NULL, NULL);
	if (code == EXIT_DONE)
		said(c, "is gone, with the password and all its phones' bindings");
	return code;
}

static void row(json_t *line, void *arg)
{
	const char *cells[] = {safe(member(line, "name")), safe(member(line, "display")),
	    member_flag(line, "enabled") ? "yes" : "no", safe(member(line, "phones"))};

	if (line_is(line, "user"))
		table_add(arg, cells);
}

static int list(struct cmd *c)
{
	static const char *const head[] = {"USER", "NAME", "ENABLED", "PHONES"};
	struct table t;
	struct ask a;

	table_begin(&t, 4, head);
	ask_begin(&a, c, "user-list");
	int code = ask_run(&a, row, &t);
	bool none = t.rows == 1;
	table_end(&t);
	if (code == EXIT_DONE && none && !c->json)
		printf("There are no users yet: `ringfence user add 101 --name \"Anna\"`.\n");
	return code;
}

const struct verb verb_user_add = {
    .name = "user add",
    .run = add,
    .usage = "USER",
    .args_min = 1,
    .args_max = 1,
    .what = "Add a person, with a password for their phones",
    .help = "USER is the extension: 1 to 32 of a-z 0-9 . _ * # + -. The password is asked for on the terminal.",
    .option = {{"name", "NAME", "what the people called see"}, {"generate", NULL, "make a password and print it once"},
	PASSWORD_OPTIONS},
};

const struct verb verb_user_set = {
    .name = "user set",
    .run = set,
    .usage = "USER",
    .args_min = 1,
    .args_max = 1,
    .what = "Change a person's name or password, or lock them out",
    .option = {{"name", "NAME", "what the people called see"},
	{"enabled", "on|off", "off: may not log in until it is on again"}, {"password", NULL, "ask for a new password"},
	{"generate", NULL, "make a new password and print it once"}, PASSWORD_OPTIONS},
};

const struct verb verb_user_delete = {
    .name = "user delete",
    .run = delete,
    .usage = "USER",
    .args_min = 1,
    .args_max = 1,
    .what = "Remove a person; their phones stay, without them",
};

const struct verb verb_user_list = {
    .name = "user list",
    .run = list,
    .usage = "",
    .what = "Show who is there",
};
