/* SPDX-License-Identifier: ISC */
/* Configuration: conf reads it, every process judges it, one refusal keeps the old one everywhere. */
#include "accepted.h"
#include "base/log.h"
#include "changes.h"
#include "handover.h"
#include "parent.h"
#include "rehearse.h"
#include "synced.h"
#include "upgrade.h"
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static struct {
	enum { IDLE, READING, ASKING } state;
	bool has_token;
	uint64_t token, since_ms;
	uint32_t generation;
	struct site site;
	char database[512];
} next;

/* In an upgrade: what the file says, while what was accepted last is read beside it. */
static struct {
	bool is_read, rereads; /* rereads: as soon as the reader is gone */
	struct site site;
	char database[512];
} edited;

static bool first_copied; /* what was copied last is what the start took */
static bool fell_back;    /* this start goes on with what was accepted before: there is no other */

enum { WISH_TRIES = 5, READER_TRIES = 2 }; /* readers: what kills one may stand in the file */

/* SIGHUP, which nobody hears an answer to: it is done when it can be. */
static struct {
	bool waits;
	uint32_t n, left; /* tries that what passes may still end */
	uint32_t readers; /* tries that the death of their reader may still end */
} wish;

static void say_generation(struct slot *s, enum msg type)
{
	struct msg_site_commit *m = ipc_begin(&s->link, type);

	_Static_assert(sizeof(struct msg_site_commit) == sizeof(struct msg_site_abort), "both name the generation");
	if (!m)
		return;
	m->generation = type == MSG_SITE_COMMIT && s->state == SLOT_STARTING ? self.generation : next.generation;
	ipc_end(&s->link);
}

static void say_all(enum msg type)
{
	for (uint32_t i = 0; i < self.slots; i++)
		if (self.slot[i].state == SLOT_UP && slot_alive(&self.slot[i]))
			say_generation(&self.slot[i], type);
}

static void end(enum done_result result, const char *why)
{
	if (next.has_token)
		ask_done(next.token, result, why);
	next.state = IDLE;
	self.conf.killed = true; /* it said its word */
	if (self.conf.pid)
		kill(self.conf.pid, SIGKILL);
}

/* A refused reload must not end the exchange when parent dies: at a start whose file is refused, what was accepted last is read. */
static bool fall_back(const char *why)
{
	char text[REASON_MAX + 1];

	if (fell_back || !accepted_is_there())
		return false;
	log_error("the start goes on with what was accepted before: %s", why);
	snprintf(text, sizeof text, "the start goes on with what was accepted before: %.150s", why);
	event(EVENT_CONFIG, SEVERITY_ALARM, 0, text, NULL);
	self.falls_back = fell_back = true;
	wish.waits = true;
	return true;
}

static bool start_over(const char *why)
{
	if (fell_back || self.upgrades || !accepted_is_there())
		return false;
	life_start_over(); /* nobody hears the alarm who is to hear it later */
	place_unlisten();
	self.generation = 0;
	return fall_back(why);
}

bool reload_start_over(const char *why)
{
	return first_copied && accepted_is_another() && start_over(why);
}

static void refuse(const char *why)
{
	bool told = next.state == ASKING;

	log_error("configuration refused: %s", why);
	if (told)
		say_all(MSG_SITE_ABORT);
	if (self.generation)
		event_refused("configuration refused, the old one stays", why);
	end(DONE_REFUSED, why);
	if (self.rehearsal)
		rehearse_fail(NULL, why);
	else if (!self.generation && !fall_back(why))
		life_stop(self.upgrades ? EXIT_AGAIN : 1);
}

/* Who asked in words asks again, a SIGHUP is done again. */
static bool is_tried_again(uint32_t *left)
{
	if (!self.generation || self.rehearsal || next.has_token || *left == 0)
		return false;
	--*left;
	return true;
}

/* For a reason that passes. */
static void refuse_for_now(const char *why)
{
	bool again = is_tried_again(&wish.left);

	refuse(why);
	wish.waits |= again;
}

static void refuse_unread(void)
{
	bool again = is_tried_again(&wish.readers);

	refuse(
	    again ? "the reader of the configuration died, it is read again" : "the reader of the configuration died");
	wish.waits |= again;
}

const char *reload_running(void)
{
	if (self.stopping)
		return "the exchange stops";
	return next.state != IDLE || self.conf.pid ? "a reload is going on" : NULL;
}

static const char *reload_busy(void)
{
	const char *running = upgrade_running() ? "an upgrade is going on" : reload_running();

	if (running)
		return running;
	for (uint32_t i = 0; i < self.slots; i++)
		if (self.slot[i].state != SLOT_UP && self.slot[i].state != SLOT_KEPT_DOWN &&
		    !(self.slot[i].state == SLOT_WAITING && life_goes_without(&self.slot[i])))
			return "a process is restarting, try again";
	return NULL;
}

void reload_wish(void)
{
	const char *busy = reload_busy();

	wish.waits = true;
	wish.left = WISH_TRIES;
	wish.readers = READER_TRIES;
	wish.n++;
	if (busy)
		log_info("the reload waits: %s", busy);
}

