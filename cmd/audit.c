/* SPDX-License-Identifier: ISC */
/* ringfence audit: opens the captures, has them read by a program in a cage, and shows what it says. Needs no exchange. */
#include "audit.h"
#include "verbs.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FILES_MAX = 64, WORDS_MAX = FILES_MAX + 8, WORD_MAX = 24, LINE_MAX_OCTETS = 65536 + 2 };
enum { SOME_UNREAD = 3 }; /* of proc/audit/main.c */

struct reader {
	pid_t pid;
	FILE *lines;
	int fd[FILES_MAX]; /* with --prove: the capture, itself again, and the sound */
	char program[4096], room[WORDS_MAX][WORD_MAX];
	char *word[WORDS_MAX + 1];
	int words;
	int complaints; /* of captures */
};

static void add_word(struct reader *r, const char *word)
{
	snprintf(r->room[r->words], WORD_MAX, "%s", word);
	r->word[r->words] = r->room[r->words];
	r->words++;
}

static void add_fd(struct reader *r, int fd)
{
	char number[WORD_MAX];

	snprintf(number, sizeof number, "%d", fd);
	add_word(r, number);
}

static bool open_files(struct cmd *c, struct reader *r)
{
	for (int i = 0; i < c->args; i++) {
		bool standard = strcmp(c->arg[i], "-") == 0;
		if (standard && isatty(STDIN_FILENO)) {
			complain("standard input is a terminal", NULL, "`tcpdump -w - ... | ringfence audit -`");
			return false;
		}
		r->fd[i] = standard ? dup(STDIN_FILENO) : open(c->arg[i], O_RDONLY);
		if (r->fd[i] < 0) {
			complain(safe(c->arg[i]), strerror(errno), NULL);
			return false;
		}
		add_fd(r, r->fd[i]);
	}
	return true;
}

/* The program has its captures, a pipe to us and standard error, nothing else. */
static void become(struct reader *r, int out)
{
	if (dup2(out, STDOUT_FILENO) < 0)
		_exit(EXIT_REFUSED);
	execv(r->program, r->word);
	_exit(EXIT_REFUSED);
}

/* The capture a second time, and the file for the sound, which must be a new one. */
static bool open_sound(struct cmd *c, struct reader *r)
{
	const char *call = option_get(c, "prove"), *path = option_get(c, "sound");
	uint64_t id;

	if (!call && !path)
		return true;
	if (!call || !path || c->args != 1 || strcmp(c->arg[0], "-") == 0 ||
	    !span_decimal(span_str(call), UINT32_MAX, &id) || id == 0) {
		complain("--prove CALL needs --sound FILE, and one capture that is a file", NULL, NULL);
		return false;
	}
	r->fd[1] = open(c->arg[0], O_RDONLY);
	r->fd[2] = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (r->fd[1] < 0 || r->fd[2] < 0) {
		complain(safe(r->fd[1] < 0 ? c->arg[0] : path), strerror(errno), NULL);
		return false;
	}
	add_word(r, "--prove");
	add_word(r, call);
	add_fd(r, r->fd[1]);
	add_fd(r, r->fd[2]);
	return true;
}

static int wrong_use(const char *why)
{
	complain(why, NULL, "`ringfence audit --help`");
	return EXIT_USAGE;
}

/* -1: the words fit together. */
static int check_words(const struct cmd *c)
{
	const char *live = option_get(c, "live"), *length = option_get(c, "for");

	if ((c->args == 0) == (live == NULL))
		return wrong_use(live ? "a capture or a device, not both" : "a capture or --live is missing");
	if (length && (!live || length_of_time(length) == 0))
		return wrong_use(live ? "--for wants a time such as 10m" : "--for goes with --live");
	return -1;
}

/* Ctrl-C ends the listening; what was heard is judged and shown. */
static bool open_live(struct cmd *c, struct reader *r)
{
	const char *device = option_get(c, "live"), *length = option_get(c, "for");
	struct audit_live l;

	if (!device)
		return true;
	if (!audit_live_open(device, &l))
		return false;
	add_word(r, "--live");
	add_fd(r, l.fd);
	add_fd(r, l.link);
	add_fd(r, (int)(length ? length_of_time(length) : 0));
	add_fd(r, l.loopback);
	return true;
}

static bool start(struct cmd *c, struct reader *r)
{
	int fd[2];

	if (!program_find("audit", "ringfence-audit", r->program, sizeof r->program)) {
		complain("ringfence-audit is not installed", LIBEXEC, NULL);
		return false;
	}
	r->word[r->words++] = r->program;
	if (!open_files(c, r) || !open_live(c, r) || !open_sound(c, r))
		return false;
	static const char *const passed[] = {"anonymise", "graph"};
	for (size_t i = 0; i < sizeof passed / sizeof *passed; i++) {
		char word[WORD_MAX];
		snprintf(word, sizeof word, "--%s", passed[i]);
		if (option_is(c, passed[i]))
			add_word(r, word);
	}
	if (isatty(STDERR_FILENO))
		add_word(r, "--progress");
	r->word[r->words] = NULL;
	fflush(stdout);
	if (pipe2(fd, O_CLOEXEC) != 0 || (r->pid = fork()) < 0) {
		complain("ringfence-audit cannot be started", strerror(errno), NULL);
		return false;
	}
	if (r->pid == 0)
		become(r, fd[1]);
	if (option_is(c, "live"))
		signal(SIGINT, SIG_IGN);
	close(fd[1]);
	for (int i = 0; i < c->args; i++)
		close(r->fd[i]);
	r->lines = fdopen(fd[0], "r");
	return r->lines != NULL;
}

