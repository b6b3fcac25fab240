/* SPDX-License-Identifier: ISC */
/* R28: a descriptor that the kernel refuses to watch, however long nothing else happens. */
#include "ipc/child_io.h"
#include "ipc/child.h"
#include "test.h"
#include <errno.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NEVER_S = 20 };

static struct ev_loop *loop;
static uint32_t refusals; /* to come */
static int pipe_fd[2];
static uint32_t heard, turns;

struct ev_loop *child_loop(void)
{
	return loop;
}

/* libev's, in place of the C library's. */
__attribute__((visibility("default"))) int epoll_ctl(int at, int op, int fd, struct epoll_event *e)
{
	if (fd == pipe_fd[0] && op != EPOLL_CTL_DEL && refusals > 0) {
		refusals--;
		errno = ENOMEM;
		return -1;
	}
	return (int)syscall(SYS_epoll_ctl, at, op, fd, e);
}

static void on_pipe(struct ev_loop *l, ev_io *w, int events)
{
	(void)l;
	child_io_again(w, events);
	if (events & EV_ERROR)
		return;
	heard++;
	ev_io_stop(loop, w);
}

static void on_before(struct ev_loop *l, ev_prepare *w, int events)
{
	(void)l;
	(void)w;
	(void)events;
	turns++;
}

/* One turn of a process that has nothing else to wait for. */
static void turn(void)
{
	(void)child_io_turn();
	ev_run(loop, EVRUN_ONCE);
}

static void a_refused_one_is_heard(void)
{
	ev_prepare before;
	ev_io io;

	alarm(NEVER_S);
	loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
	CHECK(loop && pipe(pipe_fd) == 0 && write(pipe_fd[1], "x", 1) == 1);
	ev_prepare_init(&before, on_before);
	ev_prepare_start(loop, &before);

	child_io_open();
	CHECK(child_io_turn() < UINT32_MAX); /* the bell itself could be refused */
	turn();
	CHECK(child_io_turn() == UINT32_MAX);

	refusals = 1;
	ev_io_init(&io, on_pipe, pipe_fd[0], EV_READ);
	ev_io_start(loop, &io);
	turn(); /* without the bell it waits for as long as nothing else happens */
	CHECK(refusals == 0 && heard == 0);
	while (!heard)
		turn();
	CHECK(turns < 10);
	CHECK(child_io_turn() == UINT32_MAX); /* and then nobody looks again */
}

int main(void)
{
	RUN(a_refused_one_is_heard);
	return TEST_END;
}
