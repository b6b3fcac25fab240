/* SPDX-License-Identifier: ISC */
#include "verbs.h"
#include <string.h>

static void said(const struct cmd *c, const char *what)
{
	if (!c->json)
		printf("%s %s.\n", safe(c->arg[0]), what);
}

static int add(struct cmd *c)
{
	char password[PASSWORD_MAX + 1];
	struct ask a;
	int code = password_read(c, "Password of the user", true, password);

	if (code >= 0)
		return code;
	ask_begin(&a, c, "user-add");
	ask_field(&a, "name", c->arg[0]);
	ask_field(&a, "display", option_get(c, "name"));
	ask_field(&a, "password", password);
	if (option_is(c, "md5"))
		ask_number(&a, "md5", 1);
	code = ask_run(&a, NULL, NULL);
	password_done(c, password, code == EXIT_DONE);
	if (code == EXIT_DONE) {
		said(c, "was added");
		number_hint(c, c->arg[0]);
	}
	return code;
}

static int set(struct cmd *c)
{
	char password[PASSWORD_MAX + 1] = "";
	bool new_password = option_is(c, "password") || option_is(c, "generate") || option_is(c, "password-file") ||
	                    option_is(c, "password-stdin");
	int enabled = option_switch(c, "enabled"), code;
	struct settings_text settings;
	struct ask a;

	if (!settings_take(c, OWNER_USER, &settings))
		return EXIT_USAGE;
	ask_begin(&a, c, "user-set");
	ask_field(&a, "name", c->arg[0]);
	ask_field(&a, "display", option_get(c, "name"));
	if (enabled >= 0)
		ask_number(&a, "enabled", (uint64_t)enabled);
	if (new_password) {
		code = password_read(c, "New password of the user", true, password);
		if (code >= 0)
			return code;
		ask_field(&a, "password", password);
		if (option_is(c, "md5"))
			ask_number(&a, "md5", 1);
	} else if (enabled < 0 && !option_is(c, "name") && !option_is(c, "unlock") && settings.n == 0) {
		complain("nothing to change", "no option was given", "`ringfence user set --help`");
		return EXIT_USAGE;
	}
	if (option_is(c, "unlock"))
		ask_number(&a, "unlock", 1);
	settings_put(&a, &settings);
	code = ask_run(&a, NULL, NULL);
	password_done(c, password, code == EXIT_DONE);
	if (code == EXIT_DONE) {
		said(c, "was changed");
		settings_hint(c, OWNER_USER);
	}
	return code;
}

/* Whoever gets the number later would ring there. */
static void still_named(json_t *line, void *arg)
{
	const struct cmd *c = arg;
	const char *name = c->arg[0];

	if (line_is(line, "group") && setting_list_has(span_str(member(line, "members")), span_str(name)))
		printf("Ring group %s still names %s:  ringfence group set %s --members ...\n",
		    safe(member(line, "name")), safe(name), safe(member(line, "name")));
}

static int delete (struct cmd *c)
{
	struct ask a;

	ask_begin(&a, c, "user-delete");
	ask_field(&a, "name", c->arg[0]);
	int code = ask_run(&a, NULL, NULL);
	if (code != EXIT_DONE || c->json)
		return code;
	said(c, "is gone, with the password and all its phones' bindings");
	ask_begin(&a, c, "group-list");
	(void)ask_run_mute(&a, still_named, c);
	return code;
}

static void row(json_t *line, void *arg)
{
	char number[24]; /* by which events and mails name them */
	const char *cells[] = {safe(member(line, "name")), safe(member(line, "display")),
	    member_flag(line, "enabled") ? "yes" : "no", safe(member(line, "phones")), number};

	if (!line_is(line, "user"))
		return;
	snprintf(number, sizeof number, "%lld", (long long)member_number(line, "number"));
	table_add(arg, cells);
}

static int list(struct cmd *c)
{
	static const char *const head[] = {"USER", "NAME", "ENABLED", "PHONES", "USER NO."};
	struct table t;
	struct ask a;

	table_begin(&t, 5, head);
	ask_begin(&a, c, "user-list");
	return ask_table(&a, &t, row, "There are no users yet: `ringfence user add 101 --name \"Anna\"`.");
}

