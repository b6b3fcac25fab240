/* SPDX-License-Identifier: ISC */
#include "notice.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/pool.h"
#include "base/ratelimit.h"
#include "directory.h"
#include "ipc/civic.h"
#include "ipc/left_out.h"
#include "kept.h"
#include "settings.h"
#include <stdlib.h>

enum { AGAIN_MS = 5000, OF_PHONE_MAX = 16, OF_PHONE_MS = 10000 };

struct window {
	uint64_t until_ms;
	uint32_t device, user; /* 0 and NOBODY: none */
};

static struct pool pool;
static struct arena_table *table;
static struct window window[CALLBACKS_MAX];
static struct timer again;
static int64_t last_wall_ms;
static uint64_t lost, beyond;
static struct ratelimit *of_phone;

/* --- who may be called back --- */

static uint64_t window_ms(void)
{
	return (uint64_t)child_site()->plan.callback_min * 60 * 1000;
}

static bool is_for(const struct window *w, uint32_t device, uint32_t user)
{
	return (device && device != NOBODY && w->device == device) || (user != NOBODY && w->user == user);
}

void notice_tell(struct link *edge)
{
	uint64_t until_ms = 0;

	for (int i = 0; i < CALLBACKS_MAX; i++)
		if (window[i].until_ms > until_ms)
			until_ms = window[i].until_ms;
	if (until_ms <= child_now() || edge->instance != TRUNK_EDGE)
		return;
	struct msg_help_calls_back *m = ipc_begin(edge, MSG_HELP_CALLS_BACK);
	if (!m)
		return;
	m->until_ms = until_ms;
	ipc_end(edge);
}

/* In a full table the one that ends first makes room. */
static void open_window(uint32_t device, uint32_t user, uint64_t until_ms)
{
	struct link *edge = child_link(PROC_EDGE, TRUNK_EDGE);
	struct window *w = &window[0];

	for (int i = 0; i < CALLBACKS_MAX; i++) {
		if (window[i].until_ms && window[i].device == device && window[i].user == user) {
			w = &window[i];
			break;
		}
		if (window[i].until_ms < w->until_ms)
			w = &window[i];
	}
	if (w->device == device && w->user == user && w->until_ms > until_ms)
		return;
	*w = (struct window){until_ms, device, user};
	if (edge)
		notice_tell(edge);
}

bool notice_may_call_back(uint32_t device, uint32_t user)
{
	uint64_t now = child_now();

	for (int i = 0; i < CALLBACKS_MAX; i++)
		if (window[i].until_ms > now && is_for(&window[i], device, user))
			return true;
	return false;
}

void notice_each_window(void (*visit)(uint32_t device, uint32_t user, uint64_t until_ms, void *arg), void *arg)
{
	for (int i = 0; i < CALLBACKS_MAX; i++)
		if (window[i].until_ms > child_now())
			visit(window[i].device, window[i].user, window[i].until_ms, arg);
}

/* From before a restart of ours: what is left of its time. */
void notice_on_callback(struct link *from, const struct ipc_view *v)
{
	const struct msg_callback *m = v->payload;
	int64_t wall_ms = clock_wall_ms();

	(void)from;
	if (m->wall_ms <= wall_ms && m->wall_ms > wall_ms - (int64_t)window_ms())
		open_window(m->device, m->user ? m->user : NOBODY,
		    child_now() + window_ms() - (uint64_t)(wall_ms - m->wall_ms));
}

static bool opens_window(enum notice_kind kind)
{
	return kind == NOTICE_CALL || kind == NOTICE_DOUBT || kind == NOTICE_END;
}

/* --- to ledger --- */

static void say(const struct notice *n)
{
	struct link *ledger = child_link(PROC_LEDGER, 0);
	struct msg_notice_add *m = ledger ? ipc_begin(ledger, MSG_NOTICE_ADD) : NULL;

	if (!m)
		return;
	m->token = n->token;
	m->wall_ms = n->wall_ms;
	m->device = n->device;
	m->user = n->user;
	m->kind = n->kind;
	m->number = ipc_put(ledger, span_str(n->number));
	m->location = ipc_put(ledger, span_str(n->location));
	ipc_end(ledger);
}

