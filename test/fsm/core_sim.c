/* SPDX-License-Identifier: ISC */
#include "core_sim.h"
#include "base/clock.h"
#include "core_child.h"
#include <stdio.h>
#include <stdlib.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct sim sim;
struct wheel child_wheel;

static struct pair {
	bool used;
	enum proc peer;
	uint32_t instance;
	struct link core, far;
} pair[SIM_PAIRS_MAX];

enum { START_MS = 50000000, TURNS_MAX = 200, SHARED_MAX = 1 << 16 };

static uint64_t fallback_now = START_MS;
static uint8_t *shared;
static size_t shared_used;

/* --- what child.c gives to core --- */

uint64_t child_now(void)
{
	return sim.now ? *sim.now : fallback_now;
}

struct ev_loop *child_loop(void)
{
	return NULL;
}

const struct site *child_site(void)
{
	return &sim.site;
}

uint32_t child_instance(void)
{
	return 0;
}

uint8_t child_node(void)
{
	return sim.site.node;
}

static struct pair *find_pair(enum proc peer, uint32_t instance)
{
	for (int i = 0; i < SIM_PAIRS_MAX; i++)
		if (pair[i].used && pair[i].peer == peer && pair[i].instance == instance)
			return &pair[i];
	return NULL;
}

struct link *child_link(enum proc peer, uint32_t instance)
{
	struct pair *p = find_pair(peer, instance);
	return p && !p->core.broken ? &p->core : NULL;
}

void child_accuse(struct link *l, const char *why, uint64_t flow, uint32_t device)
{
	(void)flow;
	sim.accusations++;
	sim.accused_device = device;
	sim.accused = l->peer;
	snprintf(sim.accusation, sizeof sim.accusation, "%s", why);
	l->broken = true;
	l->broken_why = "accused";
}

void child_event(enum event_kind kind, enum severity severity, uint32_t device, uint32_t user, const struct addr *remote,
    const char *detail)
{
	struct link *l = child_link(PROC_LEDGER, 0);
	struct msg_event *m = l ? ipc_begin(l, MSG_EVENT) : NULL;

	sim.events[kind]++;
	sim.event_severity = severity;
	sim.event_device = device;
	snprintf(sim.event_text, sizeof sim.event_text, "%s", detail ? detail : "");
	if (!m)
		return;
	m->kind = (uint8_t)kind;
	m->severity = (uint8_t)severity;
	m->device = device;
	m->user = user;
	if (remote)
		m->remote = *remote;
	m->detail = ipc_put(l, span_head(span_str(detail ? detail : ""), REASON_MAX));
	ipc_end(l);
}

/* --- the siblings --- */

static void say_nonces(struct link *l, const struct ipc_view *v)
{
	struct msg_nonces *m;

	(void)v;
	sim.nonces++;
	if (sim.conduct.keeper_mute || !(m = ipc_begin(l, MSG_NONCES)))
		return;
	memset(m->key, (int)sim.nonces, sizeof m->key);
	for (size_t i = 0; i < NONCE_SHEET; i++)
		memset(m->blocks + i * NONCE_BLOCK, (int)i, NONCE_BLOCK);
	ipc_end(l);
}

static void say_login(struct link *l, const struct ipc_view *v)
{
	const struct msg_login_want *want = v->payload;
	struct msg_login *m;

	sim.logins++;
	sim.login_token = want->token;
	sim.login_who = want->who;
	if (sim.conduct.keeper_mute || !(m = ipc_begin(l, MSG_LOGIN)))
		return;
	m->token = want->token;
	m->verdict = (uint8_t)sim.conduct.verdict;
	ipc_end(l);
}

static void say_relayed(struct link *l, const struct ipc_view *v)
{
	const struct msg_relay *m = v->payload;
	struct msg_relayed *r = m->wish && !sim.media_slow ? ipc_begin(l, MSG_RELAYED) : NULL;

	if (!r)
		return;
	r->join = m->join;
	r->wish = m->wish;
	ipc_end(l);
}

