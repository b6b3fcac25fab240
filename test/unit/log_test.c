/* SPDX-License-Identifier: ISC */
/* R28: who reads the log may stand still or be gone: lines are lost and counted, and nobody waits (T39: a line is one). */
#include "base/log.h"
#include "test.h"
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { NEVER_S = 20 };

static int saved;

static void into(int fd)
{
	saved = dup(STDERR_FILENO);
	CHECK(saved >= 0 && dup2(fd, STDERR_FILENO) >= 0);
}

static void back(void)
{
	CHECK(dup2(saved, STDERR_FILENO) >= 0);
	close(saved);
}

/* Until nothing more goes in. */
static void fill(int fd)
{
	static const char octets[4096];

	CHECK(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
	while (write(fd, octets, sizeof octets) > 0)
		;
	CHECK(fcntl(fd, F_SETFL, 0) == 0);
}

static void drain(int fd, char *out, size_t room)
{
	size_t n = 0;

	CHECK(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
	for (ssize_t r; n < room - 1 && (r = read(fd, out + n, room - 1 - n)) > 0;)
		n += (size_t)r;
	out[n] = '\0';
}

static void a_reader_that_stands_still_holds_nobody_up(void)
{
	static char said[1 << 17];
	int fd[2];

	CHECK(pipe(fd) == 0);
	fill(fd[1]);
	into(fd[1]);
	for (int i = 0; i < 3; i++)
		log_line(LOG_WARN, "nobody hears this");
	drain(fd[0], said, sizeof said);
	sleep(1); /* what was lost is said with the first line of another second */
	log_line(LOG_WARN, "heard");
	back();
	drain(fd[0], said, sizeof said);
	CHECK(strstr(said, "3 lines dropped\n") && strstr(said, "heard\n") && !strstr(said, "nobody"));
	close(fd[0]);
	close(fd[1]);
}

/* T39: what is said of others' making, among it the one-octet escape of terminals, is on one line, and obeyed by none. */
static void a_line_stays_a_line(void)
{
	static const char escape[] = "\xc2\x9b" "31m";
	char said[2048], much[700];
	int fd[2];

	memset(much, '\n', sizeof much - 1);
	much[sizeof much - 1] = '\0';
	CHECK(pipe(fd) == 0);
	into(fd[1]);
	log_line(LOG_WARN, "%s", "a\nb\r\033[2J\x7f\tc \xc3\xa9");
	log_line(LOG_WARN, "%s", escape);
	log_line(LOG_WARN, "%s", much);
	back();
	drain(fd[0], said, sizeof said);
	CHECK(strstr(said, ": a?b??[2J??c \xc3\xa9\n") && strstr(said, ": ??31m\n"));
	unsigned lines = 0;
	for (const char *c = said; *c; c++) {
		CHECK((unsigned char)*c >= 0x20 || *c == '\n');
		lines += *c == '\n';
	}
	CHECK(lines == 3);
	close(fd[0]);
	close(fd[1]);
}

static void one_that_is_gone_ends_nobody(void)
{
	int fd[2];

	CHECK(pipe(fd) == 0);
	close(fd[0]);
	into(fd[1]);
	log_line(LOG_WARN, "nobody hears this");
	back();
	close(fd[1]);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN); /* as parent, whose children begin with it */
	alarm(NEVER_S);
	RUN(a_reader_that_stands_still_holds_nobody_up);
	RUN(a_line_stays_a_line);
	RUN(one_that_is_gone_ends_nobody);
	return TEST_END;
}
