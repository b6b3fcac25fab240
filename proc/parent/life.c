/* SPDX-License-Identifier: ISC */
/* From start to death and back: hello, ready, health, back-off, stop. */
#include "base/log.h"
#include "handover.h"
#include "parent.h"
#include "rehearse.h"
#include "service_manager.h"
#include "upgrade.h"
#include "vain.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const uint32_t back_off_ms[] = {0, 200, 1000, 5000};

/* What the exchange can be without: sockets relay, alarms wait for who hears them, no announcements, no trunks. */
static const bool spared[PROC_N] = {[PROC_NET] = true, [PROC_WATCH] = true, [PROC_VOICE] = true, [PROC_DIAL] = true};

/* Where an exchange stood before, one that cannot start takes nothing from the others: calls stand, and somebody may need help (R16, R28). */
static bool may_lack(const struct slot *s)
{
	return spared[s->proc] || self.resumes;
}

static void enter(struct slot *s, enum slot_state state)
{
	s->state = state;
	s->since_ms = self.now_ms;
}

static void wait_to_restart(struct slot *s)
{
	uint32_t last = sizeof back_off_ms / sizeof *back_off_ms - 1;

	s->restart_ms = self.now_ms + back_off_ms[s->failures < last ? s->failures : last];
	s->failures++;
	if (s->failures == last)
		event(EVENT_DIED, SEVERITY_ALARM, 0, "dies again and again", s);
	enter(s, SLOT_WAITING);
}

void life_start(struct slot *s)
{
	s->asked_ms = 0;
	s->verdict_generation = 0;
	s->born_generation = self.generation;
	s->known = s->killed = s->upgrading = s->leaves = s->held = false;
	enter(s, SLOT_STARTING);
	if (!spawn(s) && s->pid == 0)
		wait_to_restart(s);
}

void life_kill(struct slot *s, const char *why)
{
	if (s->killed)
		return;
	log_error("%s/%u: killed: %s", proc_name[s->proc], s->instance, why);
	if (self.rehearsal)
		rehearse_fail(s, why);
	s->killed = true;
	s->link.broken = true;
	if (s->pid)
		kill(s->pid, SIGKILL);
}

/* A child that closed its link is about to end, or must. */
static void check_link(struct slot *s)
{
	if (!s->pid || !s->linked || !s->link.broken || s->killed)
		return;
	if (s->link.broken_why && strcmp(s->link.broken_why, "closed") != 0) {
		life_kill(s, s->link.broken_why);
		return;
	}
	s->killed = true;
	kill(s->pid, SIGKILL);
}

/* --- what a child says of itself --- */

static void say_stop_to(struct slot *s)
{
	struct msg_stop *m = ipc_begin(&s->link, MSG_STOP);

	if (!m)
		return;
	m->followed = self.upgrading || self.exit_code == EXIT_AGAIN;
	s->leaves |= m->followed; /* it may be on its way, and not hear what is said now */
	s->cleans = !s->leaves;
	ipc_end(&s->link);
}

void on_hello(struct link *from, const struct ipc_view *v)
{
	const struct msg_hello *m = v->payload;

	if (memcmp(m->build, build_id, sizeof m->build) != 0)
		life_kill(slot_of(from), "is of another build");
	else if (m->proc != from->peer)
		life_kill(slot_of(from), "is not who it was started as");
	else
		from->phase = PHASE_SETUP;
}

bool life_goes_without(const struct slot *s)
{
	return may_lack(s) && s->state != SLOT_UP && s->failures > BOOT_RESTARTS;
}

static uint64_t boot_by(void)
{
	uint64_t by = self.started_ms + BOOT_MS;

	return self.boot_by_ms > by ? self.boot_by_ms : by;
}

/* Who is late, and can be done without, holds up nobody for ever. */
static bool stands(void)
{
	bool late = self.now_ms - self.started_ms >= BOOT_MS, last = self.now_ms >= boot_by();

	for (uint32_t i = 0; i < self.slots; i++) {
		const struct slot *s = &self.slot[i];
		if (s->state != SLOT_UP && !life_goes_without(s) && !(spared[s->proc] ? late : last && may_lack(s)))
			return false;
	}
	return self.slots > 0;
}

static uint32_t say_missing(void)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < self.slots; i++) {
		if (self.slot[i].state == SLOT_UP)
			continue;
		n++;
		log_error("%s/%u cannot start: the exchange goes on without it", proc_name[self.slot[i].proc],
		    self.slot[i].instance);
		event(EVENT_DIED, SEVERITY_ALARM, 0, "cannot start, the exchange goes on without it", &self.slot[i]);
	}
	return n;
}

