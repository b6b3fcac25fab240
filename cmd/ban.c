/* SPDX-License-Identifier: ISC */
#include "verbs.h"
#include <stdlib.h>
#include <string.h>

enum { BAN_DEFAULT_S = 600 };

static int ban(struct cmd *c)
{
	const char *length = option_get(c, "for");
	uint64_t s = length ? length_of_time(length) : BAN_DEFAULT_S;
	struct ask a;

	if (s == 0) {
		complain("that is no length of time", safe(length), "write it as 90s, 10m, 2h or 7d, a year at most");
		return EXIT_USAGE;
	}
	ask_begin(&a, c, "ban");
	ask_field(&a, "address", c->arg[0]);
	ask_number(&a, "seconds", s);
	int code = ask_run(&a, NULL, NULL);
	if (code == EXIT_DONE && !c->json)
		printf("%s is banned for %s.\n", safe(c->arg[0]), show_age(s * 1000));
	return code;
}

static int unban(struct cmd *c)
{
	struct ask a;

	ask_begin(&a, c, "unban");
	ask_field(&a, "address", c->arg[0]);
	int code = ask_run(&a, NULL, NULL);
	if (code == EXIT_DONE && !c->json)
		printf("%s is not banned any more.\n", safe(c->arg[0]));
	return code;
}

static void row(json_t *line, void *arg)
{
	const char *cells[] = {safe(member(line, "address")), show_age((uint64_t)member_number(line, "left_ms"))};

	if (line_is(line, "ban"))
		table_add(arg, cells);
}

static int bans(struct cmd *c)
{
	static const char *const head[] = {"ADDRESS", "STILL"};
	struct table t;
	struct ask a;

	table_begin(&t, 2, head);
	ask_begin(&a, c, "bans");
	return ask_table(&a, &t, row, "No address is banned.");
}

const struct verb verb_ban = {
    .name = "ban",
    .run = ban,
    .usage = "ADDRESS",
    .args_min = 1,
    .args_max = 1,
    .what = "Drop everything from an address, signalling and media, for a time",
    .option = {{"for", "TIME", "90s, 10m (the default), 2h, 7d"}},
};

const struct verb verb_unban = {
    .name = "unban",
    .run = unban,
    .usage = "ADDRESS",
    .args_min = 1,
    .args_max = 1,
    .what = "End the ban of an address",
};

const struct verb verb_bans = {
    .name = "bans",
    .run = bans,
    .usage = "",
    .what = "Show the addresses that are banned",
};
