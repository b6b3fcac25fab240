/* SPDX-License-Identifier: ISC */
/* A user's own changes on their way to ledger, in the order in which they came. ledger has one change of the directory at a time, so
 * it is asked for one at a time, however many wait: no phone brings core to ask more often than it may. */
#include "base/log.h"
#include "base/pool.h"
#include "base/ratelimit.h"
#include "settings.h"
#include "share.h"
#include <stdlib.h>

enum {
	CHANGES_MAX = 64,
	EACH_LEAST = 4, /* share_most() */
	CHANGE_MS = 5000,
	AGAIN_MS = 100, /* ledger is busy with another's */
	ASKS_MAX = 40,  /* in ASKS_MS: two of ours may touch one of ledger's seconds, and the contract allows 100 */
	ASKS_MS = 1000,
};

struct change {
	struct timer timer;
	uint64_t token, owner, until_ms, turn; /* turn: the lowest is asked first */
	uint32_t by, index;
	uint8_t who, whose, kind; /* enum settings_asker, setting_owner, setting_kind */
	char value[SETTING_TEXT_MAX + 1];
};

static struct {
	uint64_t asked; /* token of the one that ledger has; ID_NONE: none */
	uint64_t turns, next_ms;
	struct ratelimit asks;
	struct timer timer;
} queue = {.asked = ID_NONE};

static struct pool pool;
static struct share share;
static struct change *table;
static settings_changed *answer[SETTINGS_ASKERS];

static void on_turn(struct timer *t, uint64_t now_ms);

void settings_change_init(void)
{
	table = calloc(CHANGES_MAX, sizeof *table);
	if (!table || !pool_init(&pool, child_node(), CHANGES_MAX, 0))
		log_fatal("no memory for changes of settings");
	share_init(&share, CHANGES_MAX, share_most(CHANGES_MAX, EACH_LEAST));
	queue.timer.fire = on_turn;
}

void settings_on_change(enum settings_asker who, settings_changed *changed)
{
	answer[who] = changed;
}

static struct change *first(void)
{
	struct change *c = NULL;

	for (uint32_t i = 0; i < pool.cap && pool.used; i++)
		if (pool_id_at(&pool, i) != ID_NONE && (!c || table[i].turn < c->turn))
			c = &table[i];
	return c;
}

static bool ask(struct change *c)
{
	struct link *ledger = child_link(PROC_LEDGER, 0);
	struct msg_setting_set *m = ledger ? ipc_begin(ledger, MSG_SETTING_SET) : NULL;

	if (!m)
		return false;
	m->token = c->token;
	m->owner = c->whose;
	m->index = c->index;
	m->kind = c->kind;
	m->value = ipc_put(ledger, span_str(c->value));
	ipc_end(ledger);
	return true;
}

static bool may_ask(void)
{
	if (child_now() < queue.next_ms)
		return false;
	if (ratelimit_take(&queue.asks, ASKS_MAX, ASKS_MS, child_now()))
		return true;
	queue.next_ms = queue.asks.until_ms;
	return false;
}

/* The next one, when there is none that ledger has and it may be asked. */
static void go_on(void)
{
	struct change *c = queue.asked == ID_NONE ? first() : NULL;

	if (!c)
		return;
	if (may_ask() && ask(c)) {
		queue.asked = c->token;
		return;
	}
	if (queue.next_ms <= child_now()) /* the link has no room */
		queue.next_ms = child_now() + AGAIN_MS;
	timer_set(&child_wheel, &queue.timer, queue.next_ms);
}

static void on_turn(struct timer *t, uint64_t now_ms)
{
	(void)t;
	(void)now_ms;
	go_on();
}

static void end(struct change *c, bool ok)
{
	settings_changed *changed = answer[c->who];
	uint64_t owner = c->owner;

	if (queue.asked == c->token)
		queue.asked = ID_NONE;
	timer_cancel(&child_wheel, &c->timer);
	explicit_bzero(c->value, sizeof c->value);
	share_release(&share, c->by);
	pool_release(&pool, c->token);
	if (pool.used == 0)
		timer_cancel(&child_wheel, &queue.timer);
	if (changed)
		changed(owner, ok);
}

static void on_late(struct timer *t, uint64_t now_ms)
{
	(void)now_ms;
	end((struct change *)(void *)t, false);
	go_on();
}

static bool is_users_own(const struct settings_wish *w, struct span value)
{
	return setting_rule[w->kind].setter == SETTER_USER && setting_check(w->whose, w->kind, value) == NULL &&
	       (w->whose == OWNER_USER || w->whose == OWNER_DEVICE) && value.n <= SETTING_TEXT_MAX;
}

bool settings_change(const struct settings_wish *w, struct span value)
{
	if (!is_users_own(w, value) || !child_link(PROC_LEDGER, 0) || !share_take(&share, w->by))
		return false;
	const uint64_t token = pool_take(&pool, false);
	if (token == ID_NONE) {
		share_release(&share, w->by);
		return false;
	}
	struct change *c = &table[id_index(token)];
	*c = (struct change){.token = token,
	    .owner = w->owner,
	    .until_ms = child_now() + CHANGE_MS,
	    .turn = queue.turns++,
	    .by = w->by,
	    .index = w->index,
	    .who = (uint8_t)w->who,
	    .whose = (uint8_t)w->whose,
	    .kind = (uint8_t)w->kind};
	memcpy(c->value, value.p, value.n);
	c->timer.fire = on_late;
	timer_set(&child_wheel, &c->timer, c->until_ms);
	go_on();
	return true;
}

void settings_on_done(struct link *from, const struct ipc_view *v)
{
	const struct msg_setting_done *m = v->payload;
	int64_t at = pool_index(&pool, m->token);

	if (at < 0)
		return;
	if (m->token != queue.asked) {
		child_accuse(from, "answers a change that it was not asked for", 0, 0);
		return;
	}
	if (m->result == DONE_BUSY) { /* it stays the first */
		queue.asked = ID_NONE;
		queue.next_ms = child_now() + AGAIN_MS;
	} else {
		end(&table[at], m->result == DONE_OK);
	}
	go_on();
}

void settings_ledger_down(void)
{
	for (uint32_t i = 0; i < pool.cap; i++)
		if (pool_id_at(&pool, i) != ID_NONE)
			end(&table[i], false);
}

void settings_status(struct proc_status *s)
{
	status_pool(s, "setting-changes", &pool);
}
