/* SPDX-License-Identifier: ISC */
/* libev stops a watcher whose epoll_ctl() fails (ENOMEM, ENOSPC) and says so once, by EV_ERROR: who does not listen to that never hears
 * of the descriptor again, and looks well. It is said after the wait alone, which may be long; so the wait is ended by a bell. */
#include "ipc/child_io.h"
#include "base/log.h"
#include "ipc/child.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { TRIES = 200, PAUSE_MS = 10, UNHEARD_WAIT_MS = 1000 };

static bool refused;
static uint32_t turns; /* one after another in which something was refused */
static ev_io bell;
static bool heard; /* the kernel watches the bell */

static void ring(void)
{
	const uint64_t one = 1;

	(void)!write(bell.fd, &one, sizeof one);
}

static void on_bell(struct ev_loop *l, ev_io *w, int events)
{
	uint64_t n;
	(void)l;
	child_io_again(w, events);
	heard = heard || !(events & EV_ERROR);
	(void)!read(w->fd, &n, sizeof n);
}

/* What the kernel was to watch from now on it was just told, and what it refused is pending. */
static void on_before_poll(struct ev_loop *l) EV_NOEXCEPT
{
	if (ev_pending_count(l))
		ring();
}

void child_io_open(void)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	if (fd < 0)
		log_fatal("no eventfd: %s", strerror(errno));
	ev_io_init(&bell, on_bell, fd, EV_READ);
	ev_set_priority(&bell, EV_MAXPRI);
	ev_io_start(child_loop(), &bell);
	ring();
	ev_set_loop_release_cb(child_loop(), on_before_poll, NULL);
}

void child_io_again(ev_io *w, int events)
{
	if (!(events & EV_ERROR))
		return;
	refused = true;
	ev_io_set(w, w->fd, w->events & (EV_READ | EV_WRITE)); /* else libev takes it for one that is watched */
	ev_io_start(child_loop(), w);
}

uint32_t child_io_turn(void)
{
	turns = refused ? turns + 1 : 0;
	refused = false;
	if (turns > TRIES)
		log_fatal("the kernel does not watch a descriptor, for want of memory");
	if (turns)
		poll(NULL, 0, PAUSE_MS);
	return turns ? 0 : heard ? UINT32_MAX : UNHEARD_WAIT_MS;
}
