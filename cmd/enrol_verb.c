/* SPDX-License-Identifier: ISC */
/* `phone enrol`: all in one step where the exchange is on this machine, else the first or the second of two. A code is used up
 * only when nothing that the person can mend is left in the way. */
#include "verbs.h"
#include "vault/code.h"
#include "vault/enrol.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct signed_here {
	char path[4096];
	bool written;
};

static void take_certificate(json_t *line, void *arg)
{
	struct signed_here *s = arg;

	if (line_is(line, "certificate"))
		s->written = bundle_write(line, s->path);
}

/* The code is used up, and what is left to do needs none. */
static void say_unfinished(struct cmd *c, const char *dir)
{
	if (!c->json)
		fprintf(stderr,
		    "The phone has its certificate, and the code is used. When that is mended, go on with\n"
		    "  ringfence phone enrol --finish %s%s\n",
		    safe(dir), enrol_wants_password(c) ? " --password" : "");
}

struct flags_of_phone {
	uint32_t phone;
	bool found;
	char flags[64];
};

static void take_flags(json_t *line, void *arg)
{
	struct flags_of_phone *f = arg;

	if (!line_is(line, "phone") || (uint32_t)member_number(line, "phone") != f->phone)
		return;
	f->found = true;
	snprintf(f->flags, sizeof f->flags, "%s", member(line, "flags"));
}

/* The versions that were tried do not get in without it, and say nothing that would help. */
static void say_flag(struct cmd *c, const char *code_text)
{
	const char *kind = option_get(c, "kind");
	bool baresip = kind && strcmp(kind, "baresip") == 0, linphone = kind && strcmp(kind, "linphone") == 0;
	struct flags_of_phone f = {.phone = (uint32_t)strtoul(code_text, NULL, 10)};
	const char *flag = baresip ? "md5" : "tls12";
	struct ask a;

	if (c->json || !(baresip || linphone))
		return;
	ask_begin(&a, c, "phone-list");
	ask_number(&a, "phone", f.phone);
	if (ask_run_mute(&a, take_flags, &f) == EXIT_DONE && f.found && !strstr(f.flags, flag))
		printf("WARNING: Debian's %s does not log in on a phone that was added without --%s:\n"
		       "  ringfence phone set %u --%s on\n",
		    kind, flag, f.phone, flag);
}

/* The exchange is on this machine and this user may ask it. */
static int sign_here(struct cmd *c, const char *code_text, const char *dir, char password[PASSWORD_MAX + 1])
{
	struct signed_here s = {.written = false};
	char request_path[4096];
	struct ask a;
	size_t n;

	snprintf(request_path, sizeof request_path, "%s/request.pem", dir);
	snprintf(s.path, sizeof s.path, "%s/bundle.pem", dir);
	char *request = file_read(request_path, ENROL_PEM_MAX, &n);
	if (!request)
		return EXIT_REFUSED;
	ask_begin(&a, c, "phone-sign");
	ask_field(&a, "code", code_text);
	ask_body(&a, request, n);
	int code = put_valid(c, &a) ? ask_run_quiet(&a, take_certificate, &s) : EXIT_USAGE;
	free(request);
	if (code == EXIT_DONE && !s.written)
		code = EXIT_REFUSED;
	if (code != EXIT_DONE) { /* nothing is left that would be in the way of another try */
		enrol_undo(dir);
		return code;
	}
	code = enrol_finish(c, dir, s.path, password);
	if (code != EXIT_DONE)
		say_unfinished(c, dir);
	else
		say_flag(c, code_text);
	return code;
}

/* The key and all that follows; the password is asked for before anything is used up. */
static int begin(struct cmd *c, const char *code_text, const char *out, char password[PASSWORD_MAX + 1])
{
	bool here = !option_is(c, "elsewhere") && ask_is_there(c);
	int code = here ? enrol_take_password(c, password) : -1;

	if (code < 0)
		code = enrol_make(c, out);
	if (code != EXIT_DONE)
		return code;
	if (here)
		return sign_here(c, code_text, out, password);
	if (c->json)
		printf("{\"kind\":\"request\"}\n");
	else
		printf("The key is made. On the exchange, with %s/request.pem from here:\n"
		       "  ringfence phone sign %s%srequest.pem --out bundle.pem\nThen, with bundle.pem from there:\n"
		       "  ringfence phone enrol --finish %s --bundle bundle.pem\n",
		    safe(out), c->args ? code_text : "", c->args ? " " : "", safe(out));
	return EXIT_DONE;
}

static bool is_code(const char *text)
{
	uint8_t bits[CODE_BITS];
	uint32_t device;
	bool is = code_parse(span_str(text), &device, bits);

	explicit_bzero(bits, sizeof bits);
	return is;
}

/* Refused before a key is made for nothing. */
static int with_code(struct cmd *c, const char *out, char password[PASSWORD_MAX + 1])
{
	char code_text[PASSWORD_MAX + 1] = "", dir[128];
	int code = code_read(c, c->args > 0, code_text);

	if (code < 0 && !is_code(code_text)) {
		complain("that is no code", "one looks like 17-abcde-fghij-klmno-pqrst-uvwxyz",
		    "`ringfence phone add` prints it");
		code = EXIT_USAGE;
	}
	if (code < 0) {
		snprintf(dir, sizeof dir, "phone-%.*s", (int)strcspn(code_text, "-/"), code_text);
		code = begin(c, code_text, out ? out : dir, password);
	}
	explicit_bzero(code_text, sizeof code_text);
	return code;
}

static int enrol(struct cmd *c)
{
	const char *done = option_get(c, "finish"), *bundle = option_get(c, "bundle");
	char path[4096], password[PASSWORD_MAX + 1] = "";
	int code;

	if (done) {
		snprintf(path, sizeof path, "%s/bundle.pem", done);
		code = enrol_finish(c, done, bundle ? bundle : path, password);
	} else {
		code = with_code(c, option_get(c, "out"), password);
	}
	explicit_bzero(password, sizeof password);
	return code;
}

const struct verb verb_phone_enrol = {
    .name = "phone enrol",
    .run = enrol,
    .usage = "[CODE]",
    .args_max = 1,
    .what = "On the phone's computer: make its key, then its files",
    .help =
	"The key never leaves this computer. Where the exchange runs on the same machine everything is done in one step;\n"
	"otherwise the request goes to the exchange and the bundle comes back, and --finish writes the phone's files.\n"
	"Without CODE it is asked for, so that nobody else on this computer can see it in the list of processes.",
    .option = {{"kind", "KIND", "baresip, linphone or plain (certificates only)"},
	{"out", "DIR", "where (./phone-NUMBER)"}, {"user", "USER", "who is to log in on it"},
	{"server", "HOST:PORT", "the exchange, when the bundle's own word is not right"},
	{"domain", "DOMAIN", "the same for its SIP domain"},
	{"elsewhere", NULL, "make the request only, although an exchange runs here"},
	{"finish", "DIR", "the second step, with the key that is in DIR"},
	{"bundle", "FILE", "the bundle (DIR/bundle.pem)"}, VALID_OPTION,
	{"password", NULL, "ask for the user's password and write it into the phone's file"}, PASSWORD_OPTIONS,
	CODE_OPTIONS},
};