static void say_ready(void)
{
	uint8_t text[ADDR_TEXT_MAX];
	struct buf at = buf_of(text, sizeof text);
	uint32_t missing = say_missing();

	addr_put(&at, &self.site.listener[0].bind);
	self.ready = true;
	printf("ringfence: ready, sip:%s at %s, %u processes in %u ms\n", self.site.domain, buf_cstr(&at),
	    self.slots - missing, (unsigned)(self.now_ms - self.started_ms));
	fflush(stdout);
	service_manager_ready();
	vain_over();
	reload_ready();
	if (self.back)
		event_refused("upgrade refused, calls stay", "the new ringfenced could not be executed");
	else if (self.upgrades)
		event(EVENT_STARTED, SEVERITY_INFO, 0, "the new executables run, calls stay", NULL);
}

/* As many rows as there are take their time, which is none of the start's. */
void on_upgrading(struct link *from, const struct ipc_view *v)
{
	struct slot *s = slot_of(from);

	(void)v;
	if (s->state != SLOT_STARTING || s->upgrading) {
		life_kill(s, "upgrades out of turn");
		return;
	}
	log_info("%s/%u: what it keeps is of an earlier version and is made today's", proc_name[s->proc], s->instance);
	s->upgrading = true;
	s->since_ms = self.now_ms;
	self.boot_by_ms = self.now_ms + STORE_UPGRADE_MS + BOOT_MS;
}

static void upgraded(struct slot *s)
{
	if (s->upgrading)
		self.boot_by_ms = self.now_ms + BOOT_MS;
	s->upgrading = false;
}

void on_ready(struct link *from, const struct ipc_view *v)
{
	struct slot *s = slot_of(from);

	(void)v;
	if (s->proc == PROC_CONF)
		return;
	if (s->state != SLOT_STARTING || s->verdict_generation != self.generation) {
		life_kill(s, "says ready out of turn");
		return;
	}
	upgraded(s);
	enter(s, SLOT_UP);
	if (self.stopping) {
		say_stop_to(s);
		return;
	}
	s->ask_ms = self.now_ms;
	event(EVENT_STARTED, SEVERITY_INFO, 0, "started", s);
	reload_up(s);
	if (s->proc == PROC_LEDGER || s->proc == PROC_WATCH)
		events_flush();
}

void on_status(struct link *from, const struct ipc_view *v)
{
	const struct msg_status *m = v->payload;
	const struct proc_status *told = ipc_part(v, m->status);
	struct slot *s = slot_of(from);

	if (s->asked_ms == 0 || m->token != s->asked_round) {
		life_kill(s, "answers what it was not asked");
		return;
	}
	s->asked_ms = 0;
	s->answered_round = s->asked_round;
	if (told) {
		s->status = *told;
		s->known = true;
	}
}

/* --- death --- */

static const char *how_it_died(int status)
{
	if (WIFSIGNALED(status)) {
		if (WTERMSIG(status) == SIGSYS)
			return "made a call that its cage forbids";
		if (WTERMSIG(status) == SIGKILL)
			return "was killed";
		return WTERMSIG(status) == SIGABRT ? "aborted" : "crashed";
	}
	return WEXITSTATUS(status) == 127 ? "cannot be executed" : "ended";
}

static bool boots(void)
{
	return !self.ready && !self.upgrades;
}

/* Nothing stood before that could go on: what is wrong is said, and that is all. */
static bool must_boot(void)
{
	return boots() && !self.resumes;
}

/* What it dies of may be what is new in the configuration; false: the start is over. */
static bool start_goes_on(const struct slot *s, bool cannot)
{
	char line[64];

	snprintf(line, sizeof line, "%s dies again and again", proc_name[s->proc]);
	if (!cannot && reload_start_over(line))
		return true;
	if (!must_boot())
		return true;
	if (!cannot)
		log_error("%s/%u was started again %d times in vain: the exchange cannot start", proc_name[s->proc],
		    s->instance, BOOT_RESTARTS);
	life_stop(1);
	return false;
}

/* What it was given at its start is not what the site of now wants. Once for each generation, or it would be a way to die unseen. */
static bool asks_for_another(const struct slot *s, int status)
{
	return s->state == SLOT_UP && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_ANEW &&
	       s->born_generation != self.generation;
}

