/* SPDX-License-Identifier: ISC */
/* The exchange as a whole. */
#include "verbs.h"

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

static int stop(struct cmd *c)
{
	return simple(c, "stop", "The exchange stops.");
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
};

const struct verb verb_clock_confirm = {
    .name = "clock confirm",
    .run = confirm,
    .usage = "",
    .what = "Say that the clock is right after it went forward by more than a day",
    .help = "Until then nothing of the call log is erased, so that a wrong clock erases nothing.",
};
