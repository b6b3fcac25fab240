/* SPDX-License-Identifier: ISC */
#include "stage.h"
#include "base/clock.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct stage *at; /* for the handlers of parent's link */

static void on_hello(struct link *from, const struct ipc_view *v)
{
	(void)v;
	from->phase = from->me == PROC_PARENT ? PHASE_SETUP : PHASE_RUN;
	if (from->me == PROC_PARENT)
		at->hello = true;
}

static void on_ready(struct link *from, const struct ipc_view *v)
{
	(void)from;
	(void)v;
	at->ready = true;
}

static void on_upgrading(struct link *from, const struct ipc_view *v)
{
	(void)from;
	(void)v;
	at->upgrading = true;
}

static void on_verdict(struct link *from, const struct ipc_view *v)
{
	const struct msg_site_verdict *m = v->payload;

	(void)from;
	if (m->ok)
		return;
	at->refused = true;
	span_cstr(ipc_str(v, m->reason), at->reason, sizeof at->reason);
}

static void on_accuse(struct link *from, const struct ipc_view *v)
{
	const struct msg_accuse *m = v->payload;

	(void)from;
	at->accused = (enum proc)m->peer;
	span_cstr(ipc_str(v, m->reason), at->accusation, sizeof at->accusation);
}

static void on_status(struct link *from, const struct ipc_view *v)
{
	const struct msg_status *m = v->payload;
	const struct proc_status *s = ipc_part(v, m->status);

	(void)from;
	if (s)
		at->status = *s;
	at->has_status = true;
}

static void on_other(struct link *from, const struct ipc_view *v)
{
	if (at->on[v->type])
		at->on[v->type](from, v);
}

static ipc_handler *const on_parent[MSG_N] = {
    [MSG_RECORDING_WANT] = on_other,
    [MSG_HELLO] = on_hello,
    [MSG_READY] = on_ready,
    [MSG_UPGRADING] = on_upgrading,
    [MSG_SITE_VERDICT] = on_verdict,
    [MSG_ACCUSE] = on_accuse,
    [MSG_STATUS] = on_status,
};

static void say_hello(struct link *l, enum proc as, uint32_t instance)
{
	struct msg_hello *m = ipc_begin(l, MSG_HELLO);

	memcpy(m->build, build_id, sizeof m->build);
	m->proc = (uint8_t)as;
	m->instance = instance;
	ipc_end(l);
}

static void default_site(struct site *s)
{
	struct listener *l = &s->listener[0];

	site_defaults(s);
	snprintf(s->domain, sizeof s->domain, "example.org");
	s->listeners = 1;
	l->kind = LISTEN_PHONES;
	addr_parse_ip(SPAN("127.0.0.1"), &l->bind);
	l->signalling = l->media = l->advertised_media = l->bind;
	l->bind.port = l->signalling.port = 5061;
}

static _Noreturn void become(const char *path, const char *cwd, int fd)
{
	if (chdir(cwd) != 0 || dup2(fd, 3) != 3)
		_exit(126);
	fcntl(3, F_SETFD, 0);
	for (int i = 4; i < 256; i++)
		close(i);
	execl(path, path, "--child", (char *)NULL);
	_exit(127);
}

bool stage_start(struct stage *s, const char *path, enum proc proc, const char *cwd, ipc_handler *const on[MSG_N])
{
	char full[4096];
	int fd[2];

	*s = (struct stage){.proc = proc, .accused = PROC_PARENT, .on = on};
	at = s;
	default_site(&s->site);
	if (!realpath(path, full) || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd) != 0)
		return false;
	s->pid = fork();
	if (s->pid == 0)
		become(full, cwd, fd[1]);
	close(fd[1]);
	if (s->pid < 0 || !link_init(&s->parent, fd[0], PROC_PARENT, proc, 0, PHASE_HELLO))
		return false;
	say_hello(&s->parent, PROC_PARENT, 0);
	if (!stage_until(s, &s->hello, STAGE_WAIT_MS))
		return false;
	struct msg_start *m = ipc_begin(&s->parent, MSG_START);
	m->node = 1;
	m->uid = m->gid = 61900 + (uint32_t)proc;
	ipc_end(&s->parent);
	return true;
}

