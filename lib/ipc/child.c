/* SPDX-License-Identifier: ISC */
#include "ipc/child.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/sock.h"
#include "ipc/child_event.h"
#include "ipc/child_io.h"
#include "ipc/helper.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	PARENT_FD = 3,
	LINKS_MAX = 24,
	LAZY_MS = 100, /* for what may wait */
	RESERVE = 4,   /* descriptors */
};

struct wheel child_wheel;

struct peer {
	struct link link;
	ev_io read, write;
	bool used, up;
	uint64_t lazy_ms; /* what may wait goes out then; 0: nothing waits */
};

static const struct child *self;
static struct ev_loop *loop;
static struct peer peer[LINKS_MAX]; /* the first is parent */
static struct site site, next_site;
static uint32_t next_generation, instance, uid, gid;
static uint8_t node;
static bool site_known, serving, followed;
static uint64_t now_ms, started_ms;
static ev_prepare before_wait;
static ev_check after_wait;
static ev_timer wake;
static uint64_t wake_ms = UINT64_MAX; /* when it fires */

uint64_t child_now(void)
{
	return now_ms;
}

struct ev_loop *child_loop(void)
{
	return loop;
}

const struct site *child_site(void)
{
	return &site;
}

uint32_t child_instance(void)
{
	return instance;
}

uint8_t child_node(void)
{
	return node;
}

uint32_t child_uid(void)
{
	return uid;
}

uint32_t child_gid(void)
{
	return gid;
}

enum proc child_me(void)
{
	return self->me;
}

bool child_is_followed(void)
{
	return followed;
}

struct link *child_parent(void)
{
	return &peer[0].link;
}

struct link *child_link(enum proc to, uint32_t of)
{
	for (int i = 0; i < LINKS_MAX; i++)
		if (peer[i].used && peer[i].up && peer[i].link.peer == to && peer[i].link.instance == of &&
		    !peer[i].link.broken)
			return &peer[i].link;
	return NULL;
}

static void say_hello(struct link *l)
{
	struct msg_hello *m = ipc_begin(l, MSG_HELLO);

	if (!m)
		return;
	memcpy(m->build, build_id, sizeof m->build);
	m->proc = (uint8_t)self->me;
	m->instance = instance;
	ipc_end(l);
}

static void accuse_to_parent(enum proc who, uint32_t of, const char *why, uint64_t flow, uint32_t device)
{
	struct link *l = &peer[0].link;
	struct msg_accuse *m = ipc_begin(l, MSG_ACCUSE);

	if (!m)
		return;
	m->peer = (uint8_t)who;
	m->instance = of;
	m->flow = flow;
	m->device = device;
	m->reason = ipc_put(l, span_head(span_str(why), REASON_MAX));
	ipc_end(l);
}

void child_accuse(struct link *l, const char *why, uint64_t flow, uint32_t device)
{
	log_error("%s/%u: %s", proc_name[l->peer], l->instance, why);
	accuse_to_parent(l->peer, l->instance, why, flow, device);
	l->broken = true;
	l->broken_why = "accused";
}

/* --- links --- */

static void close_peer(struct peer *p)
{
	bool was_up = p->up;
	const char *why = p->link.broken_why ? p->link.broken_why : "closed";

	ev_io_stop(loop, &p->read);
	ev_io_stop(loop, &p->write);
	if (p == &peer[0])
		exit(0); /* without parent there is nothing to serve */
	if (strcmp(why, "closed") != 0 && strcmp(why, "accused") != 0) {
		log_error("%s/%u: %s", proc_name[p->link.peer], p->link.instance, why);
		accuse_to_parent(p->link.peer, p->link.instance, why, 0, 0);
	}
	link_close(&p->link); /* what it took stays for who is restarted, whom there may be no memory for */
	p->used = p->up = false;
	if (was_up && self->link_down)
		self->link_down(&p->link);
}

static void on_writable(struct ev_loop *l, ev_io *w, int events)
{
	(void)l;
	child_io_again(w, events); /* before_wait() flushes */
}

static ipc_handler *handler[MSG_N];

/* One who was kept from running finds all that came meanwhile: what siblings decided counts before what came by it. */
enum { LINK_PRIORITY = EV_MAXPRI };

