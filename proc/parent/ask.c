/* SPDX-License-Identifier: ISC */
/* What the command line asks of parent, through ctl. */
#include "base/log.h"
#include "ipc/done.h"
#include "parent.h"
#include "upgrade.h"
#include <unistd.h>

enum { WAITING_MAX = 8, STATUS_MS = 500 };

/* a status question waits for fresh answers, but not for a process that hangs */
static struct {
	uint64_t token, since_ms;
	uint32_t round[SLOTS_MAX];
} waiting[WAITING_MAX];
static uint32_t waiting_n;

static struct link *ctl(void)
{
	struct slot *s = slot_find(PROC_CTL, 0);
	return s && slot_alive(s) ? &s->link : NULL;
}

void ask_done(uint64_t token, enum done_result result, const char *text)
{
	done_say(ctl(), token, result, 0, span_str(text));
}

static void tell_line(struct link *l, uint64_t token, const struct slot *s)
{
	struct msg_proc_line *m = ipc_begin(l, MSG_PROC_LINE);

	if (!m)
		return;
	m->token = token;
	m->proc = (uint8_t)s->proc;
	m->instance = s->instance;
	m->up = s->state == SLOT_UP;
	m->pid = (uint32_t)s->pid;
	m->restarts = s->restarts;
	m->age_ms = self.now_ms - s->since_ms;
	if (s->known)
		m->status = ipc_put_part(l, &s->status, sizeof s->status);
	ipc_end(l);
}

static uint32_t stores_upgrading(void)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < self.slots; i++)
		n += self.slot[i].upgrading;
	return n;
}

static void tell_status(uint64_t token)
{
	struct slot me = {
	    .proc = PROC_PARENT, .state = SLOT_UP, .pid = getpid(), .since_ms = self.started_ms, .known = true};
	struct link *l = ctl();

	if (!l)
		return;
	me.status.age_ms = self.now_ms - self.started_ms;
	status_add(&me.status, "processes", STATUS_POOL, self.slots, SLOTS_MAX, self.slots, 0);
	status_counter(&me.status, "ready", self.ready);
	status_counter(&me.status, "generation", self.generation);
	status_counter(&me.status, "upgrades", self.upgrades);
	status_counter(&me.status, "stores-upgrading", stores_upgrading());
	tell_line(l, token, &me);
	for (uint32_t i = 0; i < self.slots; i++)
		tell_line(l, token, &self.slot[i]);
	ask_done(token, DONE_OK, "");
}

void on_ctl_status(struct link *from, const struct ipc_view *v)
{
	const struct msg_ctl_status *m = v->payload;

	(void)from;
	if (waiting_n == WAITING_MAX) {
		ask_done(m->token, DONE_BUSY, "too many questions at once");
		return;
	}
	waiting[waiting_n].token = m->token;
	waiting[waiting_n].since_ms = self.now_ms;
	for (uint32_t i = 0; i < self.slots; i++) {
		struct slot *s = &self.slot[i];
		/* one that is being asked answers for now; its next answer is the fresh one */
		waiting[waiting_n].round[i] = s->asked_round + 1;
		s->ask_ms = self.now_ms;
		s->status_wanted = true;
		if (waiting_n == 0)
			s->known = false; /* what it said long ago is not what it says now */
	}
	waiting_n++;
}

static bool answered(uint32_t at)
{
	for (uint32_t i = 0; i < self.slots; i++)
		if (self.slot[i].state == SLOT_UP && self.slot[i].answered_round < waiting[at].round[i])
			return false;
	return true;
}

void ask_turn(void)
{
	while (waiting_n && (answered(0) || self.now_ms - waiting[0].since_ms >= STATUS_MS)) {
		tell_status(waiting[0].token);
		memmove(waiting, waiting + 1, --waiting_n * sizeof *waiting);
	}
}

void ask_lost(const struct slot *s)
{
	if (s->proc == PROC_CTL) /* its next life knows nothing of these questions */
		waiting_n = 0;
}

uint64_t ask_next_ms(void)
{
	return waiting_n ? waiting[0].since_ms + STATUS_MS : UINT64_MAX;
}

void on_ctl_stop(struct link *from, const struct ipc_view *v)
{
	const struct msg_ctl_stop *m = v->payload;

	ask_done(m->token, DONE_OK, "");
	link_flush(from);
	log_info("stopped by command");
	life_stop(0);
}

void on_ctl_reload(struct link *from, const struct ipc_view *v)
{
	const struct msg_ctl_reload *m = v->payload;

	(void)from;
	reload_begin(m->token, true);
}

void on_ctl_upgrade(struct link *from, const struct ipc_view *v)
{
	const struct msg_ctl_upgrade *m = v->payload;

	(void)from;
	upgrade_begin(m->token);
}