/* --- what there is of one --- */

static void show_line(json_t *line, void *arg)
{
	(void)arg;
	settings_row(line, NULL);
	if (line_is(line, "user")) {
		printf("%s  %s  user no. %lld%s\n", safe(member(line, "name")), safe(member(line, "display")),
		    (long long)member_number(line, "number"), member_flag(line, "enabled") ? "" : ", locked out");
		printf("  %-20s %s\n", "phones", member(line, "phones")[0] ? safe(member(line, "phones")) : "-");
		printf("  %-20s %lld new, %lld old\n", "voice messages", (long long)member_number(line, "messages_new"),
		    (long long)member_number(line, "messages_old"));
	}
	if (line_is(line, "secrets")) {
		printf("  %-20s %s%s", "password", member_flag(line, "password") ? "set" : "none",
		    member_flag(line, "md5") ? ", with a hash for MD5 too" : "");
		if (member_number(line, "locked_s"))
			printf(", wrong ones lock a phone out for another %lld s",
			    (long long)member_number(line, "locked_s"));
		putchar('\n');
		printf("  %-20s %s", "outgoing PIN", word_plain(word_pin, PLAN_PINS, member(line, "pin")));
		if (member_number(line, "wrong"))
			printf(", %lld wrong", (long long)member_number(line, "wrong"));
		printf("\n  %-20s %lld\n", "numbers dialled", (long long)member_number(line, "dialled"));
	}
}

static int show(struct cmd *c)
{
	struct ask a;

	ask_begin(&a, c, "user-show");
	ask_field(&a, "name", c->arg[0]);
	return ask_run(&a, show_line, NULL);
}

static void look_for_md5(json_t *line, void *arg)
{
	bool *lacks = arg;

	if (line_is(line, "secrets"))
		*lacks = member_flag(line, "password") && !member_flag(line, "md5");
}

void md5_hint(struct cmd *c, const char *user)
{
	bool lacks = false;
	struct ask a;

	ask_begin(&a, c, "user-show");
	ask_field(&a, "name", user);
	if (ask_run_quiet(&a, look_for_md5, &lacks) != EXIT_DONE || !lacks)
		return;
	if (c->json)
		printf("{\"kind\":\"password-needed\",\"user\":\"%s\"}\n", safe(user));
	else
		printf("The phone needs a hash of %s's password that is not kept: set the password once more with\n"
		       "  ringfence user set %s --password\n",
		    safe(user), safe(user));
}

/* --- outgoing PIN and dialled numbers --- */

static int forget(struct cmd *c, enum forget what, const char *done)
{
	struct ask a;

	ask_begin(&a, c, "user-forget");
	ask_field(&a, "name", c->arg[0]);
	ask_number(&a, "forget", what);
	int code = ask_run(&a, NULL, NULL);
	if (code == EXIT_DONE)
		said(c, done);
	return code;
}

static int pin(struct cmd *c)
{
	char digits[PASSWORD_MAX + 1] = "";
	struct ask a;

	if (option_is(c, "unlock"))
		return forget(c, FORGET_PIN_LOCK, "may try the PIN again");
	if (option_is(c, "remove"))
		return forget(c, FORGET_PIN, "has no PIN any more, and calls no number that was not called before");
	int code = pin_read(c, digits);
	if (code >= 0)
		return code;
	ask_begin(&a, c, "user-pin");
	ask_field(&a, "name", c->arg[0]);
	ask_field(&a, "pin", digits);
	code = ask_run(&a, NULL, NULL);
	if (code == EXIT_DONE && option_is(c, "generate"))
		printf(c->json ? "{\"kind\":\"pin\",\"pin\":\"%s\"}\n" : "PIN: %s\n", digits);
	explicit_bzero(digits, sizeof digits);
	if (code == EXIT_DONE)
		said(c, "has a new PIN");
	return code;
}

static int forget_dialled(struct cmd *c)
{
	return forget(c, FORGET_DIALLED, "is asked for the PIN again at every outside number");
}

static int forget_messages(struct cmd *c)
{
	return forget(c, FORGET_MESSAGES, "has no voice messages any more");
}