static void died(struct slot *s, int status)
{
	const char *how = how_it_died(status);
	bool cannot = WIFEXITED(status) && WEXITSTATUS(status) == 127;

	bool unheard = false;

	if (s->linked) {
		link_read(&s->link, parent_on); /* its last words */
		unheard = s->link.phase == PHASE_HELLO;
		link_fini(&s->link);
	}
	if (self.rehearsal && unheard && WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT)
		rehearse_fail(s, "is of another build, or broken"); /* it heard our build before it said its own */
	s->linked = false;
	s->pid = 0;
	upgraded(s);
	if (self.rehearsal && s->proc != PROC_CONF)
		rehearse_fail(s, how);
	reload_lost(s);
	ask_lost(s);
	upgrade_lost(s);
	if (self.stopping || self.starts_over || s->proc == PROC_CONF) {
		s->cleans = s->cleans && (s->state != SLOT_UP || !WIFSIGNALED(status)); /* killed before it heard */
		enter(s, SLOT_GONE);
		return;
	}
	if (asks_for_another(s, status)) {
		log_info("%s/%u begins anew with configuration generation %u", proc_name[s->proc], s->instance,
		    self.generation);
		s->restart_ms = self.now_ms;
		enter(s, SLOT_WAITING);
		return;
	}
	log_error("%s/%u %s (%#x)", proc_name[s->proc], s->instance, how, (unsigned)status);
	event(EVENT_DIED, s->proc == PROC_WATCH ? SEVERITY_ALARM : SEVERITY_WARNING, 0, how, s);
	/* who took over has calls to keep, and what it waits for (a database that is upgraded too) may come back */
	if (boots() && !spared[s->proc] && (cannot || s->restarts == BOOT_RESTARTS) && !start_goes_on(s, cannot))
		return;
	if (s->state == SLOT_KEPT_DOWN || self.starts_over)
		return;
	if (s->state == SLOT_UP && self.now_ms - s->since_ms >= HEALTHY_MS)
		s->failures = 0;
	s->restarts++;
	wait_to_restart(s);
}

void life_reap(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		handover_reaped(pid);
		if (upgrade_reaped(pid, status))
			continue;
		if (self.conf.pid == pid)
			died(&self.conf, status);
		for (uint32_t i = 0; i < self.slots; i++)
			if (self.slot[i].pid == pid)
				died(&self.slot[i], status);
	}
}

/* --- time --- */

static void ask(struct slot *s)
{
	struct msg_status_want *m = ipc_begin(&s->link, MSG_STATUS_WANT);

	if (!m)
		return;
	m->token = ++s->asked_round;
	m->brief = !s->status_wanted;
	ipc_end(&s->link);
	s->status_wanted = false;
	s->asked_ms = self.now_ms;
	s->ask_ms = self.now_ms + ASK_EVERY_MS;
}

/* The old one relays until all others are up, so that the new one starts alone and nobody is unheard for longer than that. Whom calls
 * can do without is not waited for when it is late: until then no call can be set up. */
static bool media_may_start(void)
{
	bool others = true, late = self.now_ms - self.started_ms >= SPARED_LATE_MS;

	for (uint32_t i = 0; i < self.slots; i++) {
		const struct slot *s = &self.slot[i];
		others = others && (s->state == SLOT_UP || s->proc == PROC_MEDIA ||
				       (spared[s->proc] && (late || s->failures > 0)));
	}
	if (handover_waits() && (others || self.now_ms - self.started_ms >= MEDIA_LAST_MS))
		handover_end_media();
	return !handover_waits();
}

static uint64_t start_by(const struct slot *s)
{
	if (s->held)
		return UINT64_MAX;
	return s->since_ms + (s->upgrading ? STORE_UPGRADE_MS : START_MS);
}

static void turn(struct slot *s)
{
	uint64_t now = self.now_ms;

	check_link(s);
	if (s->state == SLOT_WAITING && now >= s->restart_ms && (s->proc != PROC_MEDIA || media_may_start()))
		life_start(s);
	else if (s->state == SLOT_STARTING && now >= start_by(s))
		life_kill(s, "does not become ready");
	else if (s->state == SLOT_UP && s->asked_ms && now - s->asked_ms >= HUNG_MS)
		life_kill(s, "does not answer");
	else if (s->state == SLOT_UP && !s->asked_ms && now >= s->ask_ms)
		ask(s);
}

void life_slept(void)
{
	for (uint32_t i = 0; i < self.slots; i++) {
		struct slot *s = &self.slot[i];
		if (s->asked_ms)
			s->asked_ms = self.now_ms;
		if (s->state == SLOT_STARTING)
			s->since_ms = self.now_ms;
	}
}

static bool is_store(enum proc p)
{
	return p == PROC_LEDGER || p == PROC_KEEPER || p == PROC_SIGNER;
}

/* Of an upgrade's end: it relays until the new parent has another. */
static bool stays(const struct slot *s)
{
	return self.upgrading && s->proc == PROC_MEDIA && slot_alive(s);
}