/* Progress and files that were not read whole are said at once. */
static bool aside(struct cmd *c, struct reader *r, const json_t *line)
{
	if (line_is(line, "progress")) {
		if (isatty(STDERR_FILENO))
			fprintf(
			    stderr, "\r%lld million packets", (long long)(member_number(line, "packets") / 1000000));
		return true;
	}
	if (line_is(line, "sound") && !member_flag(line, "written")) {
		unlink(option_get(c, "sound"));
		complain("no sound was written", member(line, "why"), NULL);
		return !c->json;
	}
	if (line_is(line, "file")) {
		int64_t i = member_number(line, "file");
		r->complaints++;
		complain(i >= 0 && i < c->args ? safe(c->arg[i]) : "capture", member(line, "why"), NULL);
		return !c->json;
	}
	return false;
}

/* -1: said nothing of calls. */
static int64_t read_lines(struct cmd *c, struct reader *r, struct audit_view *view, struct audit_html *html)
{
	static char text[LINE_MAX_OCTETS];
	bool nothing = false; /* was read: that is no good news */
	int64_t open = -1;

	while (fgets(text, sizeof text, r->lines)) {
		json_t *line = json_loads(text, 0, NULL);
		if (!line)
			continue;
		if (line_is(line, "audit")) {
			open = member_number(line, "open");
			nothing = member_number(line, "packets") == 0 && c->args && r->complaints == c->args;
		}
		if (html->file)
			audit_html_line(html, line);
		if (line_is(line, "audit") && isatty(STDERR_FILENO))
			fputs("\r\033[K", stderr);
		if (aside(c, r, line))
			;
		else if (c->json)
			put_line(stdout, line); /* it was read by who may have been taken */
		else if (!nothing)
			audit_show(view, line);
		json_decref(line);
	}
	return open;
}

static int audit(struct cmd *c)
{
	struct reader r = {.lines = NULL};
	struct audit_view view;
	struct audit_html html = {.file = NULL};
	const char *page = option_get(c, "html");
	int status = -1, wrong = check_words(c);

	if (wrong >= 0)
		return wrong;
	if (page && !audit_html_begin(&html, c, page))
		return EXIT_REFUSED;
	if (!start(c, &r)) {
		if (html.file)
			audit_html_end(&html, false);
		return EXIT_REFUSED;
	}
	audit_show_begin(&view, c);
	int64_t open = read_lines(c, &r, &view, &html);
	fclose(r.lines);
	waitpid(r.pid, &status, 0);
	audit_show_end(&view);
	bool some = WIFEXITED(status) && WEXITSTATUS(status) == SOME_UNREAD && open >= 0;
	bool all = WIFEXITED(status) && WEXITSTATUS(status) == 0 && open >= 0, ok = all;
	if (html.file)
		ok = audit_html_end(&html, all || some) && ok;
	if (!all)
		complain(some ? "not every capture could be read" : "the captures could not be read",
		    WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : NULL, NULL);
	if (c->json)
		printf("{\"kind\":\"done\",\"result\":\"%s\"}\n", ok ? "ok" : "refused");
	return !ok ? EXIT_REFUSED : open > 0 ? EXIT_OPEN : EXIT_DONE;
}

const struct verb verb_audit = {
    .name = "audit",
    .run = audit,
    .usage = "FILE... | --live DEVICE",
    .args_max = FILES_MAX,
    .what = "Say how many calls in a capture, of any make of telephones, anyone could hear",
    .help =
	"FILE is a capture (pcap or pcapng), - is standard input. No exchange is needed. The first line sums up; then come the calls, the phones\n"
	"to fix first, and what the signalling gives away. Exit status: 0 no call is open, 1 the captures could not be read, 2 wrong use, 4 calls are open.",
    .option = {{"all", NULL, "every call, not the first 30 that are open"},
	{"live", "DEVICE", "listen at a network device instead, until Ctrl-C"},
	{"for", "TIME", "with --live: for so long"},
	{"graph", NULL, "who calls whom, as an eavesdropper could draw it"},
	{"anonymise", NULL, "tokens in place of numbers, names, addresses and devices"},
	{"prove", "CALL", "write up to ten seconds of that open call (by its id) as sound"},
	{"sound", "FILE", "where to; the file must be new"},
	{"html", "FILE", "the report as a page too, which needs no other file"}},
};