const struct verb verb_user_add = {
    .name = "user add",
    .run = add,
    .usage = "USER",
    .args_min = 1,
    .args_max = 1,
    .what = "Add a person, with a password for their phones",
    .help = "USER is the extension: 1 to 32 of a-z 0-9 . _ * # + -. The password is asked for on the terminal.",
    .option = {{"name", "NAME", "what the people called see"},
	{"md5", NULL, "keep a hash for MD5 too, for a phone that is about to be added with --md5"},
	{"generate", NULL, "make a password and print it once"}, PASSWORD_OPTIONS},
};

const struct verb verb_user_set = {
    .name = "user set",
    .run = set,
    .usage = "USER",
    .args_min = 1,
    .args_max = 1,
    .what = "Change a person's name, password or settings, or lock them out",
    .help = "Settings are removed with off or none. All that is given at once is taken at once, or none of it.",
    .option = {{"name", "NAME", "what the people called see"},
	{"enabled", "on|off", "off: may not log in until it is on again"}, {"password", NULL, "ask for a new password"},
	{"md5", NULL, "with a new password: keep a hash for MD5 too"},
	{"generate", NULL, "make a new password and print it once"}, PASSWORD_OPTIONS,
	{"unlock", NULL, "forget wrong passwords: let the user try again"},
	{"classes", "WORDS", "what may be called: local national mobile fr ch ... night"},
	{"ceilings", "WORDS", "money=20 minutes=300 calls=2 hourly=10 destinations=5 abroad=1"},
	{"forward-always", "NUMBER", "where every call goes"}, {"forward-busy", "NUMBER", "where calls go while busy"},
	{"forward-no-answer", "NUMBER", "where calls go that nobody answers"},
	{"forward-offline", "NUMBER", "where calls go while no phone is there"},
	{"ring-seconds", "N", "how long it rings: 5 to 600"}, {"dnd", "on|off", "do not disturb"},
	{"reject-anonymous", "on|off", "on: calls without a number are refused"},
	{"blocked", "NUMBERS", "callers who are refused, with commas"},
	{"known", "NUMBERS", "callers who always pass, with commas"},
	{"screen", "WORD", "unknown callers: pass, slow, screen or refuse"},
	{"outside-number", "NUMBER", "what outside callees see"},
	{"pickup-group", "WORD", "whose calls may be picked up"},
	{"voicemail", "on|off|N", "on, or after so many seconds; none: as the site says"},
	{"greeting", "WORD", "the recording that greets callers"},
	{"language", "WORD", "in which voice speaks to them; none: as the site says"}},
};

const struct verb verb_user_show = {
    .name = "user show",
    .run = show,
    .usage = "USER",
    .args_min = 1,
    .args_max = 1,
    .what = "Show a person's phones, settings, and what secrets there are",
};

const struct verb verb_user_pin = {
    .name = "user pin",
    .run = pin,
    .usage = "USER",
    .args_min = 1,
    .args_max = 1,
    .what = "Set the outgoing PIN, or unlock it",
    .help =
	"It is asked for on the phone when a number is called that was never called before, and on the terminal here.\n"
	"Three wrong ones lock it until it is unlocked or set anew. The user may change it by service code.",
    .option = {{"unlock", NULL, "let the user try again"}, {"remove", NULL, "leave the user without one"},
	{"generate", NULL, "make one and print it once"}, {"pin-file", "FILE", "read it from the first line of FILE"},
	{"pin-stdin", NULL, "read it from standard input (done by itself when that is no terminal)"}},
};

const struct verb verb_user_forget_dialled = {
    .name = "user forget-dialled",
    .run = forget_dialled,
    .usage = "USER",
    .args_min = 1,
    .args_max = 1,
    .what = "Forget which numbers a person has called",
};

const struct verb verb_user_forget_messages = {
    .name = "user forget-messages",
    .run = forget_messages,
    .usage = "USER",
    .args_min = 1,
    .args_max = 1,
    .what = "Delete all voice messages of a person, heard or not",
};

const struct verb verb_user_delete = {
    .name = "user delete",
    .run = delete,
    .usage = "USER",
    .args_min = 1,
    .args_max = 1,
    .what = "Remove a person; their phones stay, without them",
};

const struct verb verb_user_list = {
    .name = "user list",
    .run = list,
    .usage = "",
    .what = "Show who is there",
};
