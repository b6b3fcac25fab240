/* SPDX-License-Identifier: ISC */
/* Phones as the exchange knows them. */
#include "verbs.h"
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

enum { USER_LIST_MAX = 256 };

/* --- a phone by number or label --- */

struct search {
	const char *label;
	uint32_t found, number;
};

static void match(json_t *line, void *arg)
{
	struct search *s = arg;

	if (!line_is(line, "phone") || strcmp(member(line, "label"), s->label) != 0 ||
	    strcmp(member(line, "state"), word_device[DEVICE_REVOKED].key) == 0)
		return;
	s->found++;
	s->number = (uint32_t)member_number(line, "phone");
}

uint32_t phone_number(struct cmd *c, const char *text)
{
	struct search s = {.label = text};
	uint64_t number;
	struct ask a;

	if (span_decimal(span_str(text), UINT32_MAX, &number) && number > 0)
		return (uint32_t)number;
	ask_begin(&a, c, "phone-list");
	if (ask_run_quiet(&a, match, &s) != EXIT_DONE)
		return 0;
	if (s.found == 1)
		return s.number;
	complain(s.found ? "several phones have that label" : "there is no phone of that number or label", safe(text),
	    "`ringfence phone list` shows the numbers");
	return 0;
}

/* --- list --- */

static void row(json_t *line, void *arg)
{
	char number[24];
	int64_t end = member_number(line, "not_after_ms");
	const char *cells[] = {number, safe(member(line, "label")), safe(member(line, "users")),
	    word_plain(word_device, DEVICE_STATES, member(line, "state")), safe(member(line, "flags")),
	    end > 0 ? show_when(end) : "-"};

	if (!line_is(line, "phone"))
		return;
	snprintf(number, sizeof number, "%lld", (long long)member_number(line, "phone"));
	table_add(arg, cells);
}

static int list(struct cmd *c)
{
	static const char *const head[] = {"PHONE", "LABEL", "USERS", "STATE", "FLAGS", "CERTIFICATE ENDS"};
	struct table t;
	struct ask a;

	table_begin(&t, 6, head);
	ask_begin(&a, c, "phone-list");
	return ask_table(&a, &t, row, "There are no phones yet: `ringfence phone add LABEL --user USER`.");
}

/* --- what has a phone and nothing more --- */

static int about_phone(struct cmd *c, const char *verb, const char *user, const char *done)
{
	uint32_t number = phone_number(c, c->arg[0]);
	struct ask a;

	if (number == 0)
		return EXIT_REFUSED;
	ask_begin(&a, c, verb);
	ask_number(&a, "phone", number);
	ask_field(&a, "user", user);
	int code = ask_run(&a, NULL, NULL);
	if (code == EXIT_DONE && !c->json)
		printf("Phone %u %s.\n", number, done);
	return code;
}

static int revoke(struct cmd *c)
{
	return about_phone(c, "phone-revoke", NULL, "is revoked; its connections end within a second");
}

/* --- phones that know no digest but MD5 --- */

struct md5_phone {
	uint32_t number;
	bool md5;
	char users[USER_LIST_MAX];
};

static void take_md5(json_t *line, void *arg)
{
	struct md5_phone *p = arg;

	if (!line_is(line, "phone") || member_number(line, "phone") != p->number)
		return;
	p->md5 = strstr(member(line, "flags"), word_flag[0].key) != NULL;
	snprintf(p->users, sizeof p->users, "%s", member(line, "users"));
}

/* The users of this phone whose password must be set again; `only` when it is one of them that is asked about. */
static void hint_users(struct cmd *c, const char *phone, const char *only)
{
	struct md5_phone p = {.number = phone_number(c, phone)};
	struct ask a;

	ask_begin(&a, c, "phone-list");
	ask_number(&a, "phone", p.number);
	if (ask_run_quiet(&a, take_md5, &p) != EXIT_DONE || !p.md5)
		return;
	for (char *save, *user = strtok_r(p.users, ",", &save); user; user = strtok_r(NULL, ",", &save))
		if (!only || strcmp(user, only) == 0)
			md5_hint(c, user);
}

static int allow(struct cmd *c)
{
	int code = about_phone(c, "phone-bind", c->arg[1], "may be used by that user");

	if (code == EXIT_DONE)
		hint_users(c, c->arg[0], c->arg[1]);
	return code;
}

static int disallow(struct cmd *c)
{
	return about_phone(c, "phone-unbind", c->arg[1], "may not be used by that user any more");
}