static void say_sealed(struct link *l, const struct ipc_view *v)
{
	const struct msg_seal_want *want = v->payload;
	struct msg_sealed *m;

	sim.seals++;
	if (sim.conduct.seal_mute || !(m = ipc_begin(l, MSG_SEALED)))
		return;
	m->token = want->token;
	m->day = 7;
	m->blob = ipc_put(l, ipc_str(v, want->source)); /* sealed with nothing, so that a test can read it */
	ipc_end(l);
}

static void say_recorded(struct link *l, const struct ipc_view *v)
{
	const struct msg_record *r = v->payload;
	struct msg_recorded *m;

	if (sim.conduct.ledger_mute || !(m = ipc_begin(l, MSG_RECORDED)))
		return;
	sim.records++;
	sim.record = *r;
	span_cstr(ipc_str(v, r->destination), sim.record_to, sizeof sim.record_to);
	span_cstr(ipc_str(v, r->source), sim.record_from, sizeof sim.record_from);
	m->call = r->call;
	ipc_end(l);
}

static void put_setting(struct link *l, unsigned owner, uint32_t index, unsigned kind, const char *value)
{
	struct msg_setting *m = ipc_begin(l, MSG_SETTING);

	m->owner = (uint8_t)owner;
	m->index = index;
	m->kind = (uint8_t)kind;
	m->value = ipc_put(l, span_str(value));
	ipc_end(l);
}

static void push_settings(struct link *l)
{
	for (uint32_t i = 0; i < SIM_GROUPS_MAX; i++) {
		if (!sim.group[i].name)
			continue;
		struct msg_group *g = ipc_begin(l, MSG_GROUP);
		g->index = i;
		g->name = ipc_put(l, span_str(sim.group[i].name));
		g->display = ipc_put(l, SPAN("Group"));
		ipc_end(l);
		put_setting(l, OWNER_GROUP, i, SETTING_MEMBERS, sim.group[i].members);
	}
	for (int i = 0; i < SIM_SETTINGS_MAX; i++) {
		const struct sim_setting *s = &sim.setting[i];
		if (s->value)
			put_setting(l, s->owner, s->index, s->kind, s->value);
	}
}

static void say_notice_kept(struct link *l, const struct ipc_view *v)
{
	const struct msg_notice_add *n = v->payload;
	struct msg_notice_kept *m;

	sim.notices++;
	sim.notice_kind = (enum notice_kind)n->kind;
	(void)span_cstr(ipc_str(v, n->location), sim.notice_location, sizeof sim.notice_location);
	if (sim.conduct.ledger_mute || !(m = ipc_begin(l, MSG_NOTICE_KEPT)))
		return;
	m->token = n->token;
	ipc_end(l);
}

static void say_setting_done(struct link *l, const struct ipc_view *v)
{
	const struct msg_setting_set *w = v->payload;
	struct msg_setting_done *m;

	sim.changed = *w;
	sim.changes++;
	span_cstr(ipc_str(v, w->value), sim.changed_to, sizeof sim.changed_to);
	if (sim.conduct.ledger_mute || !(m = ipc_begin(l, MSG_SETTING_DONE)))
		return;
	m->token = w->token;
	m->result = (uint8_t)sim.conduct.changes;
	ipc_end(l);
}

static void say_pin(struct link *l, const struct ipc_view *v)
{
	const struct msg_pin_check *w = v->payload;
	struct msg_pin_verdict *m;

	sim.pins++;
	if (sim.conduct.keeper_mute || !(m = ipc_begin(l, MSG_PIN_VERDICT)))
		return;
	m->token = w->token;
	m->verdict = !sim.pin                                             ? PIN_IS_NONE
		     : sim.pin_locked || sim.pins > 3                     ? PIN_IS_LOCKED
		     : span_eq(ipc_str(v, w->digits), span_str(sim.pin)) ? PIN_IS_RIGHT
									  : PIN_IS_WRONG;
	ipc_end(l);
}