uint32_t reload_wishes(void)
{
	return wish.n;
}

void reload_begin(uint64_t token, bool has_token)
{
	const char *busy = reload_busy();

	if (busy) {
		log_warn("no reload: %s", busy);
		if (has_token)
			ask_done(token, DONE_BUSY, busy);
		return;
	}
	wish.waits = wish.waits && edited.rereads;
	edited.rereads = false;
	first_copied = false;
	next.state = READING;
	next.token = token;
	next.has_token = has_token;
	next.since_ms = self.now_ms;
	self.conf = (struct slot){.proc = PROC_CONF};
	life_start(&self.conf);
}

/* An upgrade is no restart: what would end calls is not taken. */
static bool compare_first(void)
{
	int fd = !self.upgrades || edited.is_read || fell_back ? -1 : accepted_open();

	if (fd < 0)
		return false;
	close(fd);
	edited.is_read = edited.rereads = self.falls_back = true;
	edited.site = next.site;
	memcpy(edited.database, next.database, sizeof edited.database);
	end(DONE_OK, "");
	return true;
}

static void say_waits(const char *why)
{
	static char text[REASON_MAX + 1];

	snprintf(text, sizeof text, "what ringfence.conf says now waits for a restart: %.140s", why);
	self.file_waits = text;
	if (self.rehearsal)
		return;
	log_error("%s", text);
	event(EVENT_CONFIG, SEVERITY_WARNING, 0, text, NULL);
}

static void take_edited(void)
{
	next.site = edited.site;
	memcpy(next.database, edited.database, sizeof next.database);
	self.falls_back = false;
	trust_read_edited();
}

/* next is what was accepted last. */
static void choose(void)
{
	const char *why = changes_of_calls(
	    (struct changed){&next.site, next.database}, (struct changed){&edited.site, edited.database});

	if (why)
		say_waits(why);
	else
		take_edited();
}

static void boot(void)
{
	self.site = next.site;
	memcpy(self.database, next.database, sizeof self.database);
	self.generation = 1;
	end(DONE_OK, "");
	const char *why = trust_check(&self.site);
	if (self.rehearsal) {
		why = why ? why : rehearse_look();
		why = why ? why : place_could_listen();
		if (why)
			rehearse_fail(NULL, why);
		else
			slots_init();
		return;
	}
	why = why ? why : place_listen();
	if (why) {
		log_error("%s", why);
		self.generation = 0;
		if (self.upgrades ||
		    !fall_back(why)) /* who took over was rehearsed: it starts anew, and falls back then */
			life_stop(self.upgrades ? EXIT_AGAIN : 1);
		return;
	}
	handover_end();
	trust_stands(false);
	first_copied = !self.falls_back;
	self.falls_back = false;
	self.resumes = !self.upgrades && accepted_is_there(); /* of an upgrade those that calls need are waited for */
	slots_init();
}

void reload_ready(void)
{
	if (!first_copied)
		return;
	accepted_keep();
	trust_stands(true);
}

static void ask_one(struct slot *s)
{
	give_trusts(s, &next.site, next.generation);
	struct msg_site_prepare *m = ipc_begin(&s->link, MSG_SITE_PREPARE);
	if (!m)
		return;
	m->generation = next.generation;
	m->site = ipc_put_part(&s->link, &next.site, sizeof next.site);
	ipc_end(&s->link);
}

/* Each question has a number of its own: what is late for one that was refused is no answer to the next. */
static void ask_all(void)
{
	next.state = ASKING;
	next.since_ms = self.now_ms;
	next.generation = (next.generation > self.generation ? next.generation : self.generation) + 1;
	for (uint32_t i = 0; i < self.slots; i++)
		if (self.slot[i].state == SLOT_UP)
			ask_one(&self.slot[i]);
}

/* It began with the site that stood then, so it is asked like the others. */
void reload_up(struct slot *s)
{
	if (next.state == ASKING)
		ask_one(s);
}

void on_site_parsed(struct link *from, const struct ipc_view *v)
{
	const struct msg_site_parsed *m = v->payload;
	const struct site *s = ipc_part(v, m->site);

	(void)from;
	if (next.state != READING)
		return;
	if (!s || !span_cstr(ipc_str(v, m->database), next.database, sizeof next.database)) {
		refuse("the reader gave nothing");
		return;
	}
	next.site = *s;
	if (!self.generation) {
		if (compare_first())
			return;
		if (edited.is_read)
			choose();
		boot();
		return;
	}
	const char *fixed = changes_of_start(
	    (struct changed){&self.site, self.database}, (struct changed){&next.site, next.database}, self.edges);
	if (!fixed)
		fixed = trust_check(&next.site);
	if (fixed)
		refuse(fixed);
	else
		ask_all();
}

void on_site_refused(struct link *from, const struct ipc_view *v)
{
	const struct msg_site_refused *m = v->payload;
	char why[REASON_MAX + 1] = "";

	(void)from;
	span_cstr(ipc_str(v, m->reason), why, sizeof why);
	if (next.state != READING)
		return;
	if (!self.generation && edited.is_read && !fell_back) { /* this build does not read what the one before did */
		take_edited();
		boot();
		return;
	}
	refuse(why);
}

