/* SPDX-License-Identifier: ISC */
/* A phone comes in: its code, its certificate, its renewal. */
#include "verbs.h"
#include "vault/enrol.h"
#include "vault/key_print.h"
#include <stdlib.h>
#include <string.h>

struct coded {
	uint32_t phone;
	char code[64];
};

static void take_code(json_t *line, void *arg)
{
	struct coded *got = arg;

	if (!line_is(line, "code"))
		return;
	got->phone = (uint32_t)member_number(line, "phone");
	snprintf(got->code, sizeof got->code, "%s", safe(member(line, "code")));
}

/* Of the three that have a template those that need this flag; any other takes the bare files. */
static const char *kind_for(const struct cmd *c)
{
	return option_is(c, "md5") ? "baresip" : option_is(c, "tls12") ? "linphone" : "KIND";
}

static void say_code(const struct cmd *c, const struct coded *got)
{
	if (c->json) {
		printf("{\"kind\":\"code\",\"phone\":%u,\"code\":\"%s\"}\n", got->phone, got->code);
		return;
	}
	printf("Phone %u may be enrolled once within 24 hours with the code\n\n  %s\n\n"
	       "On the phone's own computer (it asks for the code):  ringfence phone enrol --kind %s --out phone-%u\n",
	    got->phone, got->code, kind_for(c), got->phone);
}

static void fixed_hint(const struct cmd *c, uint32_t phone)
{
	if (c->json)
		printf("{\"kind\":\"not-fixed\",\"phone\":%u}\n", phone);
	else
		printf(
		    "WARNING: this phone may not call an emergency number over a trunk, since it is no fixed one. If it has a place of\n"
		    "its own:  ringfence phone set %u --fixed on --location 'country=..., city=..., street=...'\n"
		    "If it travels: see emergency { remote } in ringfence.conf(5).\n",
		    phone);
}

static void nobody_hint(const struct cmd *c, uint32_t phone)
{
	if (!c->json)
		printf("Nobody may log in on it yet:  ringfence phone bind %u USER\n", phone);
}

static int bind_others(struct cmd *c, uint32_t phone, const char *const *user, int n)
{
	for (int i = 1; i < n; i++) {
		struct ask a;
		ask_begin(&a, c, "phone-bind");
		ask_number(&a, "phone", phone);
		ask_field(&a, "user", user[i]);
		int code = ask_run_quiet(&a, NULL, NULL);
		if (code != EXIT_DONE) {
			complain(
			    "the phone was added, but not for", user[i], "`ringfence phone bind` adds a user later");
			return code;
		}
	}
	return EXIT_DONE;
}

static uint64_t flags_of(const struct cmd *c)
{
	return (option_is(c, "fixed") ? DEVICE_FIXED : 0u) | (option_is(c, "md5") ? DEVICE_MD5 : 0u) |
	       (option_is(c, "tls12") ? DEVICE_TLS12 : 0u) | (option_is(c, "no-opus") ? DEVICE_NO_OPUS : 0u);
}

static int add(struct cmd *c)
{
	const char *user[REPEATS_MAX];
	struct coded got = {.phone = 0};
	int n = option_all(c, "user", user);
	struct ask a;

	if (n < 0)
		return EXIT_USAGE;
	ask_begin(&a, c, "phone-add");
	ask_field(&a, "label", c->arg[0]);
	ask_field(&a, "user", n ? user[0] : NULL);
	ask_number(&a, "flags", flags_of(c));
	int code = ask_run_quiet(&a, take_code, &got);
	if (code != EXIT_DONE)
		return code;
	code = bind_others(c, got.phone, user, n);
	say_code(c, &got);
	if (n == 0)
		nobody_hint(c, got.phone);
	for (int i = 0; i < n && option_is(c, "md5"); i++)
		md5_hint(c, user[i]);
	if (!option_is(c, "fixed"))
		fixed_hint(c, got.phone);
	return code;
}

/* --- certificates --- */

static const char *out_path(const struct cmd *c)
{
	const char *out = option_get(c, "out");

	return out ? out : "bundle.pem";
}

