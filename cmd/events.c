/* SPDX-License-Identifier: ISC */
#include "verbs.h"
#include <string.h>

static void show(json_t *line, void *arg)
{
	int64_t phone = member_number(line, "phone"), user = member_number(line, "user");
	const char *detail = member(line, "detail"), *remote = member(line, "remote");

	(void)arg;
	if (!line_is(line, "event"))
		return;
	printf("%s  %-7s  %-7s  %s", show_when(member_number(line, "at_ms")),
	    word_plain(word_severity, SEVERITIES, member(line, "severity")), safe(member(line, "process")),
	    word_plain(word_event, EVENT_KINDS, member(line, "what")));
	if (detail[0])
		printf(": %s", safe(detail));
	if (phone)
		printf(", phone %lld", (long long)phone);
	if (user)
		printf(", user no. %lld", (long long)user);
	if (remote[0])
		printf(", from %s", safe(remote));
	putchar('\n');
	fflush(stdout);
}

static int events(struct cmd *c)
{
	const char *last = option_get(c, "last");
	uint64_t n = 0;
	struct ask a;

	ask_begin(&a, c, "events");
	if (last && !span_decimal(span_str(last), 100000, &n)) {
		complain("--last needs a number up to 100000", safe(last), NULL);
		return EXIT_USAGE;
	}
	if (last)
		ask_number(&a, "last", n);
	a.follows = option_is(c, "follow");
	if (a.follows)
		ask_number(&a, "follow", 1);
	return ask_run(&a, show, NULL);
}

const struct verb verb_events = {
    .name = "events",
    .run = events,
    .usage = "",
    .what = "Show what happened: refusals, alarms, changes; never who was called",
    .option = {{"last", "N", "so many of the newest (100)"}, {"follow", NULL, "go on as they come; end with Ctrl-C"}},
};
