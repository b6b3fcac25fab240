/* SPDX-License-Identifier: ISC */
#include "base/rand.h"
#include "base/tty.h"
#include "cmd.h"
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { GENERATED = 20, GENERATED_PIN = 6 };

/* 20 letters and digits that are not mistaken for each other: more than 100 bits, and safe in every phone's file. */
static void generate(char out[PASSWORD_MAX + 1])
{
	static const char set[] = "abcdefghjkmnpqrstuvwxyz23456789A";
	uint8_t r[GENERATED];

	_Static_assert(sizeof set - 1 == 32, "five bits each");
	rand_bytes(r, sizeof r);
	for (int i = 0; i < GENERATED; i++)
		out[i] = set[r[i] % 32];
	out[GENERATED] = 0;
}

/* Most of what keeper would refuse: the user's own number in it, mirrors, halves that are the same. */
static bool is_simple(const char *pin, const char *user)
{
	char back[GENERATED_PIN + 1] = "";

	for (int i = 0; i < GENERATED_PIN; i++)
		back[i] = pin[GENERATED_PIN - 1 - i];
	return strstr(pin, user) || strcmp(pin, back) == 0 ||
	       strncmp(pin, pin + GENERATED_PIN / 2, GENERATED_PIN / 2) == 0;
}

static void six_digits(char out[PASSWORD_MAX + 1])
{
	for (int i = 0; i < GENERATED_PIN; i++) {
		uint8_t r;
		do
			rand_bytes(&r, 1);
		while (r >= 250); /* so that each digit is as likely */
		out[i] = (char)('0' + r % 10);
	}
	out[GENERATED_PIN] = 0;
}

static void generate_pin(char out[PASSWORD_MAX + 1], const char *user)
{
	do
		six_digits(out);
	while (is_simple(out, user));
}

static bool take_line(FILE *f, char out[PASSWORD_MAX + 1])
{
	char line[PASSWORD_MAX + 3];

	setvbuf(f, NULL, _IONBF, 0); /* no copy of it in a buffer */
	if (!fgets(line, sizeof line, f))
		return false;
	size_t n = strcspn(line, "\r\n");
	bool whole = n <= PASSWORD_MAX && (line[n] || feof(f));
	line[n] = 0;
	if (whole)
		memcpy(out, line, n + 1);
	explicit_bzero(line, sizeof line);
	return whole && n > 0;
}

/* Where it may come from: the options' names differ. */
struct source {
	const char *file, *standard_input, *none, *do_this;
};

static const struct source password_source = {
    "password-file", "password-stdin", "no password", "type one, or give --password-file FILE"};
static const struct source pin_source = {"pin-file", "pin-stdin", "no PIN", "type one, or give --pin-file FILE"};

static const struct source code_source = {"code-file", "code-stdin", "no code", "type it, or give --code-file FILE"};

static int no_password(const struct source *s, const char *why)
{
	complain(s->none, why, s->do_this);
	return EXIT_USAGE;
}

static int from_file(const struct source *s, const char *path, char out[PASSWORD_MAX + 1])
{
	FILE *f = fopen(path, "re");
	char why[300];

	if (!f) {
		snprintf(why, sizeof why, "%s: %s", safe(path), strerror(errno));
		return no_password(s, why);
	}
	bool ok = take_line(f, out);
	fclose(f);
	return ok ? -1 : no_password(s, "the file's first line is empty or too long");
}

static int read_secret(
    const struct cmd *c, const struct source *s, const char *prompt, bool fresh, char out[PASSWORD_MAX + 1])
{
	char again[PASSWORD_MAX + 1] = "", ask[80];

	if (option_is(c, s->file))
		return from_file(s, option_get(c, s->file), out);
	if (option_is(c, s->standard_input) || !isatty(STDIN_FILENO))
		return take_line(stdin, out) ? -1 : no_password(s, "standard input holds none");
	snprintf(ask, sizeof ask, "%s: ", prompt);
	if (!tty_ask(ask, out, PASSWORD_MAX + 1) || !out[0])
		return no_password(s, "none was typed, or one of more than 128 octets");
	if (!fresh)
		return -1;
	bool same = tty_ask("Once more: ", again, sizeof again) && strcmp(out, again) == 0;
	explicit_bzero(again, sizeof again);
	return same ? -1 : no_password(s, "the two were not the same");
}

/* What waits here is in no core. */
static void hide(void)
{
	(void)prctl(PR_SET_DUMPABLE, 0);
}

int password_read(struct cmd *c, const char *prompt, bool fresh, char out[PASSWORD_MAX + 1])
{
	hide();
	if (option_is(c, "generate")) {
		generate(out);
		return -1;
	}
	return read_secret(c, &password_source, prompt, fresh, out);
}

int pin_read(struct cmd *c, char out[PASSWORD_MAX + 1])
{
	hide();
	if (option_is(c, "generate")) {
		generate_pin(out, c->arg[0]);
		return -1;
	}
	return read_secret(c, &pin_source, "New PIN of the user (4 to 12 digits)", true, out);
}

int code_read(struct cmd *c, bool given, char out[PASSWORD_MAX + 1])
{
	hide();
	if (!given)
		return read_secret(c, &code_source, "Code from `ringfence phone add`", false, out);
	if (option_is(c, "code-file") || option_is(c, "code-stdin"))
		return no_password(&code_source, "it is given twice");
	if (strlen(c->arg[0]) > PASSWORD_MAX)
		return no_password(&code_source, "what is given is none");
	memcpy(out, c->arg[0], strlen(c->arg[0]) + 1);
	return -1;
}

void password_done(const struct cmd *c, char password[PASSWORD_MAX + 1], bool taken)
{
	if (taken && option_is(c, "generate"))
		printf(c->json ? "{\"kind\":\"password\",\"password\":\"%s\"}\n" : "Password: %s\n", password);
	explicit_bzero(password, PASSWORD_MAX + 1);
}
