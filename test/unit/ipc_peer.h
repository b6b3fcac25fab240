/* SPDX-License-Identifier: ISC */
/* Runs one real process of the exchange, caged, and plays parent and all of its siblings. What it says is kept by type.
 *
 *	struct peer p;
 *	peer_start(&p, "path/ringfence-keeper", PROC_KEEPER, 0, &site);
 *	peer_give_file(&p, FILE_BOOT_KEY, fd);
 *	struct link *core = peer_link(&p, PROC_CORE, 0);
 *	peer_go(&p);
 *	struct msg_login_want *m = ipc_begin(core, MSG_LOGIN_WANT); ... ipc_end(core);
 *	const struct msg_login *n = peer_wait(core, MSG_LOGIN);
 */
#ifndef TEST_IPC_PEER_H
#define TEST_IPC_PEER_H

#include "base/clock.h"
#include "ipc/ipc.h"
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PEER_LINKS = 12, PEER_WAIT_MS = 5000, PEER_UID = 61950 };

struct peer {
	pid_t pid;
	enum proc who;
	uint32_t instance;
	struct link parent, sibling[PEER_LINKS];
	int siblings;
};

/* The last message of each type that any process under test said. */
static struct peer_said {
	uint64_t n, taken;
	_Alignas(8) uint8_t payload[2048];
	uint8_t tail[IPC_MESSAGE_MAX];
	size_t tail_n;
	int fd;
} peer_said[MSG_N];

static bool peer_heard; /* what peer_wait() waits for */
static enum msg peer_wanted;

static void peer_keep(struct link *from, const struct ipc_view *v)
{
	struct peer_said *s = &peer_said[v->type];

	if (v->type == MSG_HELLO && from->phase == PHASE_HELLO)
		from->phase = from->me == PROC_PARENT ? PHASE_SETUP : PHASE_RUN;
	s->n++;
	memcpy(s->payload, v->payload, msg_rule[v->type].size);
	memcpy(s->tail, v->tail.p, v->tail.n);
	s->tail_n = v->tail.n;
	s->fd = v->fd;
	peer_heard |= v->type == peer_wanted;
}

static ipc_handler *const *peer_on(void)
{
	static ipc_handler *on[MSG_N];

	for (int i = 0; i < MSG_N; i++)
		on[i] = peer_keep;
	return on;
}

/* The payload of the last message of this type that was not taken yet, waiting on this link for one; NULL when none
 * comes in time. */
__attribute__((unused)) static const void *peer_wait(struct link *l, enum msg type)
{
	struct peer_said *s = &peer_said[type];

	peer_wanted = type;
	peer_heard = s->n > s->taken;
	if (!link_wait(l, peer_on(), &peer_heard, PEER_WAIT_MS))
		return NULL;
	s->taken = s->n;
	return s->payload;
}

/* The greeting of the other side. */
__attribute__((unused)) static bool peer_up(struct link *l)
{
	peer_wanted = MSG_HELLO;
	peer_heard = l->phase != PHASE_HELLO;
	return link_wait(l, peer_on(), &peer_heard, PEER_WAIT_MS) && l->phase != PHASE_HELLO;
}

__attribute__((unused)) static struct span peer_str(enum msg type, struct str s)
{
	return span_of(peer_said[type].tail + s.off, s.len);
}

static void peer_hello(struct link *l, enum proc as, uint32_t instance)
{
	struct msg_hello *m = ipc_begin(l, MSG_HELLO);

	memcpy(m->build, build_id, sizeof m->build);
	m->proc = (uint8_t)as;
	m->instance = instance;
	ipc_end(l);
	link_flush(l);
}

/* In the new process: nothing but the pair at 3, in an empty directory. */
_Noreturn static void peer_exec(const char *exe, int fd)
{
	char *const argv[] = {strdup(exe), strdup("--child"), NULL};
	int file = open(exe, O_RDONLY | O_CLOEXEC), moved = fcntl(fd, F_DUPFD, 10);
	char empty[] = "/tmp/ringfence-empty-XXXXXX";

	if (file < 0 || moved < 0 || dup2(moved, 3) != 3 || !mkdtemp(empty) || chdir(empty) != 0 || rmdir(empty) != 0)
		_exit(126);
	close(moved);
	fexecve(file, argv, environ);
	_exit(127);
}