bool life_left(void)
{
	bool left = self.conf.pid != 0;

	for (uint32_t i = 0; i < self.slots; i++)
		left |= self.slot[i].pid != 0 && !stays(&self.slot[i]);
	return left;
}

static void say_stop(bool stores)
{
	for (uint32_t i = 0; i < self.slots; i++) {
		struct slot *s = &self.slot[i];
		bool hears =
		    s->proc != PROC_NET || s->state == SLOT_UP; /* it knows what to take away once it is ready */
		if (is_store(s->proc) == stores && slot_alive(s) && !stays(s) && hears)
			say_stop_to(s);
	}
}

/* Before the configuration is read nobody can tell what the exchange of before left in the kernel. */
static bool stop_waits;

void life_stop(int exit_code)
{
	if (self.stopping && !self.upgrading)
		return;
	stop_waits = exit_code == 0 && !self.slots && !self.upgrading && !self.rehearsal;
	if (stop_waits)
		return;
	self.stopping = true;
	self.upgrading = false;
	self.stop_ms = self.now_ms;
	self.exit_code = exit_code;
	service_manager_stopping();
	if (self.conf.pid)
		kill(self.conf.pid, SIGKILL);
	say_stop(false);
}

void life_start_over(void)
{
	self.starts_over = true;
	for (uint32_t i = 0; i < self.slots; i++) {
		if (self.slot[i].pid)
			life_kill(&self.slot[i], "was started with a site that another one refuses");
		else
			enter(&self.slot[i], SLOT_GONE);
	}
}

void life_leave(void)
{
	self.stopping = self.upgrading = true;
	self.stop_ms = self.now_ms;
	say_stop(false);
}

/* What net left in the kernel, for a follower that will not come or by dying, only net can take away: it is started for that. */
static bool must_clean(const struct slot *s)
{
	bool ends = !self.upgrading && self.exit_code != EXIT_AGAIN;

	return s->proc == PROC_NET && s->pid == 0 && ends && !s->cleans && !self.rehearsal &&
	       self.now_ms - self.stop_ms < STOP_MS;
}

/* Who leaves all to a follower has all of it in its arena or store already, and calls wait for the follower. */
static uint64_t patience_ms(const struct slot *s)
{
	if (self.upgrading)
		return is_store(s->proc) ? 2 * LEAVE_MS : LEAVE_MS;
	return s->proc == PROC_NET ? CLEAN_MS : STOP_MS;
}

/* First those that others serve, so that their last records arrive; then the stores; what is left is killed. */
static void turn_stopping(void)
{
	static bool stores_told;
	bool others_left = false;
	uint64_t since = self.now_ms - self.stop_ms;

	for (uint32_t i = 0; i < self.slots; i++) {
		struct slot *s = &self.slot[i];
		if (stays(s))
			continue;
		if (must_clean(s)) {
			life_start(s);
			s->cleans = true;
		}
		others_left |= s->pid != 0 && !is_store(s->proc);
		if (s->pid && since >= patience_ms(s))
			kill(s->pid, SIGKILL);
	}
	if (!stores_told && (!others_left || since >= (self.upgrading ? LEAVE_MS : STOP_MS / 2))) {
		stores_told = true;
		say_stop(true);
	}
}

void life_turn(void)
{
	if (stop_waits && self.slots)
		life_stop(0);
	if (self.stopping) {
		turn_stopping();
		return;
	}
	for (uint32_t i = 0; i < self.slots; i++)
		turn(&self.slot[i]);
	check_link(&self.conf);
	if (!self.ready && stands())
		say_ready();
	if (must_boot() && self.now_ms >= boot_by()) {
		for (uint32_t i = 0; i < self.slots; i++)
			if (self.slot[i].state != SLOT_UP && !spared[self.slot[i].proc])
				log_error(
				    "%s/%u did not become ready", proc_name[self.slot[i].proc], self.slot[i].instance);
		life_stop(1);
	}
}

static uint64_t due(const struct slot *s)
{
	switch (s->state) {
	case SLOT_WAITING:
		return s->proc == PROC_MEDIA && handover_waits() ? self.now_ms + 100 : s->restart_ms;
	case SLOT_STARTING:
		return start_by(s);
	case SLOT_UP:
		return s->asked_ms ? s->asked_ms + HUNG_MS : s->ask_ms;
	case SLOT_KEPT_DOWN:
	case SLOT_GONE:
		break;
	}
	return UINT64_MAX;
}

uint64_t life_next_ms(void)
{
	uint64_t first = boots() ? boot_by() : UINT64_MAX;

	if (self.stopping)
		return self.now_ms + 100;
	for (uint32_t i = 0; i < self.slots; i++)
		if (due(&self.slot[i]) < first)
			first = due(&self.slot[i]);
	return first;
}
