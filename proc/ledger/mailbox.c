/* SPDX-License-Identifier: ISC */
/* Voicemail: core begins and marks messages, voice puts and takes their sealed pieces. While a change of the directory holds the
 * transaction, what is written waits in a ring. */
#include "base/log.h"
#include "ledger/ledger.h"
#include <stdlib.h>

enum { RING = 128, AGAIN_MS = 10 };
enum op { OP_BEGIN, OP_PUT, OP_END, OP_MARK };

struct write {
	uint64_t token, message;
	uint32_t user, at; /* at: of a piece, or the length in ms, or whether it is gone */
	uint32_t n;
	uint8_t op;
	uint8_t octets[MAIL_PIECE_MAX];
};

static struct write *ring;
static uint32_t first, waiting;
static uint64_t lost;
static struct timer timer;

static void tell_found(uint64_t token, uint32_t user, bool fresh, const struct mail_row *row)
{
	struct link *core = child_link(PROC_CORE, 0);
	struct msg_mail_found *m = core ? ipc_begin(core, MSG_MAIL_FOUND) : NULL;

	if (!m)
		return;
	m->token = token;
	m->user = user;
	m->fresh = fresh;
	m->message = (uint64_t)row->id;
	m->wall_ms = row->wall_ms;
	m->length_ms = row->length_ms;
	ipc_end(core);
}

static void tell_count(uint32_t user)
{
	struct link *core = child_link(PROC_CORE, 0);
	uint32_t fresh, old;

	store_mail_count(&ledger_store, user, &fresh, &old);
	struct msg_mail_count *m = core ? ipc_begin(core, MSG_MAIL_COUNT) : NULL;
	if (!m)
		return;
	m->user = user;
	m->fresh = fresh;
	m->old = old;
	ipc_end(core);
}

void mailbox_tell_all(void)
{
	uint32_t user[64];
	int64_t after = -1;
	int n;

	while ((n = store_mail_owners(&ledger_store, after, user, 64)) > 0) {
		for (int i = 0; i < n; i++)
			tell_count(user[i]);
		after = user[n - 1];
	}
}

/* What nobody can hear any more needs no key. While keeper is down the key stays for its days, and then goes. */
static void forget_key(int64_t message)
{
	struct link *keeper = child_link(PROC_KEEPER, 0);
	struct msg_mail_key_forget *m = keeper ? ipc_begin(keeper, MSG_MAIL_KEY_FORGET) : NULL;

	if (!m)
		return;
	m->message = (uint64_t)message;
	ipc_end(keeper);
}

static void tell_kept(const struct write *w, enum mail_kept kept)
{
	struct link *core = child_link(PROC_CORE, 0);
	struct msg_mail_kept *m = core ? ipc_begin(core, MSG_MAIL_KEPT) : NULL;

	if (!m)
		return;
	m->token = w->token;
	m->message = w->message;
	m->kept = (uint8_t)kept;
	ipc_end(core);
}

static bool end_message(const struct write *w, uint32_t *owner)
{
	int64_t id = (int64_t)w->message;
	enum mail_kept kept;

	if (!store_mail_owner(&ledger_store, id, owner) ||
	    !store_mail_done(&ledger_store, id, w->at, forget_key, &kept))
		return false;
	tell_kept(w, kept);
	return true;
}

static bool apply(const struct write *w)
{
	int64_t id = (int64_t)w->message;
	uint32_t owner = w->user;

	switch ((enum op)w->op) {
	case OP_BEGIN: {
		struct mail_row row = {.wall_ms = keep_wall_ms()};
		row.id = store_mail_begin(&ledger_store, w->user, row.wall_ms, child_site()->mail_most);
		tell_found(w->token, w->user, true, &row);
		return true;
	}
	case OP_PUT:
		return w->at <= child_site()->mail_s + 1 &&
		       store_mail_put(&ledger_store, id, w->at, span_of(w->octets, w->n));
	case OP_END:
		if (!end_message(w, &owner))
			return false;
		break;
	case OP_MARK:
		if (!store_mail_mark(&ledger_store, w->user, id, w->at != 0))
			return false;
		break;
	}
	tell_count(owner);
	return true;
}

static void drain(void)
{
	for (; waiting && !change_pending(); waiting--) {
		lost += !apply(&ring[first]);
		first = (first + 1) % RING;
	}
	if (waiting)
		timer_set(&child_wheel, &timer, child_now() + AGAIN_MS);
}

static void on_timer(struct timer *t, uint64_t now_ms)
{
	(void)t;
	(void)now_ms;
	drain();
}

