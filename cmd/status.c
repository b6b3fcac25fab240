/* SPDX-License-Identifier: ISC */
#include "verbs.h"
#include <string.h>

struct status {
	struct table processes, pools;
	int up, down;
	char names[2][160]; /* of processes that are down, of pools that were full */
	int64_t helpless;   /* phones that may not call an emergency number, */
	int64_t off_site;   /* and those that could if they were where they belong */
	int64_t no_desk;    /* 1: no front desk was named; 2: who was is nobody here */
	int64_t hidden;     /* users and ring groups whose number is one for help */
};

static const char *count(int64_t v, char *mem, size_t cap)
{
	snprintf(mem, cap, "%lld", (long long)v);
	return mem;
}

static void add_name(char names[160], const char *process, const char *pool)
{
	size_t n = strlen(names);

	snprintf(names + n, 160 - n, "%s%s%s%s", n ? ", " : "", process, pool[0] ? " " : "", pool);
}

static void add_pools(struct status *s, const char *process, const json_t *lines)
{
	size_t i;
	json_t *l;
	char n[4][24];

	json_array_foreach(lines, i, l)
	{
		bool counter = strcmp(member(l, "kind"), "counter") == 0;
		const char *cells[] = {process, safe(member(l, "name")), count(member_number(l, "used"), n[0], 24),
		    counter ? "" : count(member_number(l, "limit"), n[1], 24),
		    counter ? "" : count(member_number(l, "peak"), n[2], 24),
		    counter ? "" : count(member_number(l, "refused"), n[3], 24)};
		table_add(&s->pools, cells);
		if (strcmp(member(l, "kind"), "pool") == 0 && member_number(l, "refused"))
			add_name(s->names[1], process, safe(member(l, "name")));
		if (strcmp(member(l, "name"), "phones-without-help") == 0)
			s->helpless = member_number(l, "used");
		if (strcmp(member(l, "name"), "phones-off-site") == 0)
			s->off_site = member_number(l, "used");
		if (strcmp(member(l, "name"), "front-desk-missing") == 0)
			s->no_desk = member_number(l, "used");
		if (strcmp(member(l, "name"), "numbers-hidden") == 0)
			s->hidden = member_number(l, "used");
	}
}

static void row(json_t *line, void *arg)
{
	struct status *s = arg;
	char name[64], pid[24], restarts[24];
	bool up = member_flag(line, "up");

	if (!line_is(line, "process"))
		return;
	snprintf(name, sizeof name, "%s/%lld", safe(member(line, "name")), (long long)member_number(line, "instance"));
	const char *cells[] = {name, up ? "up" : "DOWN", count(member_number(line, "pid"), pid, sizeof pid),
	    up ? show_age((uint64_t)member_number(line, "age_ms")) : "-",
	    count(member_number(line, "restarts"), restarts, sizeof restarts)};
	table_add(&s->processes, cells);
	add_pools(s, name, json_object_get(line, "lines"));
	s->up += up;
	s->down += !up;
	if (!up)
		add_name(s->names[0], name, "");
}

/* Last, where a terminal shows it. */
static void say_sum(const struct status *s)
{
	if (s->down)
		printf("\n%d of %d processes are DOWN: %s. `ringfence events` says why.\n", s->down, s->up + s->down,
		    s->names[0]);
	else
		printf("\nAll %d processes are up%s.\n", s->up, s->names[1][0] ? "" : ", and nothing has been full");
	if (s->names[1][0])
		printf("Has been full: %s (`limits` in ringfence.conf(5)).\n", s->names[1]);
}

static int status(struct cmd *c)
{
	static const char *const head[] = {"PROCESS", "", "PID", "AGE", "RESTARTS"};
	static const char *const pools_head[] = {"PROCESS", "WHAT", "USED", "LIMIT", "PEAK", "REFUSED"};
	struct status s = {.down = 0};
	struct ask a;

	table_begin(&s.processes, 5, head);
	table_begin(&s.pools, 6, pools_head);
	ask_begin(&a, c, "status");
	int code = ask_run(&a, row, &s);
	table_end(&s.processes);
	if (!c->json && code == EXIT_DONE)
		putchar('\n');
	table_end(&s.pools);
	if (!c->json && s.helpless)
		printf(
		    "\nWARNING: %lld phones may not call an emergency number, since they are no fixed ones, or are used elsewhere.\n"
		    "Phones with a place of their own:  ringfence phone set PHONE --fixed on --location 'country=...'\n"
		    "Phones that travel: see emergency { remote } in ringfence.conf(5). `ringfence phone list` shows which are fixed.\n",
		    (long long)s.helpless);
	if (!c->json && s.off_site)
		printf(
		    "\nWARNING: %lld fixed phones have registered from no network of the site: their calls for help are refused.\n"
		    "`ringfence events` names them, with their addresses. Where the network has another address now, or a second one:\n"
		    "ringfence phone set PHONE --subnet '192.0.2.0/24, 2001:db8:1::/64'\n",
		    (long long)s.off_site);
	if (!c->json && s.no_desk)
		printf(
		    "\nWARNING: %s: nobody is rung when somebody calls for help.\n"
		    "ringfence site set --front-desk NUMBER    a user or ring group that always has somebody in it\n",
		    s.no_desk == 1
			? "no front desk is set"
			: "the front desk that was set is no user or ring group any more, or has nobody in it");
	if (!c->json && s.hidden)
		printf(
		    "\nWARNING: the numbers of %lld users or ring groups are numbers for help, or the test of it: calls to them leave over\n"
		    "a trunk, and never ring here. Give them other numbers.\n",
		    (long long)s.hidden);
	if (!c->json && code == EXIT_DONE)
		say_sum(&s);
	return code;
}

const struct verb verb_status = {
    .name = "status",
    .run = status,
    .usage = "",
    .what = "Show each process with its age, its pools and their limits",
    .help =
	"A pool that refused something was full; a credit is what the process may still send to another before it waits.",
};
