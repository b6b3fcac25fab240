/* SPDX-License-Identifier: ISC */
/* Ring groups: numbers that ring several people. */
#include "verbs.h"
#include <stdlib.h>

static int put(struct cmd *c, const char *verb, const char *done)
{
	struct settings_text t;
	struct ask a;

	if (!settings_take(c, OWNER_GROUP, &t))
		return EXIT_USAGE;
	ask_begin(&a, c, verb);
	ask_field(&a, "name", c->arg[0]);
	ask_field(&a, "display", option_get(c, "name"));
	settings_put(&a, &t);
	int code = ask_run(&a, NULL, NULL);
	if (code == EXIT_DONE && !c->json)
		printf("%s %s.\n", safe(c->arg[0]), done);
	if (code == EXIT_DONE)
		settings_hint(c, OWNER_GROUP);
	return code;
}

static int add(struct cmd *c)
{
	if (!option_is(c, "members")) {
		complain("who is rung?", "--members is needed", "`ringfence group add --help`");
		return EXIT_USAGE;
	}
	int code = put(c, "group-add", "rings its members now");
	if (code == EXIT_DONE)
		number_hint(c, option_get(c, "members"));
	return code;
}

static int set(struct cmd *c)
{
	if (c->givens == 0) {
		complain("nothing to change", "no option was given", "`ringfence group set --help`");
		return EXIT_USAGE;
	}
	return put(c, "group-set", "was changed");
}

static int delete (struct cmd *c)
{
	struct ask a;

	ask_begin(&a, c, "group-delete");
	ask_field(&a, "name", c->arg[0]);
	int code = ask_run(&a, NULL, NULL);
	if (code == EXIT_DONE && !c->json)
		printf("%s is no number any more.\n", safe(c->arg[0]));
	return code;
}

static void row(json_t *line, void *arg)
{
	char ring[24] = "-";
	const char *then = member(line, "forward_no_answer");
	int64_t s = member_number(line, "ring_seconds");
	const char *cells[] = {safe(member(line, "name")), safe(member(line, "display")), safe(member(line, "members")),
	    safe(member(line, "strategy")), ring, then[0] ? safe(then) : "-"};

	if (!line_is(line, "group"))
		return;
	if (s)
		snprintf(ring, sizeof ring, "%lld s", (long long)s);
	table_add(arg, cells);
}

static int list(struct cmd *c)
{
	static const char *const head[] = {"GROUP", "NAME", "MEMBERS", "STRATEGY", "RINGS", "THEN"};
	struct table t;
	struct ask a;

	table_begin(&t, 6, head);
	ask_begin(&a, c, "group-list");
	return ask_table(&a, &t, row, "There are no ring groups yet: `ringfence group add 200 --members 101,102`.");
}

#define GROUP_OPTIONS                                                                                               \
	{"name", "NAME", "what the people who call see"}, {"members", "USERS", "who is rung, with commas"},         \
	    {"strategy", "WORD", "all at once (the default), or in-turn"},                                          \
	    {"forward-no-answer", "NUMBER", "extension where calls go that none of them takes"},                    \
	{                                                                                                           \
		"ring-seconds", "N", "how long all of them ring, or each in turn: 5 to 600; none: as the site says" \
	}

const struct verb verb_group_add = {
    .name = "group add",
    .run = add,
    .usage = "NUMBER",
    .args_min = 1,
    .args_max = 1,
    .what = "Add a number that rings several people",
    .option = {GROUP_OPTIONS},
};

const struct verb verb_group_set = {
    .name = "group set",
    .run = set,
    .usage = "NUMBER",
    .args_min = 1,
    .args_max = 1,
    .what = "Change whom a ring group rings, and how",
    .option = {GROUP_OPTIONS},
};

const struct verb verb_group_delete = {
    .name = "group delete",
    .run = delete,
    .usage = "NUMBER",
    .args_min = 1,
    .args_max = 1,
    .what = "Remove a ring group; its members stay",
};

const struct verb verb_group_list = {
    .name = "group list",
    .run = list,
    .usage = "",
    .what = "Show the ring groups",
};
