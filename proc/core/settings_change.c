/* SPDX-License-Identifier: ISC */
/* A user's own changes on their way to ledger. ledger has one change of the directory at a time and says when it is busy. */
#include "base/log.h"
#include "base/pool.h"
#include "settings.h"
#include <stdlib.h>

enum { CHANGES_MAX = 64, CHANGE_MS = 5000, AGAIN_MS = 100 };

struct change {
	struct timer timer;
	uint64_t token, owner, until_ms;
	uint32_t index;
	uint8_t who, whose, kind; /* enum settings_asker, setting_owner, setting_kind */
	bool asked;
	char value[SETTING_TEXT_MAX + 1];
};

static struct pool pool;
static struct change *table;
static settings_changed *answer[SETTINGS_ASKERS];

void settings_change_init(void)
{
	table = calloc(CHANGES_MAX, sizeof *table);
	if (!table || !pool_init(&pool, child_node(), CHANGES_MAX, 0))
		log_fatal("no memory for changes of settings");
}

void settings_on_change(enum settings_asker who, settings_changed *changed)
{
	answer[who] = changed;
}

static struct change *get(uint64_t token)
{
	int64_t at = pool_index(&pool, token);
	return at < 0 ? NULL : &table[at];
}

static void end(struct change *c, bool ok)
{
	settings_changed *changed = answer[c->who];
	uint64_t owner = c->owner;

	timer_cancel(&child_wheel, &c->timer);
	explicit_bzero(c->value, sizeof c->value);
	pool_release(&pool, c->token);
	if (changed)
		changed(owner, ok);
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
	c->asked = true;
	timer_set(&child_wheel, &c->timer, c->until_ms);
	return true;
}

static void on_timer(struct timer *t, uint64_t now_ms)
{
	struct change *c = (struct change *)(void *)t;

	if (c->asked || now_ms >= c->until_ms || !ask(c))
		end(c, false);
}

bool settings_change(enum settings_asker who, uint64_t owner, enum setting_owner whose, uint32_t index,
    enum setting_kind kind, struct span value)
{
	uint64_t token;

	if (setting_rule[kind].setter != SETTER_USER || setting_check(whose, kind, value) != NULL ||
	    (whose != OWNER_USER && whose != OWNER_DEVICE))
		return false;
	token = pool_take(&pool, false);
	if (token == ID_NONE)
		return false;
	struct change *c = &table[id_index(token)];
	*c = (struct change){.token = token,
	    .owner = owner,
	    .until_ms = child_now() + CHANGE_MS,
	    .index = index,
	    .who = (uint8_t)who,
	    .whose = (uint8_t)whose,
	    .kind = (uint8_t)kind};
	c->timer.fire = on_timer;
	if (span_cstr(value, c->value, sizeof c->value) && ask(c))
		return true;
	pool_release(&pool, token);
	return false;
}

void settings_on_done(struct link *from, const struct ipc_view *v)
{
	const struct msg_setting_done *m = v->payload;
	struct change *c = get(m->token);

	if (!c)
		return;
	if (!c->asked) {
		child_accuse(from, "answers a change that it was not asked for", 0, 0);
		return;
	}
	if (m->result == DONE_BUSY && child_now() + AGAIN_MS < c->until_ms) {
		c->asked = false;
		timer_set(&child_wheel, &c->timer, child_now() + AGAIN_MS);
		return;
	}
	end(c, m->result == DONE_OK);
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