static void say_dialled(struct link *l, const struct ipc_view *v)
{
	const struct msg_dialled_want *w = v->payload;
	struct msg_dialled *m;

	sim.lookups++;
	if (sim.conduct.keeper_mute || !(m = ipc_begin(l, MSG_DIALLED)))
		return;
	m->token = w->token;
	m->pin = !sim.pin ? PLAN_PIN_NONE : sim.pin_locked ? PLAN_PIN_LOCKED : PLAN_PIN_SET;
	for (size_t i = 0; i < sizeof sim.dialled / sizeof *sim.dialled; i++)
		m->known |= sim.dialled[i] && span_eq(ipc_str(v, w->number), span_str(sim.dialled[i]));
	ipc_end(l);
}

/* Good is what begins with 1, so that a test can choose. */
static void say_proof(struct link *l, const struct ipc_view *v)
{
	const struct msg_proof_want *w = v->payload;
	struct msg_proof *m;

	sim.proofs++;
	if (sim.conduct.signer_mute || !(m = ipc_begin(l, MSG_PROOF)))
		return;
	m->token = w->token;
	m->good = w->signature[0] == 1;
	ipc_end(l);
}

static void say_mail_found(struct link *l, uint64_t token, uint32_t user, bool fresh, uint64_t message)
{
	struct msg_mail_found *m;

	sim.mail_token = token;
	if (sim.conduct.ledger_mute || !(m = ipc_begin(l, MSG_MAIL_FOUND)))
		return;
	m->token = token;
	m->user = user;
	m->fresh = fresh;
	m->message = message;
	ipc_end(l);
}

static void say_mail_room(struct link *l, const struct ipc_view *v)
{
	const struct msg_mail_begin *w = v->payload;

	sim.mail_begun++;
	say_mail_found(l, w->token, w->user, true, sim.conduct.mail_full ? 0 : 100 + sim.mail_begun);
}

static void say_mail(struct link *l, const struct ipc_view *v)
{
	const struct msg_mail_want *w = v->payload;
	uint64_t found = 0;

	sim.mail_wanted++;
	for (int i = SIM_MAIL_MAX - 1; i >= 0; i--)
		found = sim.mail[w->heard][i] > w->after ? sim.mail[w->heard][i] : found;
	say_mail_found(l, w->token, w->user, false, found);
}

/* A key is its message's number. */
static void say_mail_key(struct link *l, const struct ipc_view *v)
{
	const struct msg_mail_key_want *w = v->payload;
	struct msg_mail_key *m;

	sim.mail_keys++;
	if (sim.conduct.keeper_mute || !(m = ipc_begin(l, MSG_MAIL_KEY)))
		return;
	m->token = w->token;
	m->found = !sim.conduct.mail_keyless;
	memset(m->key, (int)w->message, sizeof m->key);
	ipc_end(l);
}

void sim_push_directory(void)
{
	struct link *l = sim_far(PROC_LEDGER, 0);
	struct msg_directory_begin *b = ipc_begin(l, MSG_DIRECTORY_BEGIN);

	b->generation = ++sim.generation;
	b->whole = 1;
	ipc_end(l);
	for (uint32_t i = 0; i < SIM_USERS_MAX; i++) {
		if (!sim.user[i].name)
			continue;
		struct msg_user *u = ipc_begin(l, MSG_USER);
		u->index = i;
		u->enabled = sim.user[i].enabled;
		u->name = ipc_put(l, span_str(sim.user[i].name));
		u->display = ipc_put(l, SPAN("Display"));
		ipc_end(l);
	}
	for (uint32_t i = 0; i < SIM_DEVICES_MAX; i++) {
		struct msg_device *d = ipc_begin(l, MSG_DEVICE);
		d->index = i;
		d->state = sim.device[i].state;
		d->flags = sim.device[i].flags;
		d->label = ipc_put(l, SPAN("desk"));
		ipc_end(l);
	}
	for (uint32_t u = 0; u < SIM_USERS_MAX; u++)
		for (uint32_t d = 0; d < SIM_DEVICES_MAX; d++) {
			if (!sim.bound[u][d])
				continue;
			struct msg_binding *k = ipc_begin(l, MSG_BINDING);
			k->user = u;
			k->device = d;
			k->allowed = 1;
			ipc_end(l);
		}
	push_settings(l);
	struct msg_directory_commit *c = ipc_begin(l, MSG_DIRECTORY_COMMIT);
	c->generation = sim.generation;
	ipc_end(l);
}

