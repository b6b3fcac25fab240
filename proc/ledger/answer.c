/* SPDX-License-Identifier: ISC */
/* Pages of rows to ctl, which asks for the next when it wants it: what is on its way at once is bounded by a page. */
#include "ledger/ledger.h"

enum { PAGE_MAX = ANSWER_PAGE_MAX, DESTINATION_MAX = USER_NAME_MAX * 2 };

static struct answer_page page;

/* The reading that was recorded last: its next pages need no record of their own. */
static struct {
	char admin[USER_NAME_MAX + 1];
	int64_t from_ms, to_ms;
	uint64_t last;
} reading;

struct str ledger_put(struct link *l, struct span s, size_t max)
{
	s = span_head(s, max);
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] == 0x7f)
			return ipc_put(l, SPAN("?"));
	return ipc_put(l, s);
}

void answer_done_span(uint64_t token, enum done_result result, uint64_t value, struct span text)
{
	struct link *ctl = child_link(PROC_CTL, 0);
	struct msg_done *m = ctl ? ipc_begin(ctl, MSG_DONE) : NULL;

	if (!m)
		return;
	m->token = token;
	m->result = (uint8_t)result;
	m->value = value;
	m->text = ledger_put(ctl, text, REASON_MAX);
	ipc_end(ctl);
}

void answer_done(uint64_t token, enum done_result result, uint64_t value, const char *text)
{
	answer_done_span(token, result, value, span_str(text));
}

void answer_unwritten(uint64_t token)
{
	const char *why;
	const enum done_result r = batch_unwritten(&why);

	answer_done(token, r, 0, why);
}

/* --- people and phones --- */

static bool say_person(const struct person *p)
{
	struct msg_user_line *m = ipc_begin(page.to, MSG_USER_LINE);
	char phones[STORE_NAMES_MAX + 1];

	if (!m)
		return false;
	store_phones_of(&ledger_store, p->id, phones);
	store_mail_count(&ledger_store, p->id, &m->messages_new, &m->messages_old);
	m->token = page.token;
	m->index = p->id;
	m->enabled = p->enabled;
	m->md5 = store_person_has_md5(&ledger_store, p->id);
	m->name = ledger_put(page.to, span_str(p->name), USER_NAME_MAX);
	m->display = ledger_put(page.to, span_str(p->display), DISPLAY_MAX);
	m->phones = ledger_put(page.to, span_str(phones), STORE_NAMES_MAX);
	ipc_end(page.to);
	page.last = p->id;
	return true;
}

static bool say_phone(const struct phone *d)
{
	struct msg_phone_line *m = ipc_begin(page.to, MSG_PHONE_LINE);
	char names[STORE_NAMES_MAX + 1];

	if (!m)
		return false;
	store_names_of(&ledger_store, d->id, names);
	m->token = page.token;
	m->device = d->id;
	m->state = (uint8_t)d->state;
	m->flags = d->flags;
	m->epoch = d->epoch;
	m->not_after_ms = d->not_after_ms;
	memcpy(m->point, d->point, sizeof m->point);
	m->label = ledger_put(page.to, span_str(d->label), LABEL_MAX);
	m->users = ledger_put(page.to, span_str(names), STORE_NAMES_MAX);
	ipc_end(page.to);
	page.last = d->id;
	return true;
}

static enum done_result list_users(struct span name, uint64_t after, int most)
{
	static struct person rows[PAGE_MAX];
	int n;

	if (name.n)
		n = store_person_get(&ledger_store, name, rows) ? 1 : 0;
	else
		n = store_people(&ledger_store, (uint32_t)after, rows, most);
	for (int i = 0; i < n; i++)
		if (!say_person(&rows[i]))
			return DONE_FAILED;
	return n < 0 ? DONE_FAILED : name.n && n == 0 ? DONE_NOT_FOUND : DONE_OK;
}

static enum done_result list_phones(uint64_t after, int most)
{
	static struct phone rows[PAGE_MAX];
	int n = store_phones(&ledger_store, (uint32_t)after, rows, most);

	for (int i = 0; i < n; i++)
		if (!say_phone(&rows[i]))
			return DONE_FAILED;
	return n < 0 ? DONE_FAILED : DONE_OK;
}

/* --- events and readings --- */

static void say_event(void *arg, const struct event_row *e)
{
	struct msg_event_line *m = ipc_begin(page.to, MSG_EVENT_LINE);

	(void)arg;
	if (!m)
		return;
	m->token = page.token;
	m->row = page.last = (uint64_t)e->id;
	m->kind = (uint8_t)e->kind;
	m->severity = (uint8_t)e->severity;
	m->proc = (uint8_t)e->proc;
	m->device = e->device;
	m->user = e->user;
	m->wall_ms = e->wall_ms;
	m->remote = e->remote;
	m->detail = ledger_put(page.to, e->detail, REASON_MAX);
	ipc_end(page.to);
}

