/* SPDX-License-Identifier: ISC */
#include "watch/teller.h"
#include "base/log.h"
#include "ipc/child.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

static int helper_fd = -1;
static ev_io readable;
static void (*on_told)(enum alarm_way w, enum tell_result r);

void teller_start(const struct site_alarms *s, void (*told)(enum alarm_way w, enum tell_result r))
{
	on_told = told;
	helper_fd = child_helper("ringfence-tell", s->mail);
	if (fcntl(helper_fd, F_SETFL, O_NONBLOCK) != 0)
		log_fatal("cannot start the teller of alarms");
}

static _Noreturn void lost(void)
{
	log_error("the teller of alarms is gone");
	exit(1); /* parent starts watch anew, and watch its teller */
}

static void on_readable(struct ev_loop *loop, ev_io *w, int events)
{
	struct tell_answer a;
	ssize_t n = read(helper_fd, &a, sizeof a);

	(void)loop;
	child_io_again(w, events);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n != (ssize_t)sizeof a || a.way > WAY_MAIL || a.result >= TELL_RESULTS)
		lost();
	on_told((enum alarm_way)a.way, (enum tell_result)a.result);
}

void teller_serve(void)
{
	ev_io_init(&readable, on_readable, helper_fd, EV_READ);
	ev_io_start(child_loop(), &readable);
}

bool teller_say(enum alarm_way w, struct span text)
{
	struct tell_head h = {.way = (uint8_t)w};
	struct iovec v[] = {{&h, sizeof h}, {(void *)(uintptr_t)text.p, text.n}};

	return text.n <= TELL_TEXT_MAX && writev(helper_fd, v, 2) == (ssize_t)(sizeof h + text.n);
}