static int sign(struct cmd *c)
{
	char code_text[PASSWORD_MAX + 1] = "";
	int code = code_read(c, c->args > 1, code_text);
	size_t n = 0;
	char *request = code < 0 ? file_read(c->arg[c->args - 1], ENROL_PEM_MAX, &n) : NULL;
	struct ask a;

	if (request) {
		ask_begin(&a, c, "phone-sign");
		ask_field(&a, "code", code_text);
		ask_body(&a, request, n);
		code = put_valid(c, &a) ? bundle_get(c, &a, out_path(c)) : EXIT_USAGE;
	}
	free(request);
	explicit_bzero(code_text, sizeof code_text);
	return code < 0 ? EXIT_USAGE : code;
}

struct asked_for {
	bool quiet;
	char key[KEY_PRINT_TEXT];
};

static void take_asked_for(json_t *line, void *arg)
{
	struct asked_for *got = arg;

	if (!line_is(line, "phone"))
		return;
	snprintf(got->key, sizeof got->key, "%s", safe(member(line, "key")));
	if (got->quiet)
		return;
	printf("phone %lld  %s  %s\n", (long long)member_number(line, "phone"), safe(member(line, "label")),
	    safe(member(line, "users")));
	show_key(line);
}

/* With or without the spaces. */
static bool same_key(const char *a, const char *b)
{
	for (;; a++, b++) {
		a += strspn(a, " ");
		b += strspn(b, " ");
		if (*a != *b)
			return false;
		if (!*a)
			return true;
	}
}

/* Whoever asked chose the label: the key alone says whose computer it is (R1). */
static int look_at_key(struct cmd *c, uint32_t number)
{
	const char *told = option_get(c, "key");
	struct asked_for got = {.quiet = c->json || strcmp(out_path(c), "-") == 0};
	struct ask a;

	ask_begin(&a, c, "phone-show");
	ask_number(&a, "phone", number);
	int code = ask_run_quiet(&a, take_asked_for, &got);
	if (code != EXIT_DONE || !told || same_key(told, got.key))
		return code;
	complain("that is not the key of this phone", got.key[0] ? got.key : "it has none",
	    "somebody else may have asked under this label: see `ringfence phone list`, and `phone revoke`");
	return EXIT_REFUSED;
}

static int admit(struct cmd *c)
{
	uint32_t number = phone_number(c, c->arg[0]);
	struct ask a;

	if (number == 0)
		return EXIT_REFUSED;
	int seen = look_at_key(c, number);
	if (seen != EXIT_DONE)
		return seen;
	ask_begin(&a, c, "phone-admit");
	ask_number(&a, "phone", number);
	ask_number(&a, "flags", flags_of(c));
	int code = put_valid(c, &a) ? bundle_get(c, &a, out_path(c)) : EXIT_USAGE;
	if (code == EXIT_DONE && !option_is(c, "fixed"))
		fixed_hint(c, number);
	return code;
}

static int renew(struct cmd *c)
{
	uint32_t number = phone_number(c, c->arg[0]);
	struct coded got = {.phone = 0};
	struct ask a;

	if (number == 0)
		return EXIT_REFUSED;
	ask_begin(&a, c, "phone-renew");
	ask_number(&a, "phone", number);
	if (!option_is(c, "new-key"))
		return put_valid(c, &a) ? bundle_get(c, &a, out_path(c)) : EXIT_USAGE;
	ask_number(&a, "new-key", 1);
	int code = ask_run_quiet(&a, take_code, &got);
	if (code == EXIT_DONE)
		say_code(c, &got);
	return code;
}

/* --- a user asks for one --- */

struct requested {
	uint32_t phone;
};

static void take_number(json_t *line, void *arg)
{
	struct requested *got = arg;

	if (line_is(line, "requested"))
		got->phone = (uint32_t)member_number(line, "phone");
}