bool stage_give_file(struct stage *s, enum file_kind what, int fd)
{
	struct msg_give_file *m = ipc_begin_fd(&s->parent, MSG_GIVE_FILE, fd);

	if (!m)
		return false;
	m->what = (uint8_t)what;
	ipc_end(&s->parent);
	return true;
}

bool stage_give_helper(struct stage *s, const char *exe, const char *name)
{
	char path[4096];
	int n = (int)(strrchr(exe, '/') - exe);

	snprintf(path, sizeof path, "%.*s/%s", n, exe, name);
	int fd = open(path, O_PATH | O_CLOEXEC);
	return fd >= 0 && stage_give_file(s, FILE_HELPER, fd);
}

static struct link *sibling(struct stage *s, enum proc as, uint32_t instance, int *held)
{
	struct link *l = calloc(1, sizeof *l);
	int fd[2];

	if (!l || s->siblings == STAGE_LINKS_MAX ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd) != 0)
		abort();
	if (held)
		*held = dup(fd[1]);
	struct msg_give_link *m = ipc_begin_fd(&s->parent, MSG_GIVE_LINK, fd[1]);
	m->peer = (uint8_t)as;
	m->instance = instance;
	ipc_end(&s->parent);
	link_init(l, fd[0], as, s->proc, 0, PHASE_HELLO);
	say_hello(l, as, instance);
	s->sibling[s->siblings++] = l;
	link_flush(&s->parent);
	return l;
}

struct link *stage_sibling(struct stage *s, enum proc as, uint32_t instance)
{
	return sibling(s, as, instance, NULL);
}

void stage_cut(struct stage *s, struct link *sibling)
{
	for (int i = 0; i < s->siblings; i++) {
		if (s->sibling[i] != sibling)
			continue;
		link_fini(sibling);
		free(sibling);
		s->sibling[i] = s->sibling[--s->siblings];
		return;
	}
}

void stage_held_link(struct stage *s, enum proc as, int *held)
{
	struct link *l = sibling(s, as, 0, held);

	stage_run(s, 100);
	stage_cut(s, l);
}

static void read_sibling(struct stage *s, struct link *l)
{
	static ipc_handler *table[MSG_N];

	memcpy(table, s->on, sizeof table);
	table[MSG_HELLO] = on_hello;
	link_read(l, table);
}

bool stage_until(struct stage *s, const bool *done, int timeout_ms)
{
	uint64_t end = clock_boot_ms() + (uint64_t)timeout_ms;

	at = s;
	while (!(done && *done)) {
		struct pollfd p[STAGE_LINKS_MAX + 1] = {{.fd = s->parent.broken ? -1 : s->parent.fd, .events = POLLIN}};
		uint64_t now = clock_boot_ms();
		for (int i = 0; i < s->siblings; i++) {
			bool all = link_flush(s->sibling[i]);
			p[i + 1] = (struct pollfd){.fd = s->sibling[i]->broken ? -1 : s->sibling[i]->fd,
			    .events = (short)(all ? POLLIN : POLLIN | POLLOUT)};
		}
		link_flush(&s->parent); /* last: what parent then asks is asked after what the siblings said */
		if (now >= end)
			break;
		if (poll(p, (nfds_t)s->siblings + 1, (int)(end - now)) <= 0)
			continue;
		if (p[0].revents)
			link_read(&s->parent, on_parent);
		for (int i = 0; i < s->siblings; i++)
			if (p[i + 1].revents)
				read_sibling(s, s->sibling[i]);
		if (s->parent.broken)
			break;
	}
	return done && *done;
}

void stage_run(struct stage *s, int ms)
{
	stage_until(s, NULL, ms);
}

