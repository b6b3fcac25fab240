/* SPDX-License-Identifier: ISC */
/* What the command shows and takes in (T39, R31). */
#include "cmd.h"
#include "test.h"
#include <unistd.h>

static void what_comes_from_outside_is_shown_harmless(void)
{
	CHECK(strcmp(safe("Anna \xc3\x85ngstr\xc3\xb6m"), "Anna \xc3\x85ngstr\xc3\xb6m") == 0);
	CHECK(strcmp(safe("\x1b[2J\r\n\t\x07"), "\\u{1b}[2J\\u{d}\\u{a}\\u{9}\\u{7}") == 0);
	CHECK(strcmp(safe("\xc2\x9b" "31m"), "\\u{9b}31m") == 0);               /* CSI of the C1 set */
	CHECK(strcmp(safe("a\xe2\x80\xae" "b"), "a\\u{202e}b") == 0);          /* turns the writing round */
	CHECK(strcmp(safe("a\xe2\x80\x8b" "b"), "a\\u{200b}b") == 0);          /* is not seen */
	CHECK(strcmp(safe("\xff\xc0\xaf"), "\\xff\\xc0\\xaf") == 0);
	CHECK(strcmp(safe("\xed\xa0\x80"), "\\xed\\xa0\\x80") == 0);
	CHECK(strcmp(safe("../<b>'; DROP"), "../<b>'; DROP") == 0); /* harmless to a terminal */
}

static void long_text_is_cut(void)
{
	char text[5000];

	memset(text, '\x1b', sizeof text - 1);
	text[sizeof text - 1] = 0;
	CHECK(strlen(safe(text)) < 1024);
}

static void lengths_of_time(void)
{
	CHECK(length_of_time("90") == 90 && length_of_time("90s") == 90 && length_of_time("10m") == 600);
	CHECK(length_of_time("2h") == 7200 && length_of_time("365d") == 31536000 && length_of_time("366d") == 0);
	CHECK(length_of_time("") == 0 && length_of_time("m") == 0 && length_of_time("5x") == 0 && length_of_time("5mm") == 0);
	CHECK(length_of_time("-5") == 0 && length_of_time("99999999999") == 0 && length_of_time("0") == 0);
}

/* What is said of a wrong use, behind the name of the command. */
static const char *complained(struct cmd *c, int argc, char **argv)
{
	static char text[400];
	int was = dup(STDERR_FILENO), fd[2];

	if (pipe(fd) != 0 || dup2(fd[1], STDERR_FILENO) < 0)
		return "";
	int code = options_read(c, argc, argv);
	fflush(stderr);
	dup2(was, STDERR_FILENO);
	close(was);
	close(fd[1]);
	ssize_t n = read(fd[0], text, sizeof text - 1);
	close(fd[0]);
	text[n > 0 ? n : 0] = 0;
	return code == EXIT_USAGE && strncmp(text, "ringfence: ", 11) == 0 ? text + 11 : "";
}

static void options_are_read(void)
{
	static const struct verb verb = {.name = "x",
	    .usage = "A",
	    .args_min = 1,
	    .args_max = 1,
	    .what = "x",
	    .option = {{"user", "USER", "x"}, {"flag", NULL, "x"}}};
	struct cmd c = {.verb = &verb};
	const char *all[REPEATS_MAX];
	char *good[] = {"--user", "1", "a", "--user=2", "--flag", "--json"};
	char *missing[] = {"a", "--user"}, *unknown[] = {"a", "--foo"}, *many[] = {"a", "b"}, *value[] = {"a", "--flag=1"};
	char *dash[] = {"--", "--user"};

	CHECK(options_read(&c, 6, good) == -1 && c.json && option_is(&c, "flag") && strcmp(c.arg[0], "a") == 0);
	CHECK(option_all(&c, "user", all) == 2 && strcmp(all[0], "1") == 0 && strcmp(option_get(&c, "user"), "2") == 0);
	c = (struct cmd){.verb = &verb};
	CHECK(options_read(&c, 2, dash) == -1 && strcmp(c.arg[0], "--user") == 0);
	struct {
		char **argv;
		int argc;
		const char *why;
	} bad[] = {{missing, 2, "that option lacks its value: --user"}, {unknown, 2, "there is no such option: --foo"},
	    {many, 2, "too many arguments: b"}, {value, 2, "that option takes no value: --flag=1"},
	    {good, 0, "an argument is missing: A"}};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		c = (struct cmd){.verb = &verb};
		CHECK(strncmp(complained(&c, bad[i].argc, bad[i].argv), bad[i].why, strlen(bad[i].why)) == 0);
	}
}

static void a_control_in_an_argument_is_not_sent(void)
{
	struct cmd c = {.site = "/nonexistent"};
	struct ask a;

	ask_begin(&a, &c, "user-delete");
	ask_field(&a, "name", "101\nverb=stop");
	CHECK(ask_run(&a, NULL, NULL) == EXIT_USAGE);
	ask_begin(&a, &c, "user-delete");
	ask_field(&a, "name", "101");
	CHECK(ask_run(&a, NULL, NULL) == EXIT_UNREACHABLE);
}

int main(void)
{
	RUN(what_comes_from_outside_is_shown_harmless);
	RUN(long_text_is_cut);
	RUN(lengths_of_time);
	RUN(options_are_read);
	RUN(a_control_in_an_argument_is_not_sent);
	return TEST_END;
}