static void say_directory(struct link *l, const struct ipc_view *v)
{
	(void)l;
	(void)v;
	sim_push_directory();
}

static void keep(struct link *l, const struct ipc_view *v)
{
	struct heard *h = &sim.heard[sim.heard_n % SIM_HEARD_MAX];

	if (sim.quiet)
		return;
	NEED(sim.heard_n < SIM_HEARD_MAX || h->taken);
	sim.heard_n++;
	*h = (struct heard){.type = v->type,
	    .class = v->class,
	    .at = l->me,
	    .tail_n = (uint32_t)v->tail.n};
	for (int i = 0; i < SIM_PAIRS_MAX; i++)
		if (&pair[i].far == l)
			h->instance = pair[i].instance;
	NEED(msg_rule[v->type].size <= sizeof h->payload);
	memcpy(h->payload, v->payload, msg_rule[v->type].size);
	memcpy(h->tail, v->tail.p, v->tail.n);
}

/* An operator can act on every refusal: it says why, in Reason or in Warning (RFC 3326, RFC 3261 20.43). */
static void check_refusal(const struct ipc_view *v)
{
	const struct msg_respond *m = v->payload;

	if (m->code >= 400 && !m->challenge && !m->cause_text.len && !m->warning_text.len) {
		fprintf(stderr, "  a %u without a reason\n", m->code);
		sim_fail(__FILE__, __LINE__, "a refusal says why");
	}
}

static void on_any(struct link *l, const struct ipc_view *v)
{
	static ipc_handler *const conduct[MSG_N] = {
	    [MSG_NONCES_WANT] = say_nonces,
	    [MSG_LOGIN_WANT] = say_login,
	    [MSG_SEAL_WANT] = say_sealed,
	    [MSG_RECORD] = say_recorded,
	    [MSG_DIRECTORY_WANT] = say_directory,
	    [MSG_NOTICE_ADD] = say_notice_kept,
	    [MSG_PIN_CHECK] = say_pin,
	    [MSG_SETTING_SET] = say_setting_done,
	    [MSG_DIALLED_WANT] = say_dialled,
	    [MSG_PROOF_WANT] = say_proof,
	    [MSG_MAIL_BEGIN] = say_mail_room,
	    [MSG_MAIL_WANT] = say_mail,
	    [MSG_MAIL_KEY_WANT] = say_mail_key,
	};

	if (v->type == MSG_RESPOND)
		check_refusal(v);
	if (sim.watch)
		sim.watch(l, v);
	if (v->type == MSG_EVENT || v->type == MSG_HELP_CALLS_BACK || v->type == MSG_DEVICE_STATE || v->type == MSG_DEVICES_DONE || v->type == MSG_RELAYS_DONE)
		return;
	if (v->type == MSG_RELAY)
		say_relayed(l, v);
	if (conduct[v->type])
		conduct[v->type](l, v);
	else
		keep(l, v);
}

/* --- links --- */

void sim_link_up(enum proc peer, uint32_t instance)
{
	struct pair *p = pair;
	int fd[2];

	NEED(!find_pair(peer, instance));
	while (p->used)
		NEED(++p < pair + SIM_PAIRS_MAX);
	NEED(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd) == 0);
	enum msg_phase phase = peer == PROC_PARENT ? PHASE_SETUP : PHASE_RUN;
	p->used = true;
	p->peer = peer;
	p->instance = instance;
	NEED(link_init(&p->core, fd[0], PROC_CORE, peer, instance, phase));
	NEED(link_init(&p->far, fd[1], peer, PROC_CORE, 0, phase));
	if (peer != PROC_PARENT)
		core_child.link_up(&p->core);
	if (peer == PROC_MEDIA && !sim.media_mute) {
		struct msg_ports *m = ipc_begin(&p->far, MSG_PORTS);
		m->lo = sim.site.media_port_lo;
		m->hi = sim.site.media_port_hi;
		ipc_end(&p->far);
	}
	sim_turn();
}