/* Kept for what parent gives: a sibling that was restarted must be reached though no descriptor is left. */
static int reserve[RESERVE];

static void take_reserve(void)
{
	for (int i = 0; i < RESERVE; i++)
		if (reserve[i] < 0)
			reserve[i] = sock_spare();
}

static void give_reserve_up(void)
{
	for (int i = 0; i < RESERVE; i++) {
		if (reserve[i] >= 0)
			close(reserve[i]);
		reserve[i] = -1;
	}
}

static void on_readable(struct ev_loop *l, ev_io *w, int events)
{
	struct peer *p = w->data;
	(void)l;
	child_io_again(w, events);
	if (p != &peer[0])
		link_read(&p->link, handler);
	else if (!link_brings_descriptor(&p->link))
		link_read_one(&p->link, handler);
	else {
		give_reserve_up();
		link_read(&p->link, handler);
		take_reserve();
	}
}

static struct peer *open_peer(struct peer *p, int fd, enum proc who, uint32_t of)
{
	if (p->link.ring)
		link_again(&p->link, fd, self->me, who, of, PHASE_HELLO);
	else if (!link_init(&p->link, fd, self->me, who, of, PHASE_HELLO))
		log_fatal("no memory for a link");
	p->used = true;
	p->up = false;
	ev_io_init(&p->read, on_readable, fd, EV_READ);
	ev_io_init(&p->write, on_writable, fd, EV_WRITE);
	ev_set_priority(&p->read, LINK_PRIORITY);
	p->read.data = p->write.data = p;
	say_hello(&p->link);
	return p;
}

static struct peer *peer_of(struct link *l)
{
	return (struct peer *)(void *)((char *)l - offsetof(struct peer, link));
}

static void on_hello(struct link *from, const struct ipc_view *v)
{
	const struct msg_hello *m = v->payload;

	if (memcmp(m->build, build_id, sizeof m->build) != 0)
		log_fatal("%s is of another build", proc_name[from->peer]);
	if (m->proc != from->peer || m->instance != from->instance) {
		child_accuse(from, "is not who parent said", 0, 0);
		return;
	}
	from->phase = from->peer == PROC_PARENT ? PHASE_SETUP : PHASE_RUN;
	peer_of(from)->up = true;
	if (from->peer == PROC_WATCH)
		child_event_watch_up(from);
	if (from->peer != PROC_PARENT && self->link_up)
		self->link_up(from);
}

/* --- what parent says --- */

static void on_start(struct link *from, const struct ipc_view *v)
{
	const struct msg_start *m = v->payload;

	(void)from;
	instance = m->instance;
	node = m->node;
	uid = m->uid;
	gid = m->gid;
	log_init(proc_name[self->me], instance);
}

static void on_give_link(struct link *from, const struct ipc_view *v)
{
	const struct msg_give_link *m = v->payload;
	int at = 1;

	(void)from;
	/* the old link to a restarted sibling may not have been seen to close yet */
	for (int i = 1; i < LINKS_MAX; i++)
		if (peer[i].used && peer[i].link.peer == m->peer && peer[i].link.instance == m->instance)
			close_peer(&peer[i]);
	while (at < LINKS_MAX && peer[at].used)
		at++;
	if (at == LINKS_MAX)
		log_fatal("more links than room");
	struct peer *p = open_peer(&peer[at], v->fd, (enum proc)m->peer, m->instance);
	if (serving)
		ev_io_start(loop, &p->read);
}

static void on_give_file(struct link *from, const struct ipc_view *v)
{
	const struct msg_give_file *m = v->payload;

	(void)from;
	if (m->what == FILE_HELPER)
		helper_given(v->fd);
	else if (self->file)
		self->file((enum file_kind)m->what, v->fd);
	else
		close(v->fd);
}

static void on_give_listener(struct link *from, const struct ipc_view *v)
{
	const struct msg_give_listener *m = v->payload;

	(void)from;
	if (self->listener)
		self->listener(m->index, &m->bound, v->fd);
	else
		close(v->fd);
}