static int request(struct cmd *c)
{
	const char *label = option_get(c, "label"), *user = option_get(c, "user"), *from = option_get(c, "from");
	const char *dir = option_get(c, "out") ? option_get(c, "out") : "phone";
	struct requested got = {.phone = 0};
	uint8_t point[ENROL_POINT];
	char path[4096], print[KEY_PRINT_TEXT];
	struct ask a;
	size_t n;

	if (!label || !user) {
		complain("who asks for what?", "--label and --user are needed", "`ringfence phone request --help`");
		return EXIT_USAGE;
	}
	if (!from) {
		int code = enrol_make(c, dir);
		if (code != EXIT_DONE)
			return code;
		snprintf(path, sizeof path, "%s/request.pem", dir);
		from = path;
	}
	char *text = file_read(from, ENROL_PEM_MAX, &n);
	if (!text)
		return EXIT_USAGE;
	ask_begin(&a, c, "phone-request");
	ask_field(&a, "label", label);
	ask_field(&a, "user", user);
	ask_body(&a, text, n);
	int code = ask_run(&a, take_number, &got);
	bool parsed = enrol_parse_request(span_of(text, n), point) == NULL;
	free(text);
	if (!option_get(c, "from") && code != EXIT_DONE && code != EXIT_UNREACHABLE)
		enrol_undo(dir);
	if (code != EXIT_DONE || c->json || !parsed)
		return code;
	key_print(point, print);
	printf("Asked for, as phone %u. Tell an administrator the key (SHA-256):\n  %s\n"
	       "They admit it with\n  ringfence phone admit %u --key '%s' --out bundle.pem\n",
	    got.phone, print, got.phone, print);
	if (!option_get(c, "from"))
		printf("and then, here:\n  ringfence phone enrol --finish %s --bundle bundle.pem\n", safe(dir));
	return EXIT_DONE;
}

#define FLAG_OPTIONS                                                                                              \
	{"fixed", NULL, "a desk phone with a place of its own"},                                                  \
	    {"md5", NULL, "digest MD5 (baresip knows no better)"}, {"tls12", NULL, "may use TLS 1.2 (linphone)"}, \
	{                                                                                                         \
		"no-opus", NULL, "is not offered Opus"                                                            \
	}

const struct verb verb_phone_add = {
    .name = "phone add",
    .run = add,
    .usage = "LABEL",
    .args_min = 1,
    .args_max = 1,
    .what = "Add a phone and print its one-time code",
    .option = {{"user", "USER", "who may use it; may stand several times"}, FLAG_OPTIONS},
};

const struct verb verb_phone_sign = {
    .name = "phone sign",
    .run = sign,
    .usage = "[CODE] REQUEST",
    .args_min = 1,
    .args_max = 2,
    .what = "Write the certificate that `phone enrol` asked for",
    .help =
	"REQUEST is the file request.pem from the phone's computer, - for standard input (behind the line of the code, if\n"
	"that is read there). Without CODE it is asked for, so that nobody sees it in the list of processes.",
    .option = {{"out", "FILE", "where to write the bundle (bundle.pem; - for standard output)"}, VALID_OPTION,
	CODE_OPTIONS},
};

const struct verb verb_phone_admit = {
    .name = "phone admit",
    .run = admit,
    .usage = "PHONE",
    .args_min = 1,
    .args_max = 1,
    .what = "Admit a phone that a user asked for",
    .help = "Whoever asked chose the label. Have them tell you the key that `phone request` printed, and compare.",
    .option = {{"key", "SHA-256", "the key that they told: another is not admitted"},
	{"out", "FILE", "where to write the bundle (bundle.pem; - for standard output)"}, VALID_OPTION, FLAG_OPTIONS},
};

const struct verb verb_phone_renew = {
    .name = "phone renew",
    .run = renew,
    .usage = "PHONE",
    .args_min = 1,
    .args_max = 1,
    .what = "Write a new certificate for the key that a phone has",
    .help = "With --new-key the phone is enrolled again with a new code; the certificates of its old key end then.",
    .option = {{"out", "FILE", "where to write the bundle (bundle.pem; - for standard output)"}, VALID_OPTION,
	{"new-key", NULL, "print a new code instead"}},
};

const struct verb verb_phone_request = {
    .name = "phone request",
    .run = request,
    .usage = "",
    .what = "Ask for a phone of one's own, which an administrator then admits",
    .option = {{"label", "LABEL", "what the administrator sees"}, {"user", "USER", "whose phone it is to be"},
	{"out", "DIR", "where the key goes (./phone)"},
	{"kind", "KIND", "baresip, linphone or plain: what --finish writes"},
	{"from", "FILE", "a request that was made elsewhere"}},
};