/* ledger tells two notices apart by their moment. */
static int64_t own_moment(void)
{
	int64_t wall_ms = clock_wall_ms();

	last_wall_ms = wall_ms > last_wall_ms ? wall_ms : last_wall_ms + 1;
	return last_wall_ms;
}

/* One that calls again and again leaves room for the notices of others, and for what else is on the disk. */
static bool in_measure(uint32_t device)
{
	if (device > child_site()->max_phones ||
	    ratelimit_take(&of_phone[device], OF_PHONE_MAX, OF_PHONE_MS, child_now()))
		return true;
	beyond++;
	return false;
}

static void add(enum notice_kind kind, uint32_t device, uint32_t user, struct span number, const char *location)
{
	if (opens_window(kind))
		open_window(device, user, child_now() + window_ms());
	if (!in_measure(device))
		return;
	uint64_t token = pool_take(&pool, true);
	if (token == ID_NONE) { /* the event of the call stands in the other log */
		lost++;
		child_event(EVENT_FULL, SEVERITY_ALARM, device, 0, NULL,
		    "notices of emergency calls wait for ledger and their table is full");
		return;
	}
	struct notice n = {.token = token,
	    .wall_ms = own_moment(),
	    .added_ms = child_now(),
	    .device = device,
	    .user = user == NOBODY ? 0 : user,
	    .kind = (uint8_t)kind};
	(void)span_cstr(span_head(number, sizeof n.number - 1), n.number, sizeof n.number);
	(void)span_cstr(span_str(location), n.location, sizeof n.location);
	arena_put(table, id_index(token), &n);
	say(&n);
	if (!timer_is_set(&again))
		timer_set(&child_wheel, &again, child_now() + AGAIN_MS);
}

void notice_add(enum notice_kind kind, uint32_t device, uint32_t user, struct span number)
{
	add(kind, device, user, number, settings_of_device(device)->location);
}

void notice_add_said(uint32_t device, uint32_t user, struct span number, const struct pidf_place *where)
{
	char text[SETTING_TEXT_MAX + 1];

	civic_describe(where, text, sizeof text);
	add(NOTICE_SAID, device, user, number, text);
}

void notice_on_kept(struct link *from, const struct ipc_view *v)
{
	const struct msg_notice_kept *m = v->payload;

	(void)from;
	if (pool_index(&pool, m->token) < 0)
		return;
	arena_clear(table, id_index(m->token));
	pool_release(&pool, m->token);
}

static void say_all(void)
{
	for (uint32_t i = 0; i < pool.cap && pool.used; i++)
		if (pool_id_at(&pool, i) != ID_NONE)
			say(arena_get(table, i));
}

static void on_again(struct timer *t, uint64_t now_ms)
{
	say_all();
	if (pool.used)
		timer_set(&child_wheel, t, now_ms + AGAIN_MS);
}

void notice_ledger_up(void)
{
	say_all();
}

/* --- from the life before --- */

static bool adopt(uint32_t i, const struct notice *n)
{
	struct notice ours = *n;

	ours.token = kept_id(n->token);
	if (!kept_notice_ok(n) || id_index(ours.token) != i || !pool_adopt(&pool, ours.token))
		return false;
	if (ours.token != n->token)
		arena_put(table, i, &ours);
	if (ours.wall_ms > last_wall_ms)
		last_wall_ms = ours.wall_ms;
	if (opens_window((enum notice_kind)ours.kind))
		open_window(ours.device, ours.user ? ours.user : NOBODY, ours.added_ms + window_ms());
	return true;
}

struct arena_shape notice_shape(void)
{
	return (struct arena_shape){sizeof(struct notice), NOTICES_MAX};
}

void notice_open(struct arena_table *t)
{
	table = t;
	again.fire = on_again;
	of_phone = calloc(child_site()->max_phones + 1, sizeof *of_phone);
	if (!of_phone || !pool_init(&pool, child_node(), t->count, 0))
		log_fatal("no memory for notices");
	for (uint32_t i = 0; i < t->count; i++)
		if (arena_get(t, i) && !adopt(i, arena_get(t, i)))
			left_out_damaged(t, i);
	if (pool.used)
		timer_set(&child_wheel, &again, child_now() + AGAIN_MS);
}

void notice_status(struct proc_status *s)
{
	status_pool(s, "notices-waiting", &pool);
	status_counter(s, "notices-lost", lost);
	status_counter(s, "notices-beyond-share", beyond);
}
