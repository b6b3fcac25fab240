/* SPDX-License-Identifier: ISC */
/* One change of the directory at a time: written, shown to core, and only then committed; when core refuses, nothing
 * happened. While core is down the disk alone decides, and core reads it when it comes. */
#include "base/log.h"
#include "ledger/ledger.h"
#include <stdio.h>
#include <stdlib.h>

static struct {
	bool pending;
	enum proc by; /* ctl, or core for a user */
	uint64_t token, value;
	char note[REASON_MAX + 1]; /* to be known when it is done */
} change;

bool change_pending(void)
{
	return change.pending;
}

static void say_own(uint64_t token, enum done_result result, struct span words)
{
	struct link *core = child_link(PROC_CORE, 0);
	struct msg_setting_done *m = core ? ipc_begin(core, MSG_SETTING_DONE) : NULL;

	if (!m)
		return;
	m->token = token;
	m->result = (uint8_t)result;
	m->text = ledger_put(core, words, REASON_MAX);
	ipc_end(core);
}

static void say_end(enum proc to, uint64_t token, enum done_result result, uint64_t value, struct span words)
{
	if (to == PROC_CORE)
		say_own(token, result, words);
	else
		answer_done_span(token, result, value, words);
}

static void finish(bool keep, enum done_result result, struct span words)
{
	uint64_t token = change.token, value = change.value;
	bool whole_on_disk = true;

	change.pending = false;
	if (keep)
		whole_on_disk = store_commit(&ledger_store);
	else
		store_rollback(&ledger_store);
	if (db_lost(ledger_store.db))
		exit(1);
	if (!whole_on_disk) {
		log_error("cannot commit a change: %s", db_why(ledger_store.db));
		result = DONE_FAILED;
		words = SPAN("the database failed; nothing was changed");
		push_anew(); /* core took what the disk has not */
	}
	say_end(change.by, token, result, result == DONE_OK ? value : 0, words);
}

void change_verdict(enum change_end end, struct span why)
{
	switch (end) {
	case CHANGE_ACCEPTED:
	case CHANGE_CORE_GONE:
		finish(true, DONE_OK, span_str(change.note));
		break;
	case CHANGE_REFUSED:
		finish(false, DONE_REFUSED, why);
		break;
	case CHANGE_SILENCE:
		finish(false, DONE_FAILED, SPAN("core did not answer; nothing was changed"));
		break;
	}
}

bool change_begin(struct link *from, uint64_t token)
{
	if (change.pending || !push_idle() || !batch_begin()) {
		const char *why;
		const enum done_result r = batch_unwritten(&why);
		say_end(from->peer, token, r, 0, span_str(why));
		return false;
	}
	change.note[0] = 0;
	change.by = from->peer;
	change.token = token;
	return true;
}

void change_end_with(enum done_result r, const char *why, uint64_t value, const struct change_items *items)
{
	if (r == DONE_OK && !store_next_generation(&ledger_store)) {
		r = DONE_FAILED;
		why = "the database failed";
	}
	change.value = value;
	if (r != DONE_OK) {
		finish(false, r, span_str(why));
		return;
	}
	change.pending = true;
	if (!push_change(ledger_store.generation, items) && change.pending)
		finish(true, DONE_OK, span_str(change.note));
}

bool ledger_hides_number(struct span name, const char **why)
{
	if (!site_sends_help(child_site()) || !site_is_emergency(child_site(), name))
		return false;
	*why =
	    "this is a number for help, or the test of it: calls to it leave over a trunk, and would never ring here";
	return true;
}

void change_note_forwards(struct span gone)
{
	const int n = store_forwards_to(&ledger_store, gone);

	if (n > 0)
		snprintf(change.note, sizeof change.note,
		    "%d forward%s of others lead%s to this number still, and to whoever gets it next", n,
		    n == 1 ? "" : "s", n == 1 ? "s" : "");
}

void change_user(struct link *from, const struct ipc_view *v)
{
	const struct msg_user_set *m = v->payload;
	struct span name = ipc_str(v, m->name), display = ipc_str(v, m->display);
	enum done_result r = DONE_REFUSED;
	struct person p = {0};
	struct change_items items = {.person = &p};
	const char *why = "";

	if (!change_begin(from, m->token))
		return;
	switch ((enum user_action)m->action) {
	case USER_ADD:
		if (!ledger_hides_number(name, &why))
			r = store_person_add(&ledger_store, name, display, m->enabled, &p, &why);
		break;
	case USER_CHANGE:
		r = store_person_change(&ledger_store, name, display, m->enabled, &p, &why);
		break;
	case USER_DELETE:
		r = store_person_delete(&ledger_store, name, &why);
		if (r == DONE_OK)
			change_note_forwards(name);
		items = (struct change_items){.whole = true};
		break;
	case USER_ACTIONS:
		break;
	}
	change_end_with(r, why, p.id, &items);
}

static enum done_result set_phone(const struct msg_phone_set *m, struct span label, struct phone *d, const char **why)
{
	struct store *s = &ledger_store;

	switch ((enum phone_action)m->action) {
	case PHONE_ADD:
		return store_phone_add(s, label, DEVICE_ADDED, m->flags, NULL, d, why);
	case PHONE_REQUEST:
		return store_phone_add(s, label, DEVICE_REQUESTED, m->flags, m->point, d, why);
	case PHONE_STATE:
		return store_phone_state(s, m->device, (enum device_state)m->state, d, why);
	case PHONE_FLAGS:
		return store_phone_flags(s, m->device, m->flags, m->mask, d, why);
	case PHONE_ISSUED:
		return store_phone_issued(s, m->device, m->epoch, m->not_after_ms, m->point, d, why);
	case PHONE_ACTIONS:
		break;
	}
	return DONE_REFUSED;
}

void change_phone(struct link *from, const struct ipc_view *v)
{
	const struct msg_phone_set *m = v->payload;
	struct phone d = {0};
	const char *why = "";

	if (!change_begin(from, m->token))
		return;
	enum done_result r = set_phone(m, ipc_str(v, m->label), &d, &why);
	change_end_with(r, why, d.id, &(struct change_items){.phone = &d});
}

void change_binding(struct link *from, const struct ipc_view *v)
{
	const struct msg_phone_bind *m = v->payload;
	struct binding b = {0, 0};
	const char *why = "";

	if (!change_begin(from, m->token))
		return;
	enum done_result r = store_bind(&ledger_store, ipc_str(v, m->user), m->device, m->allowed, &b, &why);
	change_end_with(r, why, b.person, &(struct change_items){.binding = &b, .allowed = m->allowed});
}