static void on_site_prepare(struct link *from, const struct ipc_view *v)
{
	const struct msg_site_prepare *m = v->payload;
	const struct site *s = ipc_part(v, m->site);
	const char *why = !s ? "no site" : self->prepare ? self->prepare(s) : NULL;
	struct msg_site_verdict *out = ipc_begin(from, MSG_SITE_VERDICT);

	if (!out)
		return;
	next_generation = m->generation;
	if (s)
		next_site = *s;
	out->generation = m->generation;
	out->ok = why == NULL;
	out->reason = ipc_put(from, span_head(span_str(why ? why : ""), REASON_MAX));
	ipc_end(from);
}

static void on_site_commit(struct link *from, const struct ipc_view *v)
{
	const struct msg_site_commit *m = v->payload;

	if (m->generation != next_generation || next_generation == 0) {
		child_accuse(from, "commits what it did not prepare", 0, 0);
		return;
	}
	site = next_site;
	site_known = true;
	if (self->commit)
		self->commit(&site);
}

static void on_site_abort(struct link *from, const struct ipc_view *v)
{
	(void)from;
	(void)v;
	next_generation = 0;
}

static void on_database(struct link *from, const struct ipc_view *v)
{
	const struct msg_database *m = v->payload;

	(void)from;
	if (self->database)
		self->database(ipc_str(v, m->uri));
}

/* All said hello while this process was made ready; what one of them asks may need another. */
static void meet_siblings(void)
{
	for (int i = 1; i < LINKS_MAX; i++)
		if (peer[i].used) {
			ev_io_start(loop, &peer[i].read);
			link_read_one(&peer[i].link, handler);
		}
}

static void on_go(struct link *from, const struct ipc_view *v)
{
	(void)v;
	if (serving || (!site_known && self->me != PROC_CONF)) {
		child_accuse(from, "go out of turn", 0, 0);
		return;
	}
	if (self->open)
		self->open();
	cage_enter(self->cage, uid, gid);
	serving = true;
	if (self->serve)
		self->serve();
	meet_siblings();
	if (ipc_begin(from, MSG_READY))
		ipc_end(from);
}

static void on_stop(struct link *from, const struct ipc_view *v)
{
	const struct msg_stop *m = v->payload;

	(void)from;
	followed = m->followed;
	if (self->stop)
		self->stop();
	for (int i = 0; i < LINKS_MAX; i++)
		if (peer[i].used)
			link_flush(&peer[i].link);
	exit(0);
}

_Noreturn void child_begin_anew(const char *why)
{
	log_info("begins anew: %s", why);
	for (int i = 0; i < LINKS_MAX; i++)
		if (peer[i].used)
			link_flush(&peer[i].link);
	exit(EXIT_ANEW);
}

static void fill_status(struct proc_status *s)
{
	char name[STATUS_NAME_MAX];

	*s = (struct proc_status){.age_ms = now_ms - started_ms};
	if (self->status)
		self->status(s);
	status_counter(s, "events-lost", child_events_lost());
	for (int i = 1; i < LINKS_MAX; i++) {
		struct link *l = &peer[i].link;
		if (!peer[i].used)
			continue;
		for (int c = 0; c < CLASS_REPLY; c++) {
			if (l->credit[c] == class_window[c] && c != CLASS_NEW)
				continue;
			snprintf(name, sizeof name, "%s/%u-%s", proc_name[l->peer], l->instance, class_name[c]);
			status_add(s, name, STATUS_CREDIT, l->credit[c], class_window[c], 0, l->out_of_credit);
		}
	}
}

static void on_status_want(struct link *from, const struct ipc_view *v)
{
	const struct msg_status_want *want = v->payload;
	struct proc_status s;

	if (!want->brief)
		fill_status(&s);
	struct msg_status *m = ipc_begin(from, MSG_STATUS);
	if (!m)
		return;
	m->token = want->token;
	if (!want->brief)
		m->status = ipc_put_part(from, &s, sizeof s);
	ipc_end(from);
}

/* --- the loop --- */

static void on_wake(struct ev_loop *l, ev_timer *w, int events)
{
	(void)l;
	(void)w;
	(void)events;
	wake_ms = UINT64_MAX;
	wheel_turn(&child_wheel, now_ms);
}

