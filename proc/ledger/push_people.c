/* SPDX-License-Identifier: ISC */
/* Ring groups, settings, counters and those who may be called back, on their way to core with the whole directory. */
#include "base/log.h"
#include "ledger/ledger.h"

enum { PAGE = 64 };

bool push_group(struct link *core, const struct group *g)
{
	struct msg_group *m = ipc_begin(core, MSG_GROUP);

	if (!m)
		return false;
	m->index = g->id;
	m->name = ledger_put(core, span_str(g->name), USER_NAME_MAX);
	m->display = ledger_put(core, span_str(g->display), DISPLAY_MAX);
	ipc_end(core);
	return true;
}

bool push_setting(struct link *core, const struct setting *s)
{
	struct msg_setting *m = ipc_begin(core, MSG_SETTING);

	if (!m)
		return false;
	m->owner = (uint8_t)s->owner;
	m->index = s->index;
	m->kind = (uint8_t)s->kind;
	m->value = ledger_put(core, span_str(s->value), SETTING_TEXT_MAX);
	ipc_end(core);
	return true;
}

static enum push_went page_went(int n)
{
	return n < 0 ? PUSH_FAILED : n < PAGE ? PUSH_ALL : PUSH_MORE;
}

enum push_went push_groups(struct link *core, struct push_at *at)
{
	static struct group page[PAGE];
	int n = store_groups(&ledger_store, at->group, page, PAGE);

	for (int i = 0; i < n; i++) {
		if (!push_group(core, &page[i]))
			return PUSH_NO_ROOM;
		at->group = page[i].id;
	}
	return page_went(n);
}

/* One that this build would not take must not keep everything else from core: it counts as not set. */
enum push_went push_settings(struct link *core, struct push_at *at)
{
	static struct setting page[PAGE];
	int n = store_settings(&ledger_store, &at->setting, page, PAGE);

	for (int i = 0; i < n; i++) {
		if (page[i].kind == SETTINGS)
			log_error("a setting of %s %u is not understood and left out",
			    setting_owner_name[page[i].owner], page[i].index);
		else if (!push_setting(core, &page[i]))
			return PUSH_NO_ROOM;
		at->setting = page[i];
	}
	return page_went(n);
}

enum push_went push_spent(struct link *core, struct push_at *at)
{
	static struct spent page[PAGE];
	int n = store_spent(&ledger_store, &at->spent, page, PAGE);

	for (int i = 0; i < n; i++) {
		struct msg_spent *m = ipc_begin(core, MSG_SPENT);
		if (!m)
			return PUSH_NO_ROOM;
		m->scope = (uint8_t)page[i].scope;
		m->index = page[i].index;
		m->text = ledger_put(core, span_str(page[i].text), SPENT_TEXT_MAX);
		ipc_end(core);
		at->spent = page[i];
	}
	return page_went(n);
}

struct saying {
	struct link *core;
	struct push_at *at;
	bool full;
};

static void say_callback(void *arg, const struct notice_row *n)
{
	struct saying *s = arg;
	struct msg_callback *m = s->full ? NULL : ipc_begin(s->core, MSG_CALLBACK);

	s->full = !m;
	if (!m)
		return;
	m->device = n->device;
	m->user = n->user;
	m->wall_ms = n->wall_ms;
	ipc_end(s->core);
	s->at->notice = n->id;
}

enum push_went push_callbacks(struct link *core, struct push_at *at)
{
	struct saying s = {.core = core, .at = at};
	int64_t since = keep_wall_ms() - (int64_t)child_site()->plan.callback_min * 60 * 1000;
	int n = store_notices_since(&ledger_store, at->notice, since, PAGE, say_callback, &s);

	return s.full ? PUSH_NO_ROOM : page_went(n);
}
