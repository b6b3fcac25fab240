/* SPDX-License-Identifier: ISC */
/* ringfence-tell: what watch must not do itself. It understands nothing of what it is given: a text goes to syslog as it is,
 * or into the standard input of the one command that it was started with, which has a time limit. */
#include "base/clock.h"
#include "base/log.h"
#include "cage/cage.h"
#include "watch/teller.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WATCH_FD = 3, TURN_MS = 50 };

static char *word[TELL_WORDS_MAX + 1];
static pid_t running;
static uint64_t since_ms;

static void answer(enum alarm_way w, enum tell_result r)
{
	struct tell_answer a = {.way = (uint8_t)w, .result = (uint8_t)r};

	if (write(WATCH_FD, &a, sizeof a) != (ssize_t)sizeof a)
		exit(1);
}

/* --- syslog --- */

/* Opened for each: whoever writes the log may have been restarted. */
static bool send_syslog(const char *text, size_t n)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool sent = fd >= 0 && sendto(fd, text, n, MSG_NOSIGNAL, (struct sockaddr *)&to, sizeof to) == (ssize_t)n;

	if (fd >= 0)
		close(fd);
	return sent;
}

static void take_syslog(const char *text, size_t n)
{
	static bool all = true;

	if (n) {
		all = send_syslog(text, n) && all;
		return;
	}
	answer(WAY_SYSLOG, all ? TELL_OK : TELL_FAILED);
	all = true;
}

/* --- mail --- */

static _Noreturn void become(int in)
{
	char *env[] = {
	    (char[]){"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, (char[]){"LANG=C"}, NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	/* a group of its own, so that what it starts ends with it; and it ends with us */
	if (null < 0 || setsid() < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || dup2(in, STDIN_FILENO) < 0 ||
	    dup2(null, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0 || close_range(3, ~0u, 0) != 0)
		_exit(127);
	signal(SIGPIPE, SIG_DFL);
	execve(word[0], word, env);
	_exit(127);
}

/* The text fits into the pipe, so nobody waits for the command to read it. */
static bool start(const char *text, size_t n)
{
	int fd[2];

	if (!word[0] || pipe2(fd, O_CLOEXEC) != 0)
		return false;
	bool written = write(fd[1], text, n) == (ssize_t)n;
	running = written ? fork() : -1;
	if (running == 0)
		become(fd[0]);
	close(fd[0]);
	close(fd[1]);
	since_ms = clock_boot_ms();
	if (running < 0)
		running = 0;
	return running != 0;
}

static void take_mail(const char *text, size_t n)
{
	if (running || !start(text, n))
		answer(WAY_MAIL, TELL_CANNOT);
}

static void look_at_command(void)
{
	int status;
	bool late = running && clock_boot_ms() - since_ms >= TELL_MAIL_MS;

	if (!running)
		return;
	if (late)
		kill(-running, SIGKILL);
	if (waitpid(running, &status, late ? 0 : WNOHANG) == 0)
		return;
	kill(-running, SIGKILL); /* what it left behind */
	running = 0;
	if (late)
		answer(WAY_MAIL, TELL_HUNG);
	else
		answer(WAY_MAIL, WIFEXITED(status) && WEXITSTATUS(status) == 0 ? TELL_OK : TELL_FAILED);
}

/* --- life --- */

static bool split(char *command)
{
	char *save = NULL, *w = strtok_r(command, " ", &save);
	int n = 0;

	for (; w && n < TELL_WORDS_MAX; w = strtok_r(NULL, " ", &save))
		word[n++] = w;
	return w == NULL;
}

static bool take(void)
{
	static union {
		struct tell_head head;
		char octets[sizeof(struct tell_head) + TELL_TEXT_MAX];
	} in;
	ssize_t n = read(WATCH_FD, &in, sizeof in);

	if (n < (ssize_t)sizeof in.head)
		return false; /* watch is gone */
	size_t text_n = (size_t)n - sizeof in.head;
	if (in.head.way == WAY_SYSLOG)
		take_syslog(in.octets + sizeof in.head, text_n);
	else if (in.head.way == WAY_MAIL)
		take_mail(in.octets + sizeof in.head, text_n);
	else
		return false;
	return true;
}

static bool number(const char *s, uint64_t *out)
{
	return span_decimal(span_str(s), UINT32_MAX, out);
}

int main(int argc, char **argv)
{
	struct pollfd p = {.fd = WATCH_FD, .events = POLLIN};
	uint64_t uid, gid;

	log_init("tell", 0);
	if (argc != 4 || !number(argv[1], &uid) || !number(argv[2], &gid)) {
		fprintf(stderr, "ringfence-tell is started by ringfence-watch, not by hand\n");
		return 2;
	}
	cage_early();
	if (!split(argv[3]))
		log_fatal("the mail command has more than %d words", TELL_WORDS_MAX);
	cage_enter_open((uid_t)uid, (gid_t)gid);
	for (;;) {
		int ready = poll(&p, 1, running ? TURN_MS : -1);
		if (ready < 0 && errno != EINTR)
			return 1;
		if (ready > 0 && !take())
			break;
		look_at_command();
	}
	if (running)
		kill(-running, SIGKILL);
	return 0;
}