static int set(struct cmd *c)
{
	static const struct {
		const char *option;
		uint32_t flag;
		bool turned;
	} flag[] = {{"md5", DEVICE_MD5, false}, {"tls12", DEVICE_TLS12, false}, {"fixed", DEVICE_FIXED, false},
	    {"opus", DEVICE_NO_OPUS, true}};
	uint32_t flags = 0, mask = 0;
	struct settings_text settings;
	struct ask a;

	if (!settings_take(c, OWNER_DEVICE, &settings))
		return EXIT_USAGE;
	for (size_t i = 0; i < sizeof flag / sizeof *flag; i++) {
		int v = option_switch(c, flag[i].option);
		mask |= v >= 0 ? flag[i].flag : 0;
		flags |= v >= 0 && (v != 0) != flag[i].turned ? flag[i].flag : 0;
	}
	int suspended = option_switch(c, "suspended");
	if (!mask && suspended < 0 && settings.n == 0) {
		complain("nothing to change", "no option was given", "`ringfence phone set --help`");
		return EXIT_USAGE;
	}
	uint32_t number = phone_number(c, c->arg[0]);
	if (number == 0)
		return EXIT_REFUSED;
	ask_begin(&a, c, "phone-set");
	ask_number(&a, "phone", number);
	if (mask) {
		ask_number(&a, "flags", flags);
		ask_number(&a, "mask", mask);
	}
	if (suspended >= 0)
		ask_number(&a, "suspended", (uint64_t)suspended);
	settings_put(&a, &settings);
	int code = ask_run(&a, NULL, NULL);
	if (code == EXIT_DONE && !c->json)
		printf("Phone %u was changed.\n", number);
	if (code == EXIT_DONE && flags & DEVICE_MD5)
		hint_users(c, c->arg[0], NULL);
	return code;
}

void show_key(json_t *line)
{
	const json_int_t uid = member_number(line, "asked_uid");
	const struct passwd *who = json_object_get(line, "asked_uid") ? getpwuid((uid_t)uid) : NULL;

	if (member(line, "key")[0])
		printf("  %-20s %s\n", "key (SHA-256)", safe(member(line, "key")));
	if (json_object_get(line, "asked_uid"))
		printf("  %-20s uid %lld%s%s\n", "asked for by", (long long)uid, who ? ", " : "",
		    who ? safe(who->pw_name) : "");
	else if (strcmp(member(line, "state"), word_device[DEVICE_REQUESTED].key) == 0)
		printf("  %-20s not known any more\n", "asked for by");
}

static void show_line(json_t *line, void *arg)
{
	(void)arg;
	settings_row(line, NULL);
	if (!line_is(line, "phone"))
		return;
	printf("phone %lld  %s  %s\n", (long long)member_number(line, "phone"), safe(member(line, "label")),
	    word_plain(word_device, DEVICE_STATES, member(line, "state")));
	printf("  %-20s %s\n", "users", member(line, "users")[0] ? safe(member(line, "users")) : "-");
	if (member(line, "flags")[0])
		printf("  %-20s %s\n", "flags", safe(member(line, "flags")));
	if (member_number(line, "not_after_ms") > 0)
		printf("  %-20s %s\n", "certificate ends", show_when(member_number(line, "not_after_ms")));
	show_key(line);
}

static int show(struct cmd *c)
{
	uint32_t number = phone_number(c, c->arg[0]);
	struct ask a;

	if (number == 0)
		return EXIT_REFUSED;
	ask_begin(&a, c, "phone-show");
	ask_number(&a, "phone", number);
	return ask_run(&a, show_line, NULL);
}

const struct verb verb_phone_list = {
    .name = "phone list",
    .run = list,
    .usage = "",
    .what = "Show the phones, whose they are and what their certificates are good for",
};

const struct verb verb_phone_revoke = {
    .name = "phone revoke",
    .run = revoke,
    .usage = "PHONE",
    .args_min = 1,
    .args_max = 1,
    .what = "Shut a phone out for good",
    .help = "PHONE is its number or its label. What is revoked stays so; the same phone may be added anew.",
};

const struct verb verb_phone_bind = {
    .name = "phone bind",
    .run = allow,
    .usage = "PHONE USER",
    .args_min = 2,
    .args_max = 2,
    .what = "Let a user log in on a phone",
};

const struct verb verb_phone_unbind = {
    .name = "phone unbind",
    .run = disallow,
    .usage = "PHONE USER",
    .args_min = 2,
    .args_max = 2,
    .what = "Let a user log in on a phone no more",
};

const struct verb verb_phone_set = {
    .name = "phone set",
    .run = set,
    .usage = "PHONE",
    .args_min = 1,
    .args_max = 1,
    .what = "Change what a phone may do",
    .option = {{"opus", "on|off", "off: is not offered Opus (for one whose packets vary in length)"},
	{"md5", "on|off", "on: digest MD5 instead of SHA-256 (for one that knows no better)"},
	{"tls12", "on|off", "on: may use TLS 1.2"}, {"fixed", "on|off", "on: a desk phone with a place of its own"},
	{"suspended", "on|off", "on: shut out until it is off again"},
	{"location", "ADDRESS",
	    "where it stands: \"country=GB, city=London, street=Baker Street, house=221B, floor=1, room=2\""},
	{"location-confirmed", "MS", "when its user said that this is right (wall clock, milliseconds)"},
	{"subnet", "NETWORKS", "where it connects from when it stands there, with commas: 10.1.2.0/24"},
	{"join", "ended|passing", "ended: the exchange ends the encryption of all its calls"},
	{"remote", "on|off", "on: it is used elsewhere, so no emergency call can say from where"}},
};

const struct verb verb_phone_show = {
    .name = "phone show",
    .run = show,
    .usage = "PHONE",
    .args_min = 1,
    .args_max = 1,
    .what = "Show a phone's users, state and settings",
};
