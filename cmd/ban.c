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

/* --- what stands in nftables --- */

struct mirror {
	bool told;
	char why_not[40];
	int64_t dropped;
};

static void net_row(json_t *line, void *arg)
{
	static const char not [] = "no-nftables-";
	struct mirror *m = arg;
	size_t i;
	json_t *l;

	if (!line_is(line, "process") || strcmp(member(line, "name"), "net") != 0)
		return;
	json_array_foreach(json_object_get(line, "lines"), i, l)
	{
		const char *name = member(l, "name");
		m->told = m->told || strcmp(name, "bans-in-nftables") == 0;
		if (strcmp(name, "dropped-by-nftables") == 0)
			m->dropped = member_number(l, "used");
		if (strncmp(name, not, sizeof not -1) == 0)
			snprintf(m->why_not, sizeof m->why_not, "%s", safe(name + sizeof not -1));
	}
}

static const char *why(const char *word)
{
	if (strcmp(word, "not-had") == 0)
		return "the kernel has none";
	return strcmp(word, "forbidden") == 0 ? "the host withholds CAP_NET_ADMIN" : "the kernel refuses; see the log";
}

static void say_mirror(struct cmd *c)
{
	struct mirror m = {.told = false};
	struct ask a;

	ask_begin(&a, c, "status");
	if (ask_run_mute(&a, net_row, &m) != EXIT_DONE || !m.told)
		printf("net does not answer now: whether nftables has them is not known.\n");
	else if (m.why_not[0])
		printf(
		    "Only the exchange's own ports are closed to them, not those of the rest of this host: no nftables (%s).\n",
		    why(m.why_not));
	else
		printf(
		    "They stand in nftables: every port of this host is closed to them. It dropped %lld packets so far.\n",
		    (long long)m.dropped);
}

static int bans(struct cmd *c)
{
	static const char *const head[] = {"ADDRESS", "STILL"};
	struct table t;
	struct ask a;

	table_begin(&t, 2, head);
	ask_begin(&a, c, "bans");
	int code = ask_run(&a, row, &t);
	bool some = t.rows > 1;
	table_end(&t);
	if (code != EXIT_DONE || c->json)
		return code;
	if (some)
		say_mirror(c);
	else
		printf("No address is banned.\n");
	return code;
}

const struct verb verb_ban = {
    .name = "ban",
    .run = ban,
    .usage = "ADDRESS",
    .args_min = 1,
    .args_max = 1,
    .what = "Drop everything from an address, whatever port of this host it is for, for a time",
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
