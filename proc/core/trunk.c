/* SPDX-License-Identifier: ISC */
#include "trunk.h"
#include "base/log.h"
#include "base/rand.h"
#include "trunk_auth.h"
#include "trunk_fsm.h"
#include <stdio.h>

enum {
	FIRST_WAIT_MS = 2000,
	WAIT_MAX_MS = 120000,
	TRIES_MAX = 3,
	GRANTED_MIN_S = 30,
	REASON_TEXT = 80,
	TRUNK_EDGE = 0
};

struct trunk {
	enum trunk_state state;
	struct timer timer;
	uint64_t since_ms;            /* in UP, or since it was last there */
	uint64_t token;               /* of the last reach_want */
	uint64_t flow;                /* on which requests go out; 0: none */
	uint64_t ref;                 /* of our request that waits for its answer; 0: none */
	uint64_t register_ms, ask_ms; /* when each is due again; 0: never */
	uint32_t busy, failures, cseq, expires_s;
	uint8_t tries;    /* of the request in hand, with better credentials each */
	bool registering; /* the request in hand is REGISTER, not OPTIONS */
	struct addr remote;
	char call_id[33], tag[17];
	char reason[REASON_TEXT]; /* why it went down, or does not come up */
};

static struct trunk table[SITE_TRUNKS_MAX];
static struct site_trunks {
	uint16_t n;
	struct trunk_conf conf[SITE_TRUNKS_MAX];
} known; /* as they were committed last */

static void feed(struct trunk *t, enum trunk_event e);
static void answered(uint64_t owner, const struct trunk_answer *a, const char *why);

static uint8_t number_of(const struct trunk *t)
{
	return (uint8_t)(t - table + 1);
}

static const struct trunk_conf *conf_of(const struct trunk *t)
{
	return &child_site()->trunk[t - table];
}

static struct trunk *trunk_get(uint8_t trunk)
{
	return trunk > 0 && trunk <= child_site()->trunks ? &table[trunk - 1] : NULL;
}

static void say_why(struct trunk *t, const char *why)
{
	snprintf(t->reason, sizeof t->reason, "%s", why);
}

/* What an attacker may be the reason of; it is told once, however often it is tried. */
static void say_alarm(struct trunk *t, const char *why)
{
	if (strcmp(t->reason, why) != 0)
		child_event(EVENT_TRUNK, SEVERITY_ALARM, 0, NOBODY, &t->remote, why);
	say_why(t, why);
}

/* --- what the machine wants done --- */

static void reach(struct trunk *t, bool next)
{
	struct link *dial = child_link(PROC_DIAL, 0);
	struct msg_reach_want *m = dial ? ipc_begin(dial, MSG_REACH_WANT) : NULL;

	if (!m) { /* its time passes, and it begins anew */
		say_why(t, "the process that reaches trunks is away");
		return;
	}
	rand_bytes(&t->token, sizeof t->token);
	m->token = t->token;
	m->trunk = (uint8_t)(number_of(t) - 1);
	m->next = next;
	ipc_end(dial);
}

static void close_flow(struct trunk *t)
{
	struct flow *f = t->flow ? flow_get(t->flow) : NULL;

	t->flow = 0;
	ask_done(t->ref);
	t->ref = 0;
	trunk_auth_forget(number_of(t), answered);
	if (f)
		flow_close(f, FLOW_CLOSED);
}

static void tell(struct trunk *t, bool up)
{
	char text[REASON_MAX];

	t->since_ms = child_now();
	if (up)
		snprintf(text, sizeof text, "%s is up", conf_of(t)->name);
	else
		snprintf(text, sizeof text, "%s is down: %s", conf_of(t)->name, t->reason);
	log_info("trunk %s", text);
	child_event(EVENT_TRUNK, up ? SEVERITY_INFO : SEVERITY_ALARM, 0, NOBODY, &t->remote, text);
	if (up) {
		t->failures = 0;
		t->reason[0] = 0;
	}
}

/* Doubles, and differs from trunk to trunk so that they do not all come at once. */
static uint64_t back_off_ms(const struct trunk *t)
{
	uint32_t times = t->failures > 1 ? t->failures - 1 : 0;
	uint64_t ms = times < 7 ? (uint64_t)FIRST_WAIT_MS << times : WAIT_MAX_MS;

	if (ms > WAIT_MAX_MS)
		ms = WAIT_MAX_MS;
	return ms - rand_u32() % (ms / 4);
}

