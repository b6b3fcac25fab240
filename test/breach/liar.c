/* SPDX-License-Identifier: ISC */
/* Stands in for any process: named by its argv[0], it behaves as ../liar.conf says in lines of "NAME CONDUCT", or is
 * honest and does nothing. */
#include "ipc/child.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct child self;
static const char *conduct = "honest";
static struct timer soon;
static uint32_t lie_at;

/* libev's, in place of the C library's: a kernel without memory, lie_at times. */
__attribute__((visibility("default"))) int epoll_ctl(int at, int op, int fd, struct epoll_event *e)
{
	if (strcmp(conduct, "unwatched") == 0 && op != EPOLL_CTL_DEL && lie_at > 0) {
		lie_at--;
		errno = ENOMEM;
		return -1;
	}
	return (int)syscall(SYS_epoll_ctl, at, op, fd, e);
}

static struct link *parent(void)
{
	return child_link(PROC_PARENT, 0);
}

static void ignore(struct link *from, const struct ipc_view *v)
{
	(void)from;
	if (v->fd >= 0)
		close(v->fd);
}

static void accuse(enum proc who, uint32_t device)
{
	for (int i = 0; i < 100; i++) {
		struct msg_accuse *m = ipc_begin(parent(), MSG_ACCUSE);
		if (!m)
			return;
		m->peer = (uint8_t)who;
		m->device = device;
		m->reason = ipc_put(parent(), SPAN("because"));
		ipc_end(parent());
	}
}

static void accuse_core(void)
{
	accuse(PROC_CORE, 7);
}
static void accuse_parent(void)
{
	accuse(PROC_PARENT, 7);
}
static void accuse_edge(void)
{
	accuse(PROC_EDGE, 7);
}
static void accuse_nobody(void)
{
	accuse(PROC_CONF, 7);
}
static void crash(void)
{
	abort();
}
static void break_out(void)
{
	(void)socket(AF_INET, SOCK_STREAM, 0);
}
static void hang(void)
{
	for (;;)
		poll(NULL, 0, 1000);
}
static void hang_up(void)
{
	close(parent()->fd);
}
static void begin_anew(void)
{
	child_begin_anew("unasked");
}
static void say_ready_again(void)
{
	if (ipc_begin(parent(), MSG_READY))
		ipc_end(parent());
}
static void judge_unasked(void)
{
	struct msg_site_verdict *m = ipc_begin(parent(), MSG_SITE_VERDICT);
	if (!m)
		return;
	m->generation = 77;
	ipc_end(parent());
}
static void answer_unasked(void)
{
	struct msg_status *m = ipc_begin(parent(), MSG_STATUS);
	if (!m)
		return;
	m->token = 77;
	ipc_end(parent());
}
static void garbage(void)
{
	send(parent()->fd, "garbage", 7, MSG_NOSIGNAL);
}

/* One message of each kind in turn, first zeroed, then all ones, past every check of the library's own. */
static void lie(void)
{
	static _Alignas(8) uint8_t bytes[16384];
	struct ipc_frame_head *f = (void *)bytes;
	struct ipc_head *h = (void *)(f + 1);
	uint32_t type = lie_at / 2 % MSG_N, size = (msg_rule[type].size + 7) & ~7u;

	memset(bytes, lie_at % 2 ? 0xff : 0, sizeof bytes);
	*f = (struct ipc_frame_head){.size = (uint32_t)(sizeof *f + sizeof *h) + size, .messages = 1};
	*h = (struct ipc_head){.type = (uint16_t)type, .class = CLASS_REPLY, .size = size};
	send(parent()->fd, bytes, f->size, MSG_NOSIGNAL);
}

static void ask_reload(void)
{
	struct msg_ctl_reload *m = ipc_begin(parent(), MSG_CTL_RELOAD);
	if (m)
		ipc_end(parent());
}
static void ask_status(void)
{
	for (int i = 0; i < 12; i++)
		if (ipc_begin(parent(), MSG_CTL_STATUS))
			ipc_end(parent());
}
static void ask_stop(void)
{
	if (ipc_begin(parent(), MSG_CTL_STOP))
		ipc_end(parent());
}

