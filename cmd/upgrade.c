/* SPDX-License-Identifier: ISC */
/* The new executables take over; this command waits until they serve. */
#include "base/clock.h"
#include "verbs.h"
#include <string.h>
#include <time.h>

enum { PAUSE_MS = 100, MOST_MS = 40000, STORE_MOST_MS = 4000000 };

struct look {
	int64_t upgrades, pid; /* of parent; -1: it said none */
	bool ready, store;     /* it serves; a store makes its rows today's, which takes as long as there are rows */
};

static void row(json_t *line, void *arg)
{
	struct look *l = arg;
	size_t i;
	json_t *pool;

	if (!line_is(line, "process"))
		return;
	if (strcmp(member(line, "name"), "parent") != 0)
		return;
	l->pid = member_number(line, "pid");
	json_array_foreach(json_object_get(line, "lines"), i, pool)
	{
		if (strcmp(member(pool, "name"), "upgrades") == 0)
			l->upgrades = member_number(pool, "used");
		if (strcmp(member(pool, "name"), "ready") == 0)
			l->ready = member_number(pool, "used") == 1;
		if (strcmp(member(pool, "name"), "stores-upgrading") == 0)
			l->store = member_number(pool, "used") > 0;
	}
}

static struct look look(struct cmd *c)
{
	struct look l = {.upgrades = -1, .pid = -1};
	struct ask a;

	ask_begin(&a, c, "status");
	if (ask_run_mute(&a, row, &l) != EXIT_DONE)
		l.upgrades = -1;
	return l;
}

/* They are another generation, or of a parent that was started anew, and all that calls need is up. */
static bool wait_new(struct cmd *c, struct look before)
{
	const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
	const uint64_t began = clock_boot_ms();
	uint64_t since = began, now = began;
	bool said = false;

	for (; now - since < MOST_MS && now - began < STORE_MOST_MS; now = clock_boot_ms()) {
		struct look l = look(c);
		if (l.store)
			since = clock_boot_ms();
		if (l.store && !said && !c->json)
			puts("The database is made today's; calls go on meanwhile, and new ones wait.");
		said |= l.store;
		if (l.upgrades >= 0 && l.ready && (l.upgrades > before.upgrades || l.pid != before.pid))
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

static int upgrade(struct cmd *c)
{
	struct look before = look(c);
	struct ask a;

	ask_begin(&a, c, "upgrade");
	int code = ask_run(&a, NULL, NULL);
	if (code != EXIT_DONE)
		return code;
	if (!wait_new(c, before)) {
		complain("the new executables began to take over and do not serve yet", NULL,
		    "see the log; a restart keeps the calls as well");
		return EXIT_UNREADY;
	}
	if (!c->json)
		puts("The new executables have taken over; calls went on.");
	return EXIT_DONE;
}

const struct verb verb_upgrade = {
    .name = "upgrade",
    .run = upgrade,
    .usage = "",
    .what = "Let new executables take over; calls go on",
    .help =
	"The new ones first show that they are whole, of one build, and take the configuration and the calls; otherwise\n"
	"nothing changes. Phones connect again by themselves.",
};