static uint64_t later_ms(const struct trunk *t)
{
	if (t->register_ms == 0 || (t->ask_ms && t->ask_ms < t->register_ms))
		return t->ask_ms;
	return t->register_ms;
}

static void set_timer(struct trunk *t, int32_t ms)
{
	uint64_t due = 0;

	if (ms == TRUNK_KEEP)
		return;
	if (ms == TRUNK_LATER)
		due = later_ms(t);
	else if (ms == TRUNK_BACK_OFF)
		due = child_now() + back_off_ms(t);
	else if (ms != TRUNK_OFF)
		due = child_now() + (uint64_t)ms;
	if (due)
		timer_set(&child_wheel, &t->timer, due);
	else
		timer_cancel(&child_wheel, &t->timer);
}

/* --- what we say to it --- */

static struct msg_send *begin(struct trunk *t, enum sip_method method, struct link **edge)
{
	const struct trunk_conf *c = conf_of(t);
	struct flow *f = flow_get(t->flow);

	*edge = f ? flow_link(f) : NULL;
	ask_done(t->ref);
	t->ref = *edge ? ask_new(ASK_TRUNK, number_of(t), f->edge, false) : 0;
	struct msg_send *m = t->ref ? ipc_begin_as(*edge, MSG_SEND, CLASS_DIALOG) : NULL;
	if (!m) {
		ask_done(t->ref);
		t->ref = 0;
		return NULL;
	}
	m->ref = t->ref;
	m->flow = f->id;
	m->method = (uint8_t)method;
	m->from_user = ipc_put(*edge, span_str(c->user));
	m->from_tag = ipc_put(*edge, span_str(t->tag));
	m->to_user = method == SIP_REGISTER ? ipc_put(*edge, span_str(c->user)) : (struct str){0, 0};
	m->call_id = ipc_put(*edge, span_str(t->call_id));
	m->cseq = ++t->cseq;
	m->max_forwards = 70;
	if (method == SIP_REGISTER) {
		m->leg_token = ipc_put(*edge, span_str(c->user));
		m->expires = t->expires_s ? t->expires_s : c->expires_s;
	}
	return m;
}

static void send_register(struct trunk *t, const struct trunk_answer *a)
{
	struct link *edge;
	struct msg_send *m = begin(t, SIP_REGISTER, &edge);

	if (!m)
		return;
	if (a)
		trunk_auth_put(edge, m, a);
	ipc_end(edge);
}

static void answered(uint64_t owner, const struct trunk_answer *a, const char *why)
{
	struct trunk *t = trunk_get((uint8_t)owner);

	if (!t || !t->registering)
		return;
	if (a) {
		send_register(t, a);
		return;
	}
	say_why(t, why);
	feed(t, TRUNK_REFUSED);
}

static bool ask_keeper(struct trunk *t)
{
	uint8_t mem[URI_TEXT_MAX];
	struct buf uri = buf_of(mem, sizeof mem);

	trunk_put_uri(&uri, conf_of(t), span_of(NULL, 0));
	return trunk_auth_ask(number_of(t), SIP_REGISTER, buf_span(&uri), false, number_of(t), answered);
}

static bool due(uint64_t ms)
{
	return ms && ms <= child_now();
}

/* What is due: the registration first. A peer that asks for neither is there as soon as it is reached. */
static void speak(struct trunk *t)
{
	const struct trunk_conf *c = conf_of(t);
	bool fresh = t->state != TRUNK_UP;
	struct link *edge;

	t->tries = 0;
	t->registering = c->user[0] && (fresh || due(t->register_ms));
	if (t->registering) {
		if (!ask_keeper(t)) /* it has not challenged yet */
			send_register(t, NULL);
	} else if (c->keepalive_s) {
		if (begin(t, SIP_OPTIONS, &edge))
			ipc_end(edge);
	} else {
		feed(t, TRUNK_GRANTED);
	}
}

