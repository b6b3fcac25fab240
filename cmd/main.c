/* SPDX-License-Identifier: ISC */
/* ringfence: the command line of the exchange. */
#include "cmd.h"
#include "verbs.h"
#include <stdlib.h>
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* clang-format off */
static const struct verb *const verbs[] = {
    &verb_user_add, &verb_user_set, &verb_user_pin, &verb_user_forget_dialled, &verb_user_forget_messages, &verb_user_show, &verb_user_delete,
    &verb_user_list,
    &verb_group_add, &verb_group_set, &verb_group_delete, &verb_group_list,
    &verb_phone_add, &verb_phone_enrol, &verb_phone_sign, &verb_phone_request, &verb_phone_admit, &verb_phone_renew,
    &verb_phone_revoke, &verb_phone_set, &verb_phone_bind, &verb_phone_unbind, &verb_phone_show, &verb_phone_list,
    &verb_trunks, &verb_trunk_password, &verb_trunk_request, &verb_signers,
    &verb_may, &verb_calls, &verb_status, &verb_events, &verb_log, &verb_readings,
    &verb_ban, &verb_unban, &verb_bans,
    &verb_site_set, &verb_site_show, &verb_notices, &verb_notice_take,
    &verb_admin_set, &verb_admin_delete, &verb_admin_list, &verb_ca, &verb_clock_confirm,
    &verb_audit,
    &verb_backup, &verb_restore,
    &verb_check_config, &verb_reload, &verb_upgrade, &verb_stop,
    NULL,
};
/* clang-format on */

static void list_verbs(FILE *to, const char *group)
{
	size_t n = group ? strlen(group) : 0;

	for (int i = 0; verbs[i]; i++)
		if (!group || (strncmp(verbs[i]->name, group, n) == 0 && verbs[i]->name[n] == ' '))
			fprintf(to, "  %-21s %s\n", verbs[i]->name, verbs[i]->what);
}

static int help(void)
{
	printf("usage: ringfence [--site DIR] VERB ... [--json]\n\n");
	list_verbs(stdout, NULL);
	printf(
	    "\n  --site DIR       the exchange's directory (default: RINGFENCE_SITE, ./site if there is one, "
	    "/var/lib/ringfence)\n"
	    "  --json           one JSON object a line\n"
	    "  --version\n\n"
	    "Each verb has --help. Exit status: 0 done, 1 refused or failed, 2 wrong use, 3 no exchange answers,\n5 busy, to be asked again in a moment.\n");
	return EXIT_DONE;
}

/* "phone add" is two words, "calls" one; `used` says how many were taken. */
static const struct verb *find(int argc, char **argv, int *used)
{
	for (int i = 0; verbs[i]; i++) {
		const char *space = strchr(verbs[i]->name, ' ');
		size_t n = space ? (size_t)(space - verbs[i]->name) : strlen(verbs[i]->name);
		if (strlen(argv[0]) != n || strncmp(argv[0], verbs[i]->name, n) != 0)
			continue;
		if (space && (argc < 2 || strcmp(argv[1], space + 1) != 0))
			continue;
		*used = space ? 2 : 1;
		return verbs[i];
	}
	return NULL;
}

static bool is_group(const char *word)
{
	size_t n = strlen(word);

	for (int i = 0; verbs[i]; i++)
		if (strncmp(verbs[i]->name, word, n) == 0 && verbs[i]->name[n] == ' ')
			return true;
	return false;
}

static int no_such_verb(int argc, char **argv)
{
	if (!is_group(argv[0])) {
		complain("there is no such verb", safe(argv[0]), "`ringfence --help` lists them");
		return EXIT_USAGE;
	}
	bool asked = argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);
	FILE *to = asked ? stdout : stderr;
	if (argc > 1 && !asked) {
		char both[64];
		snprintf(both, sizeof both, "%s %s", argv[0], safe(argv[1]));
		complain("there is no such verb", both, NULL);
	}
	fprintf(to, "usage: ringfence %s VERB ...\n\n", argv[0]);
	list_verbs(to, argv[0]);
	return asked ? EXIT_DONE : EXIT_USAGE;
}

static const char *default_site(void)
{
	const char *from_env = getenv("RINGFENCE_SITE");
	bool here = !from_env && access("site/ringfence.conf", F_OK) == 0;

	return from_env && from_env[0] ? from_env : here ? "site" : "/var/lib/ringfence";
}

/* A code or a password that stood there and was lost is not there a second time. */
static int all_was_said(int code)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	complain("what was done could not be said whole", strerror(errno), NULL);
	return code == EXIT_DONE ? EXIT_REFUSED : code;
}

int main(int argc, char **argv)
{
	const struct rlimit none = {0, 0};
	struct cmd c = {.site = NULL};
	int used = 0;

	for (argc--, argv++; argc > 0 && argv[0][0] == '-'; argc--, argv++) {
		if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0)
			return help();
		if (strcmp(argv[0], "--version") == 0) {
			printf("ringfence %s\n", VERSION);
			return EXIT_DONE;
		}
		if (strcmp(argv[0], "--json") == 0) {
			c.json = true;
		} else if (strcmp(argv[0], "--site") == 0 && argc > 1) {
			c.site = argv[1];
			argc--, argv++;
		} else {
			complain("there is no such option", safe(argv[0]), "`ringfence --help`");
			return EXIT_USAGE;
		}
	}
	if (argc == 0) {
		help();
		return EXIT_USAGE;
	}
	c.verb = find(argc, argv, &used);
	if (!c.verb)
		return no_such_verb(argc, argv);
	int code = options_read(&c, argc - used, argv + used);
	if (code >= 0)
		return code;
	if (!c.site)
		c.site = default_site();
	(void)setrlimit(RLIMIT_CORE, &none);
	return all_was_said(c.verb->run(&c));
}