static bool starts_one(void)
{
	for (uint32_t i = 0; i < self.slots; i++)
		if (self.slot[i].state == SLOT_STARTING)
			return true;
	return false;
}

static void commit(void)
{
	for (uint32_t i = 0; i < self.slots; i++)
		if (self.slot[i].state == SLOT_UP && self.slot[i].verdict_generation != next.generation)
			return;
	if (starts_one()) /* it has the old site, and will be asked */
		return;
	synced_site(-1); /* what is confirmed outlives a power cut */
	say_all(MSG_SITE_COMMIT);
	self.site = next.site;
	self.file_waits = NULL;
	self.generation = next.generation;
	for (uint32_t i = 0; i < self.slots; i++)
		if (self.slot[i].state == SLOT_KEPT_DOWN && self.slot[i].pid == 0) {
			self.slot[i].state = SLOT_WAITING;
			self.slot[i].restart_ms = self.now_ms;
		}
	accepted_keep();
	trust_stands(true);
	log_info("configuration generation %u", self.generation);
	event(EVENT_CONFIG, SEVERITY_INFO, 0, "configuration taken", NULL);
	end(DONE_OK, "");
}

/* One that died before it judged holds up nobody. */
static bool awaits_verdicts(void)
{
	for (uint32_t i = 0; i < self.slots; i++) {
		const struct slot *s = &self.slot[i];
		if (s->failures == 0 && s->restarts == 0 && s->state <= SLOT_STARTING &&
		    s->verdict_generation != self.generation)
			return true;
	}
	return false;
}

/* At a start nobody opens anything before all have judged: what is kept is made as the site says, and one that is refused is to change
 * nothing. */
static void let_go(void)
{
	if (self.starts_over || (!self.ready && !self.upgrades && awaits_verdicts()))
		return;
	for (uint32_t i = 0; i < self.slots; i++) {
		struct slot *s = &self.slot[i];
		if (!s->held)
			continue;
		s->held = false;
		s->since_ms = self.now_ms;
		say_generation(s, MSG_SITE_COMMIT);
		if (ipc_begin(&s->link, MSG_GO))
			ipc_end(&s->link);
	}
}

/* A process that starts judges the site that stands. */
static void verdict_at_start(struct slot *s, bool ok, const char *why)
{
	if (!ok && self.rehearsal) {
		char line[REASON_MAX + 32];
		snprintf(line, sizeof line, "refuses: %s", why);
		rehearse_fail(s, line);
		return;
	}
	if (!ok) {
		char line[REASON_MAX + 1];
		snprintf(line, sizeof line, "%s: %.150s", proc_name[s->proc], why);
		log_error("%s/%u refuses the configuration: %s", proc_name[s->proc], s->instance, why);
		if (self.ready)
			life_kill(s, "refuses the configuration that stands");
		else if (!start_over(line)) /* nobody has opened anything: each waits for the verdicts of all */
			life_stop(self.upgrades ? EXIT_AGAIN : 1);
		return;
	}
	s->verdict_generation = self.generation;
	if (self.rehearsal) {
		rehearse_verdict();
		return;
	}
	s->held = true;
	let_go();
}

void on_site_verdict(struct link *from, const struct ipc_view *v)
{
	const struct msg_site_verdict *m = v->payload;
	struct slot *s = slot_of(from);
	char why[REASON_MAX + 1] = "", line[REASON_MAX + 1];

	span_cstr(ipc_str(v, m->reason), why, sizeof why);
	if (s->state == SLOT_STARTING && s->verdict_generation != self.generation && m->generation == self.generation) {
		verdict_at_start(s, m->ok, why);
	} else if (next.state == ASKING && s->state == SLOT_UP && m->generation == next.generation) {
		s->verdict_generation = next.generation;
		snprintf(line, sizeof line, "%s: %.150s", proc_name[s->proc], why);
		if (m->ok)
			commit();
		else
			refuse(line);
	} else if (s->state != SLOT_UP || m->generation <= self.generation || m->generation > next.generation) {
		/* else it is late for a reload that another one refused */
		life_kill(s, "judges what it was not asked");
	}
}

void reload_lost(struct slot *s)
{
	if (s->proc == PROC_CTL)
		next.has_token = false;
	if (next.state == READING && s == &self.conf)
		refuse_unread();
	else if (next.state == ASKING && s != &self.conf)
		refuse_for_now("a process died meanwhile");
}

void reload_turn(void)
{
	if (next.state != IDLE && self.now_ms - next.since_ms >= RELOAD_MS)
		refuse_for_now(starts_one() ? "a process is starting, try again" : "no answer in time");
	if (self.starts_over && !life_left()) {
		self.slots = 0;
		self.starts_over = false;
		self.boot_by_ms = self.now_ms + BOOT_MS;
	}
	let_go();
	if ((wish.waits || edited.rereads) && !self.starts_over && !reload_busy())
		reload_begin(0, false);
}

uint64_t reload_next_ms(void)
{
	return next.state == IDLE ? UINT64_MAX : next.since_ms + RELOAD_MS;
}