static void do_effects(struct trunk *t, unsigned effects)
{
	if (effects & TRUNK_DO_CLOSE)
		close_flow(t);
	if (effects & (TRUNK_DO_TELL_UP | TRUNK_DO_TELL_DOWN))
		tell(t, effects & TRUNK_DO_TELL_UP);
	if (effects & (TRUNK_DO_REACH | TRUNK_DO_NEXT))
		reach(t, effects & TRUNK_DO_NEXT);
	if (effects & TRUNK_DO_SPEAK)
		speak(t);
}

static void feed(struct trunk *t, enum trunk_event e)
{
	struct trunk_out out = trunk_step(t->state, e);

	t->state = out.state;
	if (out.effects & TRUNK_DO_COUNT)
		t->failures++;
	set_timer(t, out.timer_ms);
	do_effects(t, out.effects);
}

static void on_time(struct timer *timer, uint64_t now_ms)
{
	struct trunk *t = (struct trunk *)(void *)((char *)timer - offsetof(struct trunk, timer));

	(void)now_ms;
	if (t->state == TRUNK_UP && t->ref) {
		say_why(t, "it does not answer");
		feed(t, TRUNK_SILENT);
		return;
	}
	if (t->state == TRUNK_REGISTERING || t->state == TRUNK_CONNECTING)
		say_why(t, "it does not answer");
	feed(t, TRUNK_DUE);
}

/* --- what it answers --- */

static void grant(struct trunk *t, const struct msg_response *m)
{
	const struct trunk_conf *c = conf_of(t);
	uint64_t now = child_now();

	if (t->registering) {
		uint64_t s = m->expires != ABSENT && m->expires > 0 ? m->expires : c->expires_s;
		if (s < GRANTED_MIN_S)
			s = GRANTED_MIN_S;
		t->register_ms = now + s * 500;
	}
	t->ask_ms = c->keepalive_s ? now + c->keepalive_s * 1000ull : 0;
	feed(t, TRUNK_GRANTED);
}

static void challenged(struct trunk *t, const struct msg_response *m, const struct ipc_view *v)
{
	const char *why = trunk_auth_take(number_of(t), m, v);

	/* a password that was wrong once is wrong again, unless only the nonce was too old */
	if (!why && t->tries > 0 && !m->auth_stale)
		why = "it refuses the password";
	if (!why && (++t->tries > TRIES_MAX || !ask_keeper(t)))
		why = "its challenge cannot be answered now";
	if (!why)
		return;
	say_alarm(t, why);
	trunk_auth_clear(number_of(t));
	feed(t, TRUNK_REFUSED);
}

static bool is_silent(const struct msg_response *m)
{
	return m->local || m->code == 408 || m->code >= 500;
}

static void refused(struct trunk *t, const struct msg_response *m)
{
	snprintf(t->reason, sizeof t->reason, m->local ? "it does not answer" : "it says %u", m->code);
	feed(t, is_silent(m) ? TRUNK_SILENT : TRUNK_REFUSED);
}

void trunk_on_answer(const struct ask *a, const struct msg_response *m, const struct ipc_view *v)
{
	struct trunk *t = trunk_get((uint8_t)a->owner);

	if (!t || a->ref != t->ref || m->code < 200)
		return;
	t->ref = 0;
	ask_done(a->ref);
	if (!t->registering && !m->local && m->code != 408 && m->code != 503) {
		grant(t, m); /* whatever it thinks of OPTIONS, it is there */
	} else if (m->code < 300) {
		grant(t, m);
	} else if (t->registering && (m->code == 401 || m->code == 407)) {
		challenged(t, m, v);
	} else if (t->registering && m->code == 423 && m->min_expires > t->expires_s && m->min_expires <= 7200) {
		t->expires_s = m->min_expires;
		speak(t);
	} else {
		refused(t, m);
	}
}

/* --- what dial and edge say --- */

void trunk_on_reached(struct link *from, const struct ipc_view *v)
{
	static const char *const text[REACH_WHYS] = {
	    [REACH_NO_NAME] = "its name leads nowhere",
	    [REACH_NO_ANSWER] = "it accepts no connection",
	    [REACH_BUSY] = "too much is being reached at once",
	};
	const struct msg_reached *m = v->payload;
	struct trunk *t = trunk_get((uint8_t)(m->trunk + 1));

	if (!t) {
		child_accuse(from, "reached a trunk that there is not", 0, 0);
		return;
	}
	if (m->token != t->token)
		return;
	if (m->why == REACH_OK)
		t->remote = m->remote;
	else if (text[m->why]) /* the end of the list says nothing new */
		say_why(t, text[m->why]);
	feed(t, m->why == REACH_OK ? TRUNK_REACHED : TRUNK_UNREACHED);
}