static void take(const struct write *w, struct span piece)
{
	if (waiting == RING) {
		lost++;
		return;
	}
	struct write *to = &ring[(first + waiting++) % RING];
	*to = *w;
	to->n = (uint32_t)piece.n;
	if (piece.n)
		memcpy(to->octets, piece.p, piece.n);
	drain();
}

void mailbox_on_begin(struct link *from, const struct ipc_view *v)
{
	const struct msg_mail_begin *m = v->payload;
	static struct write w;

	(void)from;
	w = (struct write){.op = OP_BEGIN, .token = m->token, .user = m->user};
	take(&w, span_of(NULL, 0));
}

void mailbox_on_put(struct link *from, const struct ipc_view *v)
{
	const struct msg_mail_put *m = v->payload;
	static struct write w;

	(void)from;
	w = (struct write){.op = OP_PUT, .message = m->message, .at = m->at};
	take(&w, ipc_str(v, m->piece));
}

void mailbox_on_end(struct link *from, const struct ipc_view *v)
{
	const struct msg_mail_end *m = v->payload;
	static struct write w;

	(void)from;
	w = (struct write){.op = OP_END, .token = m->token, .message = m->message, .at = m->length_ms};
	take(&w, span_of(NULL, 0));
}

void mailbox_on_mark(struct link *from, const struct ipc_view *v)
{
	const struct msg_mail_mark *m = v->payload;
	static struct write w;

	(void)from;
	w = (struct write){.op = OP_MARK, .message = m->message, .user = m->user, .at = m->gone};
	take(&w, span_of(NULL, 0));
}

void mailbox_on_forget(struct link *from, const struct ipc_view *v)
{
	const struct msg_mail_forget *m = v->payload;
	struct person p;

	(void)from;
	drain();
	if (waiting || !batch_flush()) {
		answer_unwritten(m->token);
		return;
	}
	if (!store_person_get(&ledger_store, ipc_str(v, m->user), &p)) {
		answer_done(m->token, DONE_NOT_FOUND, 0, "there is no user of this name");
		return;
	}
	bool gone = store_mail_forget_of(&ledger_store, p.id);
	tell_count(p.id);
	answer_done(m->token, gone ? DONE_OK : DONE_FAILED, 0, gone ? "" : "the database failed");
}

void mailbox_on_want(struct link *from, const struct ipc_view *v)
{
	const struct msg_mail_want *m = v->payload;
	struct mail_row row = {0};

	(void)from;
	if (m->after > INT64_MAX || !store_mail_next(&ledger_store, m->user, m->heard, (int64_t)m->after, &row))
		row = (struct mail_row){0};
	tell_found(m->token, m->user, false, &row);
}

void mailbox_on_get(struct link *from, const struct ipc_view *v)
{
	const struct msg_mail_get *w = v->payload;
	struct span piece =
	    w->message > INT64_MAX ? span_of(NULL, 0) : store_mail_get(&ledger_store, (int64_t)w->message, w->at);
	struct msg_mail_piece *m = ipc_begin(from, MSG_MAIL_PIECE);

	if (!m)
		return;
	m->token = w->token;
	m->at = w->at;
	m->piece = ipc_put(from, piece);
	ipc_end(from);
}

bool mailbox_keep(int64_t before_ms, int64_t stale_ms)
{
	static struct {
		uint32_t user, fresh, old;
	} was[MAIL_MOST];
	static uint32_t owner[MAIL_MOST];
	int n = store_mail_owners(&ledger_store, -1, owner, MAIL_MOST);

	if (!child_link(PROC_KEEPER, 0))
		stale_ms = 0;
	for (int i = 0; i < n; i++) {
		was[i].user = owner[i];
		store_mail_count(&ledger_store, owner[i], &was[i].fresh, &was[i].old);
	}
	if (n < 0 || !store_mail_forget(&ledger_store, before_ms, stale_ms, forget_key))
		return false;
	for (int i = 0; i < n; i++) {
		uint32_t fresh, old;
		store_mail_count(&ledger_store, was[i].user, &fresh, &old);
		if (fresh != was[i].fresh || old != was[i].old)
			tell_count(was[i].user);
	}
	return true;
}

void mailbox_init(void)
{
	ring = calloc(RING, sizeof *ring);
	if (!ring)
		log_fatal("no memory for messages");
	timer.fire = on_timer;
}

void mailbox_status(struct proc_status *s)
{
	status_counter(s, "messages-waiting", waiting);
	status_counter(s, "messages-lost", lost);
}
