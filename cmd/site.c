/* SPDX-License-Identifier: ISC */
/* The exchange as a whole. */
#include "verbs.h"
#include <fcntl.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum { STOP_LIMIT_MS = 10000, STOP_PAUSE_MS = 50 };

static int simple(struct cmd *c, const char *verb, const char *done)
{
	struct ask a;

	ask_begin(&a, c, verb);
	int code = ask_run(&a, NULL, NULL);
	if (code == EXIT_DONE && !c->json)
		printf("%s\n", done);
	return code;
}

static int reload(struct cmd *c)
{
	return simple(c, "reload", "The configuration was read again and taken by every process.");
}

/* ringfenced holds a lock on its site directory from its first act to its last. */
static bool wait_gone(const char *site)
{
	const struct timespec pause = {.tv_nsec = STOP_PAUSE_MS * 1000000L};
	int fd = open(site, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool gone = false;

	for (int i = 0; fd >= 0 && !gone && i < STOP_LIMIT_MS / STOP_PAUSE_MS; i++) {
		gone = flock(fd, LOCK_SH | LOCK_NB) == 0;
		if (!gone)
			nanosleep(&pause, NULL);
	}
	if (fd >= 0)
		close(fd);
	return gone;
}

static int stop(struct cmd *c)
{
	struct ask a;

	ask_begin(&a, c, "stop");
	int code = ask_run(&a, NULL, NULL);
	if (code == EXIT_DONE && !wait_gone(c->site)) {
		complain("the exchange was told to stop and has not ended yet", NULL, "see its log");
		return EXIT_REFUSED;
	}
	if (code == EXIT_DONE && !c->json)
		puts("The exchange has stopped.");
	return code;
}

static int confirm(struct cmd *c)
{
	return simple(c, "clock-confirm", "The clock is taken as right; what is due to be erased goes now.");
}

const struct verb verb_reload = {
    .name = "reload",
    .run = reload,
    .usage = "",
    .what = "Read the configuration again",
    .help =
	"Calls go on. When any process refuses the new one, all keep the old, and the reason is said with its line.",
};

const struct verb verb_stop = {
    .name = "stop",
    .run = stop,
    .usage = "",
    .what = "Stop the exchange; calls end",
    .help = "Returns when nothing of it runs any more, after 10 seconds at most.",
};

const struct verb verb_clock_confirm = {
    .name = "clock confirm",
    .run = confirm,
    .usage = "",
    .what = "Say that the clock is right after it went forward by more than a day",
    .help = "Until then nothing of the call log is erased, so that a wrong clock erases nothing.\n"
	    "What ceilings counted on a day to come is of today from then on.",
};