void trunk_on_failed(struct link *from, const struct ipc_view *v)
{
	static const char *const text[TRUNK_WHYS] = {
	    [TRUNK_CLOSED] = "it closes the connection",
	    [TRUNK_TIMEOUT] = "it does not finish the handshake",
	    [TRUNK_NO_TLS] = "the handshake fails",
	    [TRUNK_BAD_CERT] = "its certificate is not from the trunk's CA, or not valid",
	    [TRUNK_WRONG_NAME] = "its certificate is for another name",
	    [TRUNK_FULL] = "there is no room for its connection",
	};
	const struct msg_trunk_failed *m = v->payload;
	struct trunk *t = trunk_get((uint8_t)(m->trunk + 1));

	if (!t) {
		child_accuse(from, "failed on a trunk that there is not", 0, 0);
		return;
	}
	if (m->token != t->token)
		return;
	if (m->why == TRUNK_BAD_CERT || m->why == TRUNK_WRONG_NAME)
		say_alarm(t, text[m->why]);
	else
		say_why(t, text[m->why]);
	feed(t, TRUNK_NO_FLOW);
}

/* One that it made itself is for its requests alone, unless there is no other. */
void trunk_flow_up(struct flow *f, uint64_t token)
{
	struct trunk *t = trunk_get(f->trunk);

	(void)token;
	if (!t || f->came)
		return;
	uint64_t before = t->flow;
	t->flow = f->id;
	t->remote = f->remote;
	t->register_ms = child_now(); /* a registration is where its connection is */
	ask_done(t->ref);
	t->ref = 0;
	if (before && before != f->id && flow_get(before))
		flow_close(flow_get(before), FLOW_CLOSED);
	feed(t, TRUNK_FLOW);
}

void trunk_flow_down(struct flow *f)
{
	struct trunk *t = trunk_get(f->trunk);

	if (!t || t->flow != f->id)
		return;
	t->flow = 0;
	ask_done(t->ref);
	t->ref = 0;
	say_why(t, "its connection closed");
	feed(t, TRUNK_FLOW_GONE);
}

/* --- life --- */

static void begin_all(void)
{
	for (int i = 0; i < child_site()->trunks; i++)
		feed(&table[i], TRUNK_BEGIN);
}

void trunk_init(void)
{
	trunk_auth_init();
	for (int i = 0; i < SITE_TRUNKS_MAX; i++) {
		table[i].timer.fire = on_time;
		rand_hex(table[i].call_id, 16);
		rand_hex(table[i].tag, 8);
	}
}

/* What changed begins anew; the rest is left alone. parent sees to it that none comes, goes or takes another's place. */
void trunk_commit(const struct site *s)
{
	for (int i = 0; i < s->trunks; i++) {
		bool same = i < known.n && memcmp(&known.conf[i], &s->trunk[i], sizeof known.conf[i]) == 0;
		known.conf[i] = s->trunk[i];
		if (same || i >= known.n)
			continue;
		say_why(&table[i], "its configuration changed");
		trunk_auth_clear((uint8_t)(i + 1));
		table[i].failures = table[i].expires_s = 0;
		feed(&table[i], TRUNK_STOP);
		feed(&table[i], TRUNK_BEGIN);
	}
	known.n = s->trunks;
}

void trunk_link_up(struct link *l)
{
	if (child_link(PROC_DIAL, 0) && child_link(PROC_EDGE, TRUNK_EDGE) &&
	    (l->peer == PROC_DIAL || (l->peer == PROC_EDGE && l->instance == TRUNK_EDGE)))
		begin_all();
}

void trunk_link_down(struct link *l)
{
	for (int i = 0; l->peer == PROC_DIAL && i < child_site()->trunks; i++)
		feed(&table[i], TRUNK_LOST);
	if (l->peer == PROC_KEEPER)
		trunk_auth_keeper_down();
}

/* --- for calls --- */

const struct trunk_conf *trunk_conf_of(uint8_t trunk)
{
	return trunk_get(trunk) ? &child_site()->trunk[trunk - 1] : NULL;
}