static void close_pair(struct pair *p)
{
	link_fini(&p->core);
	link_fini(&p->far);
	p->used = false;
	if (p->peer != PROC_PARENT)
		core_child.link_down(&p->core);
}

void sim_link_down(enum proc peer, uint32_t instance)
{
	struct pair *p = find_pair(peer, instance);

	NEED(p);
	close_pair(p);
	sim_turn();
}

struct link *sim_far(enum proc peer, uint32_t instance)
{
	struct pair *p = find_pair(peer, instance);

	NEED(p);
	return &p->far;
}

static bool has_frames(const struct link *l)
{
	return l->ring && l->ring[l->first].n;
}

static void note_broken(struct pair *p)
{
	const char *why = p->core.broken_why ? p->core.broken_why : "closed";

	if (strcmp(why, "closed") != 0 && strcmp(why, "accused") != 0) {
		sim.accusations++;
		sim.accused = p->peer;
		snprintf(sim.accusation, sizeof sim.accusation, "%s", why);
	}
}

/* All that core does is done in here: what a profiler is to count. */
__attribute__((noinline)) void sim_core_hears(struct link *l)
{
	if (!l->broken)
		link_read(l, core_child.on);
	link_flush(l);
}

__attribute__((noinline)) void sim_core_waits(uint64_t now_ms)
{
	wheel_turn(&child_wheel, now_ms);
}

/* As epoll would say, and child.c's look before each wait. */
static bool wants_turn(const struct link *l)
{
	struct pollfd p = {.fd = l->fd, .events = POLLIN};
	bool owes = false;

	for (int c = 0; c < CLASS_N; c++)
		owes |= l->to_grant[c] != 0;
	return owes || has_frames(l) || l->broken || poll(&p, 1, 0) > 0;
}

static bool turn_pair(struct pair *p)
{
	static ipc_handler *any[MSG_N];
	uint64_t before = p->core.received + p->far.received;

	for (int i = 0; i < MSG_N; i++)
		any[i] = on_any;
	link_flush(&p->far);
	if (wants_turn(&p->core))
		sim_core_hears(&p->core);
	if (!p->far.broken)
		link_read(&p->far, any);
	if (p->far.broken && strcmp(p->far.broken_why, "closed") != 0) /* core never breaks the contract */
		sim_fail(__FILE__, __LINE__, p->far.broken_why);
	return p->core.received + p->far.received != before || has_frames(&p->core) || has_frames(&p->far);
}

void sim_turn(void)
{
	bool more = true;

	for (int n = 0; more && n < TURNS_MAX; n++) {
		more = false;
		for (int i = 0; i < SIM_PAIRS_MAX; i++) {
			if (!pair[i].used)
				continue;
			more |= turn_pair(&pair[i]);
			if (!pair[i].core.broken)
				continue;
			note_broken(&pair[i]);
			close_pair(&pair[i]);
			more = true;
		}
	}
	NEED(!more);
}

/* Another second of virtual time: the contract's rates begin anew, whatever the real clock says. */
static void new_second(void)
{
	for (int i = 0; i < SIM_PAIRS_MAX; i++)
		pair[i].far.rate_second = pair[i].core.rate_second = 0;
}

void sim_pass(uint64_t ms)
{
	for (uint64_t end = child_now() + ms; child_now() < end;) {
		bool more = false;
		uint64_t second = child_now() / 1000;
		*sim.now += sim.step_ms ? sim.step_ms : WHEEL_TICK_MS;
		if (child_now() / 1000 != second)
			new_second();
		sim_core_waits(child_now());
		for (int i = 0; i < SIM_PAIRS_MAX; i++)
			more |= pair[i].used && has_frames(&pair[i].core);
		if (more)
			sim_turn();
	}
}

/* --- what was heard --- */

struct heard *sim_take(enum proc at, enum msg type, bool (*is_it)(const struct heard *h, const void *arg), const void *arg)
{
	uint32_t first = sim.heard_n > SIM_HEARD_MAX ? sim.heard_n - SIM_HEARD_MAX : 0;

