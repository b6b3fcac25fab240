/* SPDX-License-Identifier: ISC */
#include "ctl/helper.h"
#include "base/clock.h"
#include "base/log.h"
#include "ipc/child.h"
#include <errno.h>
#include <ev.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

static int helper_fd = -1;
static ev_io unasked;

static _Noreturn void lost(void)
{
	log_error("the reader of requests is gone");
	exit(1); /* parent starts ctl anew, and ctl its reader */
}

/* Its answers are read where it is asked. */
static void on_unasked(struct ev_loop *loop, ev_io *w, int events)
{
	(void)loop;
	(void)w;
	(void)events;
	lost();
}

void helper_start(void)
{
	helper_fd = child_helper("ringfence-request", NULL);
	ev_io_init(&unasked, on_unasked, helper_fd, EV_READ);
	ev_io_start(child_loop(), &unasked);
}

static bool answers_in_time(void)
{
	struct pollfd p = {.fd = helper_fd, .events = POLLIN};
	uint64_t now = clock_boot_ms(), end = now + HELPER_MS;
	int r;

	do
		r = poll(&p, 1, (int)(end - now));
	while (r < 0 && errno == EINTR && (now = clock_boot_ms()) < end);
	return r == 1;
}

const char *helper_parse(struct span request, uint8_t point[HELPER_POINT])
{
	static struct helper_answer a;

	if (write(helper_fd, request.p, request.n) != (ssize_t)request.n || !answers_in_time() ||
	    read(helper_fd, &a, sizeof a) != (ssize_t)sizeof a)
		lost();
	/* it read what came from outside, so it is not believed either */
	a.why[sizeof a.why - 1] = 0;
	for (char *c = a.why; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
	if (a.ok != 1)
		return a.why[0] ? a.why : "the request cannot be read";
	memcpy(point, a.point, HELPER_POINT);
	return NULL;
}