struct flow *trunk_flow(uint8_t trunk)
{
	const struct trunk *t = trunk_get(trunk);

	return t && t->flow ? flow_get(t->flow) : NULL;
}

bool trunk_is_up(uint8_t trunk)
{
	const struct trunk *t = trunk_get(trunk);

	return t && t->state == TRUNK_UP && t->flow;
}

static bool may_carry(const struct trunk *t, enum number_class class, bool emergency)
{
	const struct trunk_conf *c = conf_of(t);

	if (!trunk_is_up(number_of(t)))
		return false;
	if (emergency)
		return c->emergency;
	return c->classes >> class & 1 && t->busy < c->lines;
}

uint8_t trunk_pick(enum number_class class, bool emergency, uint32_t tried)
{
	const struct trunk *best = NULL;

	for (int i = 0; i < child_site()->trunks; i++) {
		const struct trunk *t = &table[i];
		if (tried >> number_of(t) & 1 || !may_carry(t, class, emergency))
			continue;
		int order = best ? (int)conf_of(t)->priority - (int)conf_of(best)->priority : -1;
		if (order < 0 || (order == 0 && t->busy < best->busy))
			best = t;
	}
	return best ? number_of(best) : 0;
}

void trunk_hurry(void)
{
	for (int i = 0; i < child_site()->trunks; i++)
		if (table[i].state == TRUNK_WAITS)
			feed(&table[i], TRUNK_BEGIN);
}

bool trunk_line_take(uint8_t trunk, bool emergency)
{
	struct trunk *t = trunk_get(trunk);

	if (!t || (t->busy >= conf_of(t)->lines && !emergency))
		return false;
	t->busy++;
	return true;
}

void trunk_line_release(uint8_t trunk)
{
	struct trunk *t = trunk_get(trunk);

	if (t && t->busy)
		t->busy--;
}

const char *trunk_map_in(uint8_t trunk, struct span number)
{
	const struct site *s = child_site();

	for (int i = 0; i < s->inbounds; i++)
		if (s->inbound[i].trunk == trunk - 1 && span_eq(span_str(s->inbound[i].number), number))
			return s->inbound[i].to;
	return NULL;
}

const char *trunk_caller_id(uint8_t trunk, struct span wanted)
{
	const struct trunk_conf *c = trunk_conf_of(trunk);

	for (int i = 0; c && i < c->callers; i++)
		if (span_eq(span_str(c->caller[i]), wanted))
			return c->caller[i];
	return c && c->callers ? c->caller[0] : NULL;
}

bool trunk_media_from(uint8_t trunk, const struct addr *a)
{
	const struct trunk_conf *c = trunk_conf_of(trunk);

	for (int i = 0; c && i < c->media_nets; i++)
		if (trunk_net_holds(&c->media_net[i], a))
			return true;
	return false;
}

/* --- for people --- */

void trunk_on_list(struct link *from, const struct ipc_view *v)
{
	const struct msg_trunks_want *want = v->payload;

	if (want->hurry)
		trunk_hurry();
	for (int i = 0; !want->hurry && i < child_site()->trunks; i++) {
		const struct trunk *t = &table[i];
		struct msg_trunk_line *m = ipc_begin(from, MSG_TRUNK_LINE);
		if (!m)
			return;
		m->token = want->token;
		m->state = (uint8_t)t->state;
		m->busy = t->busy;
		m->lines = conf_of(t)->lines;
		m->age_ms = t->since_ms ? child_now() - t->since_ms : 0;
		m->remote = t->remote;
		m->name = ipc_put(from, span_str(conf_of(t)->name));
		m->reason = ipc_put(from, span_str(t->reason));
		ipc_end(from);
	}
	struct msg_done *m = ipc_begin(from, MSG_DONE);
	if (!m)
		return;
	m->token = want->token;
	m->result = DONE_OK;
	ipc_end(from);
}

void trunk_status(struct proc_status *s)
{
	char name[STATUS_NAME_MAX];

	for (int i = 0; i < child_site()->trunks; i++) {
		snprintf(name, sizeof name, "lines-%s", conf_of(&table[i])->name);
		status_add(s, name, STATUS_POOL, table[i].busy, conf_of(&table[i])->lines, 0, 0);
	}
}
