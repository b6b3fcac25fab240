/* SPDX-License-Identifier: ISC */
#include "cmd.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* ctl gives each step 15 s and says so when it is not done then: who says nothing for longer hangs. */
enum { LINE_MAX_OCTETS = 256 * 1024, SILENCE_S = 30 };

/* The name of a socket is short: one of a longer path is reached by way of its directory. */
static int reach(const struct cmd *c)
{
	const struct timeval most = {.tv_sec = SILENCE_S};
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int dir = -1;

	if ((size_t)snprintf(a.sun_path, sizeof a.sun_path, "%s/run/ctl.sock", c->site) >= sizeof a.sun_path) {
		dir = open(c->site, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (dir < 0)
			return -1;
		snprintf(a.sun_path, sizeof a.sun_path, "/proc/self/fd/%d/run/ctl.sock", dir);
	}
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool reached = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most) == 0 &&
	               setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most) == 0 &&
	               connect(fd, (struct sockaddr *)&a, sizeof a) == 0;
	int why = errno;
	if (dir >= 0)
		close(dir);
	if (fd >= 0 && !reached)
		close(fd);
	errno = why;
	return reached ? fd : -1;
}

bool ask_is_there(const struct cmd *c)
{
	int fd = reach(c);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

void ask_begin(struct ask *a, struct cmd *c, const char *verb)
{
	a->cmd = c;
	a->request = buf_of(a->text, sizeof a->text);
	a->body = NULL;
	a->body_n = 0;
	a->wrong = NULL;
	a->follows = false;
	ask_field(a, "verb", verb);
}

void ask_field(struct ask *a, const char *name, const char *value)
{
	if (!value)
		return;
	for (const char *p = value; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			a->wrong = name; /* it would be refused: a control in a text */
	buf_str(&a->request, name);
	buf_u8(&a->request, '=');
	buf_str(&a->request, value);
	buf_u8(&a->request, '\n');
	if (a->request.full && !a->wrong)
		a->wrong = name;
}

void ask_number(struct ask *a, const char *name, uint64_t value)
{
	buf_str(&a->request, name);
	buf_u8(&a->request, '=');
	buf_decimal(&a->request, value);
	buf_u8(&a->request, '\n');
}

void ask_body(struct ask *a, const char *body, size_t n)
{
	ask_number(a, "body", n);
	a->body = body;
	a->body_n = n;
}

static bool send_all(int fd, const void *p, size_t n)
{
	const char *at = p;

	while (n) {
		ssize_t sent = send(fd, at, n, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		at += sent;
		n -= (size_t)sent;
	}
	return true;
}

static bool mute; /* of ask_run_mute() */

static void say_why(const char *what, const char *why, const char *do_what)
{
	if (!mute)
		complain(what, why, do_what);
}

static int unreachable(const struct cmd *c)
{
	char what[300];
	bool denied = errno == EACCES || errno == EPERM, hangs = errno == EAGAIN || errno == EINPROGRESS;

	snprintf(what, sizeof what, "no exchange answers at %s/run/ctl.sock", safe(c->site));
	say_why(what, hangs ? "it takes no question" : strerror(errno),
	    denied  ? "run the command as root"
	    : hangs ? "look at its log: it hangs, or is stopped"
		    : "start it with ./run, or name its directory with --site DIR");
	return EXIT_UNREACHABLE;
}

static int end_of(const struct cmd *c, json_t *line)
{
	const char *result = member(line, "result");

	if (strcmp(result, "ok") == 0) {
		if (member_number(line, "unshown"))
			fprintf(
			    stderr, "ringfence: %lld more are not shown\n", (long long)member_number(line, "unshown"));
		if (member(line, "note")[0] && !mute)
			fprintf(stderr, "ringfence: %s\n", safe(member(line, "note")));
		return EXIT_DONE;
	}
	int code = strcmp(result, word_result[DONE_BUSY].key) == 0 ? EXIT_BUSY : EXIT_REFUSED;
	if (mute)
		return code;
	if (c->json)
		put_line(stderr, line);
	else
		say_why(word_plain(word_result, DONE_RESULTS, result), member(line, "why"), member(line, "do"));
	if (!c->json && member(line, "left")[0])
		fprintf(stderr, "  left behind: %s\n", safe(member(line, "left")));
	return code;
}

/* One line; the exit code when it was the last, else -1. */
static int take_line(
    const struct ask *a, const char *text, size_t n, bool quiet, void (*each)(json_t *, void *), void *arg)
{
	json_t *line = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
	int code = -1;

	if (!json_is_object(line)) {
		say_why("the answer cannot be read", "it is no JSON object", "is the exchange of the same version?");
		code = EXIT_REFUSED;
	} else if (line_is(line, "done")) {
		code = end_of(a->cmd, line);
	} else if (a->cmd->json && !quiet) {
		put_line(stdout, line);
		fflush(stdout);
	} else if (each) {
		each(line, arg);
	}
	json_decref(line);
	return code;
}

static int silent(const struct cmd *c)
{
	char what[300];

	snprintf(what, sizeof what, "the exchange at %s said nothing for %d seconds", safe(c->site), SILENCE_S);
	say_why(what, "it hangs, or is stopped", "look at its log; what was to be changed may still be done");
	return EXIT_UNREACHABLE;
}

static int hear(const struct ask *a, int fd, bool quiet, void (*each)(json_t *, void *), void *arg)
{
	static char in[LINE_MAX_OCTETS];
	size_t have = 0;

	for (;;) {
		ssize_t n = read(fd, in + have, sizeof in - have);
		bool nothing = n < 0 && errno == EAGAIN;
		if ((n < 0 && errno == EINTR) || (nothing && a->follows))
			continue;
		if (nothing)
			return silent(a->cmd);
		if (n <= 0)
			break;
		have += (size_t)n;
		for (char *end; (end = memchr(in, '\n', have));) {
			size_t line = (size_t)(end - in);
			int code = take_line(a, in, line, quiet, each, arg);
			if (code >= 0)
				return code;
			have -= line + 1;
			memmove(in, end + 1, have);
		}
		if (have == sizeof in)
			break;
	}
	say_why("the exchange hung up before it had answered", "it may be restarting", "try again in a few seconds");
	return EXIT_UNREACHABLE;
}

static int exchange(struct ask *a, bool quiet, void (*each)(json_t *, void *), void *arg)
{
	buf_u8(&a->request, '\n');
	if (a->wrong || a->request.full) {
		char why[80];
		const char *what = !a->wrong ? "request" : strcmp(a->wrong, "display") == 0 ? "display name" : a->wrong;
		snprintf(why, sizeof why, "the %s is too long or holds a control character", what);
		say_why("that cannot be asked", why, NULL);
		return EXIT_USAGE;
	}
	int fd = reach(a->cmd);
	if (fd < 0)
		return unreachable(a->cmd);
	/* it may have refused, and hung up, before it had read all */
	bool sent = send_all(fd, a->text, a->request.n) && send_all(fd, a->body, a->body_n);
	int code = sent || errno == EPIPE ? hear(a, fd, quiet, each, arg) : unreachable(a->cmd);
	close(fd);
	return code;
}

static int run(struct ask *a, bool quiet, void (*each)(json_t *, void *), void *arg)
{
	int code = exchange(a, quiet, each, arg);

	explicit_bzero(a->text, sizeof a->text); /* a password may stand there */
	return code;
}

int ask_run(struct ask *a, void (*line)(json_t *line, void *arg), void *arg)
{
	return run(a, false, line, arg);
}

int ask_table(struct ask *a, struct table *t, void (*row)(json_t *line, void *arg), const char *none)
{
	int code = ask_run(a, row, t);
	bool empty = t->rows == 1;

	table_end(t);
	if (code == EXIT_DONE && empty && !a->cmd->json)
		printf("%s\n", none);
	return code;
}

int ask_run_quiet(struct ask *a, void (*line)(json_t *line, void *arg), void *arg)
{
	return run(a, true, line, arg);
}

int ask_run_mute(struct ask *a, void (*line)(json_t *line, void *arg), void *arg)
{
	mute = true;
	int code = run(a, true, line, arg);
	mute = false;
	return code;
}

const char *member(const json_t *line, const char *name)
{
	const char *s = json_string_value(json_object_get(line, name));

	return s ? s : "";
}

int64_t member_number(const json_t *line, const char *name)
{
	return json_integer_value(json_object_get(line, name));
}

bool member_flag(const json_t *line, const char *name)
{
	return json_is_true(json_object_get(line, name));
}

void put_line(FILE *to, const json_t *line)
{
	char *text = json_dumps(line, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_PRESERVE_ORDER);

	for (const char *at = text; at && *at; at++) {
		if (*at == 0x7f) /* is ASCII too */
			fputs("\\u007f", to);
		else
			putc(*at, to);
	}
	free(text);
	putc('\n', to);
}

bool line_is(const json_t *line, const char *kind)
{
	return strcmp(member(line, "kind"), kind) == 0;
}