static const struct {
	const char *name;
	void (*act)(void);
} conducts[] = {
    {"honest", NULL},
    {"refuse", NULL},
    {"refuse-new", NULL},
    {"accuse-core", accuse_core},
    {"accuse-parent", accuse_parent},
    {"accuse-edge", accuse_edge},
    {"accuse-nobody", accuse_nobody},
    {"crash", crash},
    {"break-out", break_out},
    {"hang", hang},
    {"hang-up", hang_up},
    {"begin-anew", begin_anew},
    {"ready-again", say_ready_again},
    {"judge-unasked", judge_unasked},
    {"answer-unasked", answer_unasked},
    {"garbage", garbage},
    {"lie", lie},
    {"ask-reload", ask_reload},
    {"ask-status", ask_status},
    {"ask-stop", ask_stop},
};

static void act(struct timer *t, uint64_t now_ms)
{
	(void)t;
	(void)now_ms;
	for (size_t i = 0; i < sizeof conducts / sizeof *conducts; i++)
		if (strcmp(conduct, conducts[i].name) == 0 && conducts[i].act)
			conducts[i].act();
}

/* Longer than the others take to judge, shorter than parent waits for all. */
static void take_time(const char *at)
{
	if (strcmp(conduct, at) == 0)
		poll(NULL, 0, 2000);
}

static void say_upgrading(void)
{
	if (ipc_begin(parent(), MSG_UPGRADING))
		ipc_end(parent());
	link_flush(parent());
}

/* Longer than parent waits for one that starts, and for all. */
static void upgrade(void)
{
	enum { LONG_MS = 32000 };

	if (strcmp(conduct, "upgrade") == 0) {
		say_upgrading();
		poll(NULL, 0, LONG_MS);
	} else if (strcmp(conduct, "upgrade-twice") == 0) {
		say_upgrading();
		say_upgrading();
		poll(NULL, 0, LONG_MS);
	}
}

static void open_all(void)
{
	take_time("slow-to-open");
	if (strcmp(conduct, "crash-new") == 0 && child_site()->max_calls == 77)
		abort();
	upgrade();
}

static void serve(void)
{
	soon.fire = act;
	timer_set(&child_wheel, &soon, child_now() + 300);
}

static const char *prepare(const struct site *s)
{
	if (strcmp(conduct, "crash-at-start") == 0)
		abort();
	if (strcmp(conduct, "hang-at-start") == 0)
		hang();
	if (!child_site()->domain[0]) /* the first one */
		take_time("slow-to-judge");
	if (strcmp(conduct, "refuse-new") == 0 && s->max_calls == 77)
		return "does not like it";
	return strcmp(conduct, "refuse") == 0 ? "does not like it" : NULL;
}

/* "NAME CONDUCT [NUMBER]": number picks the lie */
static void read_conduct(const char *name)
{
	static char who[32], what[32];
	FILE *f = fopen("../liar.conf", "re");
	int n;

	while (f && (n = fscanf(f, "%31s %31s %u\n", who, what, &lie_at)) >= 2)
		if (strcmp(who, name) == 0) {
			conduct = what;
			break;
		}
	if (f)
		fclose(f);
}

static const char *const calls[] = {"sendto", "shutdown", NULL};
static const struct cage cage = {.name = "liar", .calls = calls, .files = 64, .memory_mb = 128};

int main(int argc, char **argv)
{
	static ipc_handler *on[MSG_N];
	const char *name = strrchr(argv[0], '-');

	self = (struct child){
	    .me = PROC_N, .cage = &cage, .on = on, .prepare = prepare, .open = open_all, .serve = serve};
	for (int p = 0; name && p < PROC_N; p++)
		if (strcmp(proc_name[p], name + 1) == 0)
			self.me = (enum proc)p;
	if (self.me == PROC_N)
		return 2;
	for (int i = 0; i < MSG_N; i++)
		on[i] = ignore;
	read_conduct(proc_name[self.me]);
	return child_main(&self, argc, argv);
}
