/* SPDX-License-Identifier: ISC */
/* libev stops a watcher whose epoll_ctl() fails (ENOMEM, ENOSPC) and says so once, by EV_ERROR: who does not listen to that never hears
 * of the descriptor again, and looks well. */
#include "ipc/child_io.h"
#include "base/log.h"
#include "ipc/child.h"
#include <poll.h>

enum { TRIES = 200, PAUSE_MS = 10, WAIT_MS = 1000 };

static bool refused;
static uint32_t turns; /* one after another in which something was refused */

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
	return turns ? 0 : WAIT_MS;
}
