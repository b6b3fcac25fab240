/* SPDX-License-Identifier: ISC */
#include "verbs.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void row(json_t *line, void *arg)
{
	const char *from = member_flag(line, "from_damaged")  ? "(damaged)"
	                   : member_flag(line, "from_erased") ? "(erased)"
	                   : member(line, "from")[0]          ? safe(member(line, "from"))
	                                                      : "-";
	const char *cells[] = {show_when(member_number(line, "start_ms")), from, safe(member(line, "to")),
	    show_length((uint64_t)member_number(line, "duration_ms"))};

	if (line_is(line, "row"))
		table_add(arg, cells);
}

/* 2026-11-23 or "2026-11-23 17:00", local time, as wall-clock milliseconds; -1 when it is neither. */
static int64_t moment(const char *text)
{
	struct tm tm = {.tm_isdst = -1};
	const char *end = strptime(text, "%Y-%m-%d", &tm);

	if (end && *end == ' ')
		end = strptime(end + 1, "%H:%M", &tm);
	const struct tm said = tm;
	time_t t = end && *end == 0 ? mktime(&tm) : -1;
	return t < 0 || tm.tm_mday != said.tm_mday ? -1 : (int64_t)t * 1000; /* 31 February is another one */
}

static bool put_moment(struct cmd *c, struct ask *a, const char *option, const char *field)
{
	const char *text = option_get(c, option);
	int64_t ms = text ? moment(text) : 0;

	if (ms < 0)
		complain("that is no day", safe(text), "write it as 2026-11-23 or \"2026-11-23 17:00\"");
	else if (text)
		ask_number(a, field, (uint64_t)ms);
	return ms >= 0;
}

static int log_calls(struct cmd *c)
{
	static const char *const head[] = {"START", "FROM", "TO", "DURATION"};
	const char *admin = option_get(c, "admin");
	char password[PASSWORD_MAX + 1];
	struct table t;
	struct ask a;

	if (!admin) {
		complain("who reads?", "the call log is shown to a named administrator only", "give --admin NAME");
		return EXIT_USAGE;
	}
	ask_begin(&a, c, "log");
	ask_field(&a, "name", admin);
	if (!put_moment(c, &a, "from", "from") || !put_moment(c, &a, "to", "to"))
		return EXIT_USAGE;
	int code = password_read(c, "Password of the administrator", false, password);
	if (code >= 0)
		return code;
	ask_field(&a, "password", password);
	explicit_bzero(password, sizeof password);
	table_begin(&t, 4, head);
	return ask_table(&a, &t, row, "No calls in that time.");
}

static void reading(json_t *line, void *arg)
{
	int64_t from = member_number(line, "from_ms"), to = member_number(line, "to_ms");
	const char *cells[] = {show_when(member_number(line, "at_ms")), safe(member(line, "admin")),
	    from ? show_when(from) : "the beginning", to < INT64_MAX / 2 ? show_when(to) : "the end"};

	if (line_is(line, "reading"))
		table_add(arg, cells);
}

static int readings(struct cmd *c)
{
	static const char *const head[] = {"WHEN", "WHO", "FROM", "TO"};
	struct table t;
	struct ask a;

	table_begin(&t, 4, head);
	ask_begin(&a, c, "readings");
	return ask_table(&a, &t, reading, "Nobody has read the call log.");
}

const struct verb verb_log = {
    .name = "log",
    .run = log_calls,
    .usage = "",
    .what = "Read the call log, as a named administrator",
    .help =
	"Asks for the administrator's password, whoever runs it. The reading is recorded before the first row is shown;\n"
	"`ringfence readings` lists who read.",
    .option = {{"admin", "NAME", "the administrator who reads"},
	{"from", "DAY", "from this day (2026-11-23) or minute on"},
	{"to", "DAY", "up to, and without, this day or minute"}, PASSWORD_OPTIONS},
};

const struct verb verb_readings = {
    .name = "readings",
    .run = readings,
    .usage = "",
    .what = "Show who read the call log, when, and what part",
};