bool stage_comes(struct stage *s, const uint32_t *count, uint32_t n)
{
	for (uint64_t end = clock_boot_ms() + STAGE_WAIT_MS; *count < n && clock_boot_ms() < end;)
		stage_run(s, 10);
	return *count == n;
}

bool stage_line_comes(struct stage *s, const char *name, uint64_t used)
{
	for (uint64_t end = clock_boot_ms() + STAGE_WAIT_MS; clock_boot_ms() < end; stage_run(s, 20))
		if (!stage_want_status(s) || stage_status_line(s, name)->used == used)
			break;
	return s->has_status && stage_status_line(s, name)->used == used;
}

bool stage_accuses(struct stage *s, enum proc who)
{
	for (uint64_t end = clock_boot_ms() + STAGE_WAIT_MS; s->accused != who && clock_boot_ms() < end;)
		stage_run(s, 10);
	return s->accused == who;
}

bool stage_go(struct stage *s)
{
	struct link *l = &s->parent;
	struct msg_site_prepare *p = ipc_begin(l, MSG_SITE_PREPARE);

	p->generation = 1;
	p->site = ipc_put_part(l, &s->site, sizeof s->site);
	ipc_end(l);
	struct msg_site_commit *c = ipc_begin(l, MSG_SITE_COMMIT);
	c->generation = 1;
	ipc_end(l);
	ipc_begin(l, MSG_GO);
	ipc_end(l);
	return stage_until(s, &s->ready, STAGE_WAIT_MS) && !s->refused;
}

void stage_reload(struct stage *s)
{
	struct msg_site_prepare *p = ipc_begin(&s->parent, MSG_SITE_PREPARE);

	p->generation = 2;
	p->site = ipc_put_part(&s->parent, &s->site, sizeof s->site);
	ipc_end(&s->parent);
	struct msg_site_commit *c = ipc_begin(&s->parent, MSG_SITE_COMMIT);
	c->generation = 2;
	ipc_end(&s->parent);
}

bool stage_want_status(struct stage *s)
{
	struct msg_status_want *m = ipc_begin(&s->parent, MSG_STATUS_WANT);

	m->token = 1;
	ipc_end(&s->parent);
	s->has_status = false;
	return stage_until(s, &s->has_status, STAGE_WAIT_MS);
}

const struct status_line *stage_status_line(const struct stage *s, const char *name)
{
	static const struct status_line none;

	for (uint32_t i = 0; i < s->status.lines; i++)
		if (strcmp(s->status.line[i].name, name) == 0)
			return &s->status.line[i];
	return &none;
}

static void forget(struct stage *s)
{
	for (int i = 0; i < s->siblings; i++) {
		link_fini(s->sibling[i]);
		free(s->sibling[i]);
	}
	s->siblings = 0;
	s->pid = 0;
	link_fini(&s->parent);
}

static int end_status(struct stage *s)
{
	uint64_t end = clock_boot_ms() + STAGE_WAIT_MS;
	int status = 0;
	pid_t got = 0;

	while (clock_boot_ms() < end && (got = waitpid(s->pid, &status, WNOHANG)) == 0)
		stage_run(s, 10);
	if (got == 0) {
		kill(s->pid, SIGKILL);
		waitpid(s->pid, &status, 0);
	}
	forget(s);
	return got > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int end(struct stage *s, bool followed)
{
	struct msg_stop *m = ipc_begin(&s->parent, MSG_STOP);

	if (m) {
		m->followed = followed;
		ipc_end(&s->parent);
	}
	return end_status(s);
}

int stage_end(struct stage *s)
{
	return end(s, false);
}

int stage_end_followed(struct stage *s)
{
	return end(s, true);
}

int stage_lose_helper(struct stage *s)
{
	char path[64];
	int helper = 0;

	snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)s->pid, (int)s->pid);
	FILE *f = fopen(path, "re");
	bool found = f && fscanf(f, "%d", &helper) == 1 && helper > 0;
	if (f)
		fclose(f);
	if (found)
		kill(helper, SIGKILL);
	return end_status(s);
}

void stage_kill(struct stage *s)
{
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	forget(s);
}
