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