	for (uint32_t i = first; i < sim.heard_n; i++) {
		struct heard *h = &sim.heard[i % SIM_HEARD_MAX];
		if (h->taken || h->at != at || h->type != type || (is_it && !is_it(h, arg)))
			continue;
		h->taken = true;
		return h;
	}
	return NULL;
}

const char *sim_text(const struct heard *h, struct str s)
{
	static char text[16][2300];
	static unsigned at;
	char *out = text[at++ % 16];

	NEED(s.len < sizeof text[0]);
	memcpy(out, h->tail + s.off, s.len);
	out[s.len] = 0;
	return out;
}

const void *sim_part(const struct heard *h, struct str s)
{
	return s.len ? h->tail + s.off : NULL;
}

void sim_clear(void)
{
	for (uint32_t i = 0; i < SIM_HEARD_MAX; i++)
		sim.heard[i].taken = true;
}

_Noreturn void sim_fail(const char *file, int line, const char *condition)
{
	static bool failing;

	fprintf(stderr, "%s:%d: %s\n", file, line, condition);
	uint32_t first = sim.heard_n > SIM_HEARD_MAX ? sim.heard_n - SIM_HEARD_MAX : 0;
	for (uint32_t i = first, said = 0; !failing && i < sim.heard_n && said < 20; i++) {
		const struct heard *h = &sim.heard[i % SIM_HEARD_MAX];
		const struct msg_respond *r = (const void *)h->payload;
		const struct msg_send *s = (const void *)h->payload;
		if (h->taken)
			continue;
		failing = true;
		said++;
		fprintf(stderr, "  not taken: %s/%u %s", proc_name[h->at], h->instance, msg_rule[h->type].name);
		if (h->type == MSG_RESPOND)
			fprintf(stderr, " txn %lu %u %s", (unsigned long)r->txn, r->code, sim_text(h, r->warning_text));
		if (h->type == MSG_SEND)
			fprintf(stderr, " flow %lu method %u cseq %u", (unsigned long)s->flow, s->method, s->cseq);
		fputc('\n', stderr);
		failing = false;
	}
	if (sim.accusations)
		fprintf(stderr, "  core accused %s: %s\n", proc_name[sim.accused], sim.accusation);
	if (sim.fail_aborts)
		abort();
	_exit(1);
}

/* --- core --- */

struct status_line sim_status(const char *name)
{
	static struct proc_status s;

	memset(&s, 0, sizeof s);
	core_child.status(&s);
	NEED(proc_status_ok(&s) && s.lines < STATUS_LINES_MAX); /* none is left out */
	for (uint32_t i = 0; i < s.lines; i++)
		if (strcmp(s.line[i].name, name) == 0)
			return s.line[i];
	sim_fail(__FILE__, __LINE__, name);
}

void sim_need_idle(void)
{
	static const char *const empty[] = {
	    "calls", "requests", "logins", "messages", "media-ports", "records-waiting",
	    "proof-questions", "desk-calls-waiting", "voice-turns", "voice-seats", "voice-message-seats"};
	const uint64_t late = sim_status("legs-late").used;

	for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
		/* the INVITE of each call that is just over */
		uint64_t used = sim_status(empty[i]).used - (strcmp(empty[i], "requests") == 0 ? late : 0);
		if (used)
			fprintf(stderr, "  %lu %s in use\n", (unsigned long)used, empty[i]);
		NEED(used == 0);
	}
	const uint64_t owed = sim_status("hang-ups-owed").used; /* to phones that went away, each until its session is over */
	NEED(sim_status("legs").used == owed);
	uint64_t own = child_wheel.used - sim_status("registrations").used - owed - late - (late > 0) - (sim_status("call-back-phones").used > 0) - 3; /* requests, certificates, counters and last callers are looked at */
	NEED(own <= sim.site.trunks); /* when each trunk is tried again */
	NEED(sim.accusations == 0);
}

