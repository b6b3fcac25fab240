/* SPDX-License-Identifier: ISC */
/* Pages of settings, ring groups and emergency calls, to ctl. */
#include "ledger/ledger.h"

/* --- settings --- */

static void say_setting(struct link *to, uint64_t token, const struct setting *s)
{
	struct msg_setting_line *m = ipc_begin(to, MSG_SETTING_LINE);

	if (!m)
		return;
	m->token = token;
	m->kind = (uint8_t)s->kind;
	m->value = ledger_put(to, span_str(s->value), SETTING_TEXT_MAX);
	ipc_end(to);
}

static bool owner_index(const struct ipc_view *v, uint32_t *index)
{
	const struct msg_setting_want *m = v->payload;
	struct person p;
	struct group g;
	struct phone d;

	*index = m->index;
	if (m->owner == OWNER_USER && store_person_get(&ledger_store, ipc_str(v, m->name), &p)) {
		*index = p.id;
		return true;
	}
	if (m->owner == OWNER_GROUP && store_group_get(&ledger_store, ipc_str(v, m->name), &g)) {
		*index = g.id;
		return true;
	}
	return m->owner == OWNER_SITE || (m->owner == OWNER_DEVICE && store_phone_get(&ledger_store, m->index, &d));
}

void answer_settings(struct link *from, const struct ipc_view *v)
{
	static struct setting rows[SETTINGS];
	const struct msg_setting_want *m = v->payload;
	uint32_t index;

	if (!owner_index(v, &index)) {
		answer_done(m->token, DONE_NOT_FOUND, 0, "there is no such user, phone or ring group");
		return;
	}
	int n = store_settings_of(&ledger_store, (enum setting_owner)m->owner, index, rows, SETTINGS);
	for (int i = 0; i < n; i++)
		if (rows[i].kind != SETTINGS)
			say_setting(from, m->token, &rows[i]);
	answer_done(m->token, n < 0 ? DONE_FAILED : DONE_OK, index, n < 0 ? "the database failed" : "");
}

/* --- ring groups --- */

static bool say_group(struct answer_page *page, const struct group *g)
{
	static struct setting rows[SETTINGS];
	int n = store_settings_of(&ledger_store, OWNER_GROUP, g->id, rows, SETTINGS);
	struct msg_group_line *m = ipc_begin(page->to, MSG_GROUP_LINE);
	uint64_t ring_s;

	if (!m)
		return false;
	m->token = page->token;
	m->index = g->id;
	m->name = ledger_put(page->to, span_str(g->name), USER_NAME_MAX);
	m->display = ledger_put(page->to, span_str(g->display), DISPLAY_MAX);
	for (int i = 0; i < n; i++) {
		struct span value = span_str(rows[i].value);
		if (rows[i].kind == SETTING_MEMBERS)
			m->members = ledger_put(page->to, value, SETTING_TEXT_MAX);
		else if (rows[i].kind == SETTING_STRATEGY)
			m->strategy = (uint8_t)setting_strategy(value);
		else if (rows[i].kind == SETTING_RING_SECONDS && span_decimal(value, UINT32_MAX, &ring_s))
			m->ring_s = (uint32_t)ring_s;
		else if (rows[i].kind == SETTING_FORWARD_NO_ANSWER)
			m->forward = ledger_put(page->to, value, SETTING_TEXT_MAX);
	}
	ipc_end(page->to);
	page->last = g->id;
	return true;
}

enum done_result answer_groups(struct answer_page *page, uint64_t after, int most)
{
	static struct group rows[ANSWER_PAGE_MAX];
	int n = store_groups(&ledger_store, (uint32_t)after, rows, most);

	for (int i = 0; i < n; i++)
		if (!say_group(page, &rows[i]))
			return DONE_FAILED;
	return n < 0 ? DONE_FAILED : DONE_OK;
}

/* --- emergency calls --- */

static void say_notice(void *arg, const struct notice_row *n)
{
	struct answer_page *page = arg;
	struct msg_notice_line *m = ipc_begin(page->to, MSG_NOTICE_LINE);

	if (!m)
		return;
	m->token = page->token;
	m->row = page->last = (uint64_t)n->id;
	m->wall_ms = n->wall_ms;
	m->device = n->device;
	m->user = n->user;
	m->kind = (uint8_t)n->kind;
	m->taken_wall_ms = n->taken_ms;
	m->number = ledger_put(page->to, n->number, SITE_NUMBER_MAX);
	m->location = ledger_put(page->to, n->location, SETTING_TEXT_MAX);
	m->taken_by = ledger_put(page->to, n->taken_by, USER_NAME_MAX);
	ipc_end(page->to);
}

enum done_result answer_notices(struct answer_page *page, uint64_t after, uint32_t most)
{
	(void)batch_flush(); /* what could not be written yet comes with a later page */
	return store_notices(&ledger_store, (int64_t)after, most, say_notice, page) < 0 ? DONE_FAILED : DONE_OK;
}

void answer_take_notice(struct link *from, const struct ipc_view *v)
{
	const struct msg_notice_take *m = v->payload;
	const char *why = "";

	(void)from;
	if (!batch_begin()) {
		answer_unwritten(m->token);
		return;
	}
	enum done_result r = store_notice_take(&ledger_store, m->row, keep_wall_ms(), ipc_str(v, m->name), &why);
	if (r != DONE_OK) {
		store_rollback(&ledger_store);
	} else if (!store_commit(&ledger_store)) {
		r = DONE_FAILED;
		why = "the database failed";
	}
	answer_done(m->token, r, 0, why);
}