static void wake_at(uint64_t ms)
{
	if (ms >= wake_ms)
		return;
	wake_ms = ms;
	ev_timer_stop(loop, &wake);
	ev_timer_set(&wake, ms > now_ms ? (double)(ms - now_ms) / 1000.0 : 0.0, 0.0);
	ev_timer_start(loop, &wake);
}

/* All that is queued holds nothing but what may wait, and not for long yet. */
static bool may_wait(struct peer *p)
{
	if (!link_is_lazy(&p->link)) {
		p->lazy_ms = 0;
		return false;
	}
	if (p->lazy_ms == 0)
		p->lazy_ms = now_ms + LAZY_MS;
	if (now_ms >= p->lazy_ms) {
		p->lazy_ms = 0;
		return false;
	}
	wake_at(p->lazy_ms);
	return true;
}

/* False when the link is broken. */
static bool flush_peer(struct peer *p)
{
	if (!p->link.broken && may_wait(p))
		return true;
	bool all = link_flush(&p->link);
	if (p->link.broken)
		return false;
	if (!all && !ev_is_active(&p->write))
		ev_io_start(loop, &p->write);
	else if (all && ev_is_active(&p->write))
		ev_io_stop(loop, &p->write);
	return true;
}

static void on_before_wait(struct ev_loop *l, ev_prepare *w, int events)
{
	(void)l;
	(void)w;
	(void)events;
	uint32_t wait_ms = child_io_turn();
	if (wait_ms != UINT32_MAX)
		wake_at(now_ms + wait_ms);
	for (int i = 0; i < LINKS_MAX; i++) {
		if (!peer[i].used || flush_peer(&peer[i]))
			continue;
		close_peer(&peer[i]);
		wake_at(now_ms); /* who is told of it, in frames or octets, hears it in the next turn */
	}
	if (child_wheel.used)
		wake_at(wheel_next_ms(&child_wheel));
}

static void on_after_wait(struct ev_loop *l, ev_check *w, int events)
{
	(void)l;
	(void)w;
	(void)events;
	now_ms = clock_boot_ms();
}

static void fill_handlers(void)
{
	if (self->on)
		memcpy(handler, self->on, sizeof handler);
	handler[MSG_HELLO] = on_hello;
	handler[MSG_START] = on_start;
	handler[MSG_GIVE_LINK] = on_give_link;
	handler[MSG_GIVE_FILE] = on_give_file;
	handler[MSG_GIVE_LISTENER] = on_give_listener;
	handler[MSG_SITE_PREPARE] = on_site_prepare;
	handler[MSG_SITE_COMMIT] = on_site_commit;
	handler[MSG_SITE_ABORT] = on_site_abort;
	handler[MSG_DATABASE] = on_database;
	handler[MSG_GO] = on_go;
	handler[MSG_STOP] = on_stop;
	handler[MSG_STATUS_WANT] = on_status_want;
}

int child_main(const struct child *c, int argc, char **argv)
{
	self = c;
	log_init(proc_name[c->me], 0);
	if (argc != 2 || strcmp(argv[1], "--child") != 0) {
		fprintf(stderr, "%s is started by the ringfence parent, not by hand\n", argv[0]);
		return 2;
	}
	cage_early();
	memset(reserve, -1, sizeof reserve);
	take_reserve();
	now_ms = started_ms = clock_boot_ms();
	wheel_init(&child_wheel, now_ms);
	/* not the default loop, which waits for children that end: no cage allows that */
	loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
	if (!loop)
		log_fatal("no event loop");
	fill_handlers();
	ev_timer_init(&wake, on_wake, 0, 0);
	ev_prepare_init(&before_wait, on_before_wait);
	ev_check_init(&after_wait, on_after_wait);
	ev_set_priority(&after_wait, EV_MAXPRI);
	ev_prepare_start(loop, &before_wait);
	ev_check_start(loop, &after_wait);
	child_io_open();
	open_peer(&peer[0], PARENT_FD, PROC_PARENT, 0);
	ev_io_start(loop, &peer[0].read);
	ev_run(loop, 0);
	return 0;
}