void sim_defaults(void)
{
	static const char *const name[] = {"alice", "bob", "carol", "dave", "112"};
	struct site *s = &sim.site;

	site_defaults(s);
	snprintf(s->domain, sizeof s->domain, "example.org");
	s->edges = 2;
	s->listeners = 1;
	s->listener[0].kind = LISTEN_PHONES;
	addr_parse_ip(SPAN("192.0.2.1"), &s->listener[0].bind);
	s->listener[0].signalling = s->listener[0].media = s->listener[0].advertised_media = s->listener[0].bind;
	s->listener[0].bind.port = s->listener[0].signalling.port = 5061;
	s->max_calls = 32;
	s->max_phones = s->max_users = 16;
	s->media_port_lo = 20000;
	s->media_port_hi = 20000 + 4 * 64 - 1;
	plan_defaults(&s->plan);
	s->plan.emergencies = 1;
	snprintf(s->plan.emergency[0], sizeof s->plan.emergency[0], "112");
	NEED(site_ok(s));
	for (uint32_t i = 0; i < sizeof name / sizeof *name; i++) {
		sim.user[i] = (struct sim_user){name[i], true};
		sim.bound[i][i] = true;
	}
	for (uint32_t i = 0; i < SIM_DEVICES_MAX; i++)
		sim.device[i].state = DEVICE_VALID;
}

struct trunk_conf *sim_add_trunk(int i)
{
	struct trunk_conf *c = &sim.site.trunk[i];

	snprintf(c->name, sizeof c->name, "telco%d", i);
	snprintf(c->server, sizeof c->server, "telco%d.example", i);
	snprintf(c->domain, sizeof c->domain, "telco%d.example", i);
	c->classes = 0xffff;
	c->lines = 2;
	c->transport = TRUNK_TLS;
	c->media = TRUNK_RTP;
	c->plain = 1;
	c->media_nets = 1;
	(void)addr_parse_ip(SPAN("203.0.113.0"), &c->media_net[0].net);
	c->media_net[0].bits = 24;
	snprintf(c->caller[0], sizeof c->caller[0], "+33140000000");
	c->callers = 1;
	sim.site.trunks = (uint16_t)(i + 1);
	return c;
}

void sim_open(void)
{
	if (!sim.now) {
		sim.now = sim_shared(sizeof *sim.now);
		*sim.now = START_MS;
	}
	wheel_init(&child_wheel, child_now());
	if (sim.crash_fd <= 0)
		sim.crash_fd = memfd_create("arena", MFD_CLOEXEC);
	core_child.file(FILE_ARENA, dup(sim.crash_fd));
	core_child.commit ? core_child.commit(&sim.site) : (void)0;
	core_child.open();
	sim_link_up(PROC_PARENT, 0);
	sim_link_up(PROC_LEDGER, 0);
	sim_link_up(PROC_KEEPER, 0);
	sim_link_up(PROC_SIGNER, 0);
	sim_link_up(PROC_MEDIA, 0);
	sim_link_up(PROC_VOICE, 0);
	for (uint32_t i = 0; i < sim.site.edges; i++)
		sim_link_up(PROC_EDGE, i);
	sim_link_up(PROC_CTL, 0);
}

/* --- lives --- */

void *sim_shared(size_t n)
{
	if (!shared) {
		shared = mmap(NULL, SHARED_MAX, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		NEED(shared != MAP_FAILED);
	}
	void *at = shared + shared_used;
	shared_used += (n + 15) & ~(size_t)15;
	NEED(shared_used <= SHARED_MAX);
	return at;
}

static bool run_apart(void (*run)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		run();
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool sim_run(const char *name, void (*test)(void))
{
	bool ok = run_apart(test);

	if (!ok)
		fprintf(stderr, "%s failed\n", name);
	return ok;
}

void sim_crash_after(void (*life)(void))
{
	sim.now = sim_shared(sizeof *sim.now);
	*sim.now = START_MS;
	sim.crash_fd = memfd_create("arena", MFD_CLOEXEC);
	sim_crash_again(life);
}

void sim_crash_again(void (*life)(void))
{
	NEED(run_apart(life));
	*sim.now += 300; /* parent starts it again */
}