static enum done_result list_events(uint64_t after, uint32_t most)
{
	(void)batch_flush(); /* what could not be written yet comes with a later page */
	if (most == 0) {
		page.last = (uint64_t)ledger_store.last_event;
		return DONE_OK;
	}
	return store_events(&ledger_store, (int64_t)after, most, say_event, NULL) < 0 ? DONE_FAILED : DONE_OK;
}

static void say_reading(void *arg, const struct reading_row *r)
{
	struct msg_reading_line *m = ipc_begin(page.to, MSG_READING_LINE);

	(void)arg;
	if (!m)
		return;
	m->token = page.token;
	m->row = page.last = (uint64_t)r->id;
	m->wall_ms = r->wall_ms;
	m->from_wall_ms = r->from_ms;
	m->to_wall_ms = r->to_ms;
	m->admin = ledger_put(page.to, r->admin, USER_NAME_MAX);
	ipc_end(page.to);
}

void answer_list(struct link *from, const struct ipc_view *v)
{
	const struct msg_list_want *m = v->payload;
	uint32_t most = m->most < PAGE_MAX ? m->most : PAGE_MAX;
	uint64_t after = m->after < INT64_MAX ? m->after : INT64_MAX;
	enum done_result r = DONE_REFUSED;

	page.to = from;
	page.token = m->token;
	page.last = after;
	switch ((enum list_kind)m->list) {
	case LIST_USERS:
		r = list_users(ipc_str(v, m->name), after, (int)most);
		break;
	case LIST_PHONES:
		r = list_phones(after, (int)most);
		break;
	case LIST_EVENTS:
		r = list_events(after, most);
		break;
	case LIST_READINGS:
		r = store_readings(&ledger_store, (int64_t)after, most, say_reading, NULL) < 0 ? DONE_FAILED : DONE_OK;
		break;
	case LIST_GROUPS:
		r = answer_groups(&page, after, (int)most);
		break;
	case LIST_NOTICES:
		r = answer_notices(&page, after, most);
		break;
	case LISTS:
		break;
	}
	const char *why = r == DONE_FAILED      ? "the database failed"
	                  : r == DONE_NOT_FOUND ? "there is no user of this name"
	                                        : "";
	answer_done(m->token, r, page.last, why);
}

/* --- the log --- */

static void say_call(void *arg, const struct call_row *c)
{
	struct msg_log_line *m = ipc_begin(page.to, MSG_LOG_LINE);

	(void)arg;
	if (!m)
		return;
	m->token = page.token;
	m->row = page.last = (uint64_t)c->id;
	m->day = c->day;
	m->start_wall_ms = c->start_ms;
	m->duration_ms = c->duration_ms;
	m->source = ipc_put(page.to, span_head(c->source, SEALED_MAX));
	m->destination = ledger_put(page.to, c->destination, DESTINATION_MAX);
	ipc_end(page.to);
}

static bool goes_on(const struct msg_log_want *m, struct span admin)
{
	return m->after != 0 && m->after == reading.last && m->from_wall_ms == reading.from_ms &&
	       m->to_wall_ms == reading.to_ms && span_eq(admin, span_str(reading.admin));
}

/* On disk before the first row is shown (R23). */
static bool record_reading(const struct msg_log_want *m, struct span admin)
{
	struct reading_row r = {
	    .wall_ms = keep_wall_ms(), .admin = admin, .from_ms = m->from_wall_ms, .to_ms = m->to_wall_ms};

	reading.admin[0] = 0;
	if (!batch_begin())
		return false;
	if (!store_reading(&ledger_store, &r)) {
		store_rollback(&ledger_store);
		return false;
	}
	if (!store_commit(&ledger_store))
		return false;
	span_cstr(admin, reading.admin, sizeof reading.admin);
	reading.from_ms = m->from_wall_ms;
	reading.to_ms = m->to_wall_ms;
	return true;
}

void answer_log(struct link *from, const struct ipc_view *v)
{
	const struct msg_log_want *m = v->payload;
	struct span admin = ipc_str(v, m->admin);
	uint32_t most = m->most < PAGE_MAX ? m->most : PAGE_MAX;

	if (admin.n == 0) {
		child_accuse(from, "reads the log for nobody", 0, 0);
		return;
	}
	if (!batch_flush()) {
		answer_unwritten(m->token);
		return;
	}
	if (!goes_on(m, admin) && !record_reading(m, admin)) {
		answer_done(m->token, DONE_FAILED, 0, "the reading could not be recorded, so nothing is shown");
		return;
	}
	page.to = from;
	page.token = m->token;
	page.last = m->after < INT64_MAX ? m->after : INT64_MAX;
	int n = store_calls(&ledger_store, (int64_t)page.last, m->from_wall_ms, m->to_wall_ms, most, say_call, NULL);
	reading.last = page.last;
	answer_done(m->token, n < 0 ? DONE_FAILED : DONE_OK, page.last, n < 0 ? "the database failed" : "");
}
