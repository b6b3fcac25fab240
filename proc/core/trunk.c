/* SPDX-License-Identifier: ISC */
#include "base/log.h"
#include "base/rand.h"
#include "owed.h"
#include "session.h"
#include "trunk_auth.h"
#include "trunk_int.h"
#include <stdio.h>

enum {
	FIRST_WAIT_MS = 2000,
	WAIT_MAX_MS = 120000,
	REACH_EVERY_MS = 500, /* SITE_TRUNKS_MAX of them stay below what the contract allows a second */
};

struct trunk trunk_table[SITE_TRUNKS_MAX];
static struct site_trunks {
	uint16_t n;
	struct trunk_conf conf[SITE_TRUNKS_MAX];
} known; /* as they were committed last */

void trunk_say_why(struct trunk *t, const char *why)
{
	snprintf(t->reason, sizeof t->reason, "%s", why);
}

void trunk_say_alarm(struct trunk *t, const char *why)
{
	if (strcmp(t->reason, why) != 0)
		child_event(EVENT_TRUNK, SEVERITY_ALARM, 0, NOBODY, &t->remote, why);
	trunk_say_why(t, why);
}

/* --- what the machine wants done --- */

static void ask_dial(struct trunk *t)
{
	struct link *dial = child_link(PROC_DIAL, 0);
	struct msg_reach_want *m = dial ? ipc_begin(dial, MSG_REACH_WANT) : NULL;

	if (!m) { /* its time passes, and it begins anew */
		trunk_say_why(t, "the process that reaches trunks is away");
		return;
	}
	m->token = t->token;
	m->trunk = (uint8_t)(trunk_number(t) - 1);
	m->next = t->reach_next;
	ipc_end(dial);
	t->reach_ms = child_now() + REACH_EVERY_MS;
}

static void on_reach(struct timer *timer, uint64_t now_ms)
{
	(void)now_ms;
	ask_dial((struct trunk *)(void *)((char *)timer - offsetof(struct trunk, reach)));
}

static void reach(struct trunk *t, bool next)
{
	rand_bytes(&t->token, sizeof t->token);
	t->reach_next = next;
	if (child_now() < t->reach_ms)
		timer_set(&child_wheel, &t->reach, t->reach_ms);
	else
		ask_dial(t);
}

static void close_flow(struct trunk *t)
{
	struct flow *f = t->flow ? flow_get(t->flow) : NULL;

	t->flow = 0;
	ask_done(t->ref);
	t->ref = 0;
	trunk_speak_forget(t);
	if (f)
		flow_close(f, FLOW_CLOSED);
}

static void tell(struct trunk *t, bool up)
{
	char text[REASON_MAX];

	t->since_ms = child_now();
	if (up)
		snprintf(text, sizeof text, "%s is up", trunk_section(t)->name);
	else
		snprintf(text, sizeof text, "%s is down: %s", trunk_section(t)->name, t->reason);
	log_info("trunk %s", text);
	child_event(EVENT_TRUNK, up ? SEVERITY_INFO : SEVERITY_ALARM, 0, NOBODY, &t->remote, text);
	if (up) {
		t->failures = 0;
		t->reason[0] = 0;
		owed_trunk_back(trunk_number(t));
		session_trunk_back(trunk_number(t), 0);
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

/* --- the machine --- */

static void do_effects(struct trunk *t, unsigned effects)
{
	if (effects & TRUNK_DO_CLOSE)
		close_flow(t);
	if (effects & (TRUNK_DO_TELL_UP | TRUNK_DO_TELL_DOWN))
		tell(t, effects & TRUNK_DO_TELL_UP);
	if (effects & (TRUNK_DO_REACH | TRUNK_DO_NEXT))
		reach(t, effects & TRUNK_DO_NEXT);
	if (effects & TRUNK_DO_SPEAK)
		trunk_speak(t);
}

void trunk_feed(struct trunk *t, enum trunk_event e)
{
	struct trunk_out out = trunk_step(t->state, e);

	t->state = out.state;
	if (out.effects & TRUNK_DO_COUNT)
		t->failures++;
	if (t->state != TRUNK_RESOLVING && t->state != TRUNK_NEXT)
		timer_cancel(&child_wheel, &t->reach);
	set_timer(t, out.timer_ms);
	do_effects(t, out.effects);
}

static void on_time(struct timer *timer, uint64_t now_ms)
{
	struct trunk *t = (struct trunk *)(void *)((char *)timer - offsetof(struct trunk, timer));

	(void)now_ms;
	if (t->state == TRUNK_UP && t->ref) {
		trunk_say_why(t, "it does not answer");
		trunk_feed(t, TRUNK_SILENT);
		return;
	}
	if (t->state == TRUNK_REGISTERING || t->state == TRUNK_CONNECTING)
		trunk_say_why(t, "it does not answer");
	trunk_feed(t, TRUNK_DUE);
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
		trunk_say_why(t, text[m->why]);
	trunk_feed(t, m->why == REACH_OK ? TRUNK_REACHED : TRUNK_UNREACHED);
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
		trunk_say_alarm(t, text[m->why]);
	else
		trunk_say_why(t, text[m->why]);
	trunk_feed(t, TRUNK_NO_FLOW);
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
	t->register_ms = trunk_section(t)->user[0] ? child_now() : 0; /* a registration is where its connection is */
	ask_done(t->ref);
	t->ref = 0;
	if (before && before != f->id && flow_get(before))
		flow_close(flow_get(before), FLOW_CLOSED);
	trunk_feed(t, TRUNK_FLOW);
}

void trunk_flow_down(struct flow *f)
{
	struct trunk *t = trunk_get(f->trunk);

	if (!t || t->flow != f->id)
		return;
	t->flow = 0;
	ask_done(t->ref);
	t->ref = 0;
	trunk_say_why(t, "its connection closed");
	trunk_feed(t, TRUNK_FLOW_GONE);
}

/* --- life --- */

static void begin_all(void)
{
	for (int i = 0; i < child_site()->trunks; i++)
		trunk_feed(&trunk_table[i], TRUNK_BEGIN);
}

void trunk_init(void)
{
	trunk_auth_init();
	for (int i = 0; i < SITE_TRUNKS_MAX; i++) {
		trunk_table[i].timer.fire = on_time;
		trunk_table[i].reach.fire = on_reach;
		rand_hex(trunk_table[i].call_id, 16);
		rand_hex(trunk_table[i].tag, 8);
	}
}

/* What changed begins anew; the rest is left alone. parent sees to it that none comes, goes or takes another's place. */
void trunk_commit(const struct site *s)
{
	for (int i = 0; i < s->trunks; i++) {
		/* conf zeroed it before it wrote it */
		/* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison) */
		bool same = i < known.n && memcmp(&known.conf[i], &s->trunk[i], sizeof known.conf[i]) == 0;
		known.conf[i] = s->trunk[i];
		if (same || i >= known.n)
			continue;
		trunk_say_why(&trunk_table[i], "its configuration changed");
		trunk_auth_clear((uint8_t)(i + 1));
		trunk_table[i].failures = trunk_table[i].expires_s = 0;
		trunk_feed(&trunk_table[i], TRUNK_STOP);
		trunk_feed(&trunk_table[i], TRUNK_BEGIN);
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
		trunk_feed(&trunk_table[i], TRUNK_LOST);
	if (l->peer == PROC_KEEPER)
		trunk_auth_keeper_down();
}
