/* SPDX-License-Identifier: ISC */
#include "base/tty.h"
#include "base/secret.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const int ends[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
enum { ENDS = sizeof ends / sizeof *ends };

static volatile sig_atomic_t caught;

static void catch (int number)
{
	caught = number;
}

static int terminal(void)
{
	return open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
}

bool tty_is_there(void)
{
	struct termios t;
	int fd = terminal();
	bool is = fd >= 0 && tcgetattr(fd, &t) == 0;

	if (fd >= 0)
		close(fd);
	return is;
}

static void say(int fd, const char *text)
{
	(void)!write(fd, text, strlen(text));
}

/* Signals come only while it waits. */
static bool take_line(int fd, const sigset_t *usual, char *out, size_t cap)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	size_t n = 0;

	for (;;) {
		if (ppoll(&p, 1, NULL, usual) < 0 && (caught || errno != EINTR))
			return false;
		if (!p.revents)
			continue;
		ssize_t got = read(fd, out + n, cap - n);
		if (got <= 0)
			return false;
		n += (size_t)got;
		if (out[n - 1] == '\n') {
			out[n - 1] = 0;
			return true;
		}
		if (n == cap)
			return false;
	}
}

static bool ask_once(
    int fd, const struct termios *was, const sigset_t *usual, const char *prompt, char *out, size_t cap)
{
	struct termios silent = *was;

	silent.c_lflag &= ~(tcflag_t)ECHO;
	if (tcsetattr(fd, TCSAFLUSH, &silent) != 0)
		return false;
	say(fd, prompt);
	bool ok = take_line(fd, usual, out, cap);
	tcsetattr(fd, TCSAFLUSH, was); /* what is left of a line that is too long goes to nobody */
	say(fd, "\n");
	return ok;
}

static void watch(struct sigaction own[ENDS])
{
	const struct sigaction mine = {.sa_handler = catch};

	for (int i = 0; i < ENDS; i++)
		if (sigaction(ends[i], NULL, &own[i]) == 0 && own[i].sa_handler != SIG_IGN)
			sigaction(ends[i], &mine, NULL);
}

static void watch_no_more(const struct sigaction own[ENDS])
{
	for (int i = 0; i < ENDS; i++)
		sigaction(ends[i], &own[i], NULL);
}

bool tty_ask(const char *prompt, char *out, size_t cap)
{
	struct sigaction own[ENDS];
	struct termios was;
	sigset_t held, usual;
	int fd = terminal();
	bool ok = false, again = fd >= 0 && tcgetattr(fd, &was) == 0;

	sigemptyset(&held);
	for (int i = 0; i < ENDS; i++)
		sigaddset(&held, ends[i]);
	while (again) {
		sigprocmask(SIG_BLOCK, &held, &usual);
		caught = 0;
		watch(own);
		ok = ask_once(fd, &was, &usual, prompt, out, cap);
		watch_no_more(own);
		if (!ok)
			secret_wipe(out, cap);
		if (caught)
			raise(caught);
		sigprocmask(SIG_SETMASK, &usual, NULL); /* it ends or stops here, as if nothing had been caught */
		again = caught && !ok;
	}
	if (fd >= 0)
		close(fd);
	return ok;
}