__attribute__((unused)) static bool peer_start(
    struct peer *p, const char *exe, enum proc who, uint32_t instance, const struct site *site)
{
	int fd[2];

	*p = (struct peer){.who = who, .instance = instance};
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd) != 0)
		return false;
	p->pid = fork();
	if (p->pid == 0)
		peer_exec(exe, fd[1]);
	close(fd[1]);
	if (p->pid < 0 || !link_init(&p->parent, fd[0], PROC_PARENT, who, instance, PHASE_HELLO))
		return false;
	peer_hello(&p->parent, PROC_PARENT, 0);
	struct msg_start *m = ipc_begin(&p->parent, MSG_START);
	m->instance = instance;
	m->node = 1;
	m->uid = m->gid = PEER_UID;
	ipc_end(&p->parent);
	struct msg_site_prepare *s = ipc_begin(&p->parent, MSG_SITE_PREPARE);
	s->generation = 1;
	s->site = ipc_put_part(&p->parent, site, sizeof *site);
	ipc_end(&p->parent);
	((struct msg_site_commit *)ipc_begin(&p->parent, MSG_SITE_COMMIT))->generation = 1;
	ipc_end(&p->parent);
	return link_flush(&p->parent);
}

__attribute__((unused)) static void peer_give_file(struct peer *p, enum file_kind what, int fd)
{
	struct msg_give_file *m = ipc_begin_fd(&p->parent, MSG_GIVE_FILE, fd);

	m->what = (uint8_t)what;
	ipc_end(&p->parent);
}

static void peer_give_link(struct peer *p, enum proc to, uint32_t instance, int fd)
{
	struct msg_give_link *m = ipc_begin_fd(&p->parent, MSG_GIVE_LINK, fd);

	m->peer = (uint8_t)to;
	m->instance = instance;
	ipc_end(&p->parent);
	link_flush(&p->parent);
}

/* Our end of a link on which we are that sibling; again for the same one: a fresh link in place of the old. */
__attribute__((unused)) static struct link *peer_link(struct peer *p, enum proc as, uint32_t instance)
{
	struct link *l = NULL;
	int fd[2];

	for (int i = 0; i < p->siblings; i++)
		if (p->sibling[i].me == as && p->sibling[i].instance == instance)
			l = &p->sibling[i];
	if (l)
		link_fini(l);
	else
		l = &p->sibling[p->siblings++];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd) != 0)
		return NULL;
	peer_give_link(p, as, instance, fd[1]);
	link_init(l, fd[0], as, p->who, instance, PHASE_HELLO);
	peer_hello(l, as, instance);
	return l;
}

/* A link between two processes under test. */
__attribute__((unused)) static bool peer_join(struct peer *a, struct peer *b)
{
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd) != 0)
		return false;
	peer_give_link(a, b->who, b->instance, fd[0]);
	peer_give_link(b, a->who, a->instance, fd[1]);
	return true;
}

__attribute__((unused)) static bool peer_go(struct peer *p)
{
	if (ipc_begin(&p->parent, MSG_GO))
		ipc_end(&p->parent);
	if (!peer_wait(&p->parent, MSG_READY))
		return false;
	for (int i = 0; i < p->siblings; i++)
		if (!peer_up(&p->sibling[i]))
			return false;
	return true;
}

/* Still there and serving? */
__attribute__((unused)) static bool peer_alive(struct peer *p)
{
	struct msg_status_want *m = ipc_begin(&p->parent, MSG_STATUS_WANT);

	if (!m)
		return false;
	ipc_end(&p->parent);
	return peer_wait(&p->parent, MSG_STATUS) != NULL;
}

__attribute__((unused)) static void peer_kill(struct peer *p)
{
	if (p->pid > 0) {
		kill(p->pid, SIGKILL);
		waitpid(p->pid, NULL, 0);
	}
	link_fini(&p->parent);
	for (int i = 0; i < p->siblings; i++)
		link_fini(&p->sibling[i]);
	p->pid = 0;
}

#endif
