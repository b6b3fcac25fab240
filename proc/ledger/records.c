/* SPDX-License-Identifier: ISC */
/* The call log, the events, and who read the log. */
#include "ledger/store_int.h"

static int64_t duration_of(const struct call_row *c)
{
	return c->duration_ms > INT64_MAX ? INT64_MAX : (int64_t)c->duration_ms;
}

/* False: the database failed. *taken: a row has this number. */
static bool insert_call(struct store *s, int64_t id, const struct call_row *c, bool *taken)
{
	struct stmt *q = s->q[Q_CALL_INSERT];

	db_bind_int(q, 1, id);
	db_bind_octets(q, 2, c->source);
	db_bind_int(q, 3, c->day);
	db_bind_text(q, 4, c->destination);
	db_bind_int(q, 5, c->start_ms);
	db_bind_int(q, 6, duration_of(c));
	if (!store_run(q))
		return false;
	*taken = db_changed(q) == 0;
	return true;
}

/* The wall clock may have gone back while core's arena was lost, and the number with it. */
static bool number_of_another(struct store *s, const struct call_row *c, bool *another)
{
	struct stmt *q = s->q[Q_CALL_SAME];
	int64_t same = 0;

	db_bind_int(q, 1, c->id);
	db_bind_int(q, 2, c->start_ms);
	db_bind_int(q, 3, duration_of(c));
	db_bind_text(q, 4, c->destination);
	if (!store_one(q, &same))
		return false;
	*another = same == 0;
	return true;
}

bool store_call(struct store *s, enum log_privacy privacy, const struct call_row *c)
{
	bool taken, another;
	int64_t last;

	if (privacy == LOG_MILD && c->duration_ms < STORE_MILD_MIN_MS)
		return true;
	if (!insert_call(s, c->id, c, &taken))
		return false;
	if (!taken)
		return true;
	if (!number_of_another(s, c, &another))
		return false;
	return !another || (store_one(s->q[Q_CALL_LAST], &last) && insert_call(s, last + 1, c, &taken));
}

bool store_event(struct store *s, const struct event_row *e)
{
	struct stmt *q = s->q[Q_EVENT_INSERT];

	db_bind_int(q, 1, s->last_event + 1);
	db_bind_int(q, 2, e->wall_ms);
	db_bind_int(q, 3, e->proc);
	db_bind_int(q, 4, e->kind);
	db_bind_int(q, 5, e->severity);
	db_bind_int(q, 6, e->device);
	db_bind_int(q, 7, e->user);
	db_bind_octets(q, 8, span_of(&e->remote, e->remote.family ? sizeof e->remote : 0));
	db_bind_text(q, 9, e->detail);
	if (!store_run(q))
		return false;
	s->last_event++;
	return true;
}

bool store_reading(struct store *s, const struct reading_row *r)
{
	struct stmt *q = s->q[Q_READING_INSERT];

	db_bind_int(q, 1, s->last_reading + 1);
	db_bind_int(q, 2, r->wall_ms);
	db_bind_text(q, 3, r->admin);
	db_bind_int(q, 4, r->from_ms);
	db_bind_int(q, 5, r->to_ms);
	if (!store_run(q))
		return false;
	s->last_reading++;
	return true;
}

int store_calls(struct store *s, int64_t after, int64_t from_ms, int64_t to_ms, uint32_t most,
    void (*each)(void *arg, const struct call_row *c), void *arg)
{
	struct stmt *q = s->q[Q_CALLS_AFTER];
	enum db_result r;
	int n = 0;

	db_bind_int(q, 1, after);
	db_bind_int(q, 2, from_ms);
	db_bind_int(q, 3, to_ms);
	db_bind_int(q, 4, most);
	for (; (r = db_step(q)) == DB_ROW; n++) {
		struct call_row c = {.id = db_int(q, 0),
		    .source = db_octets(q, 1),
		    .day = (uint32_t)db_int(q, 2),
		    .destination = db_octets(q, 3),
		    .start_ms = db_int(q, 4),
		    .duration_ms = (uint64_t)db_int(q, 5)};
		each(arg, &c);
	}
	return r == DB_DONE ? n : -1;
}

static void read_event(struct stmt *q, struct event_row *e)
{
	struct span remote = db_octets(q, 7);

	*e = (struct event_row){.id = db_int(q, 0),
	    .wall_ms = db_int(q, 1),
	    .proc = (enum proc)store_in_range(db_int(q, 2), PROC_N),
	    .kind = (enum event_kind)store_in_range(db_int(q, 3), EVENT_KINDS),
	    .severity = (enum severity)store_in_range(db_int(q, 4), SEVERITIES),
	    .device = (uint32_t)db_int(q, 5),
	    .user = (uint32_t)db_int(q, 6),
	    .detail = db_octets(q, 8)};
	if (remote.n == sizeof e->remote)
		memcpy(&e->remote, remote.p, sizeof e->remote);
	if (!addr_ok(&e->remote))
		e->remote = (struct addr){0};
}

int store_events(
    struct store *s, int64_t after, uint32_t most, void (*each)(void *arg, const struct event_row *e), void *arg)
{
	struct stmt *q = s->q[Q_EVENTS_AFTER];
	struct event_row e;
	enum db_result r;
	int n = 0;

	db_bind_int(q, 1, after);
	db_bind_int(q, 2, most);
	for (; (r = db_step(q)) == DB_ROW; n++) {
		read_event(q, &e);
		each(arg, &e);
	}
	return r == DB_DONE ? n : -1;
}

int store_readings(
    struct store *s, int64_t after, uint32_t most, void (*each)(void *arg, const struct reading_row *r), void *arg)
{
	struct stmt *q = s->q[Q_READINGS_AFTER];
	enum db_result r;
	int n = 0;

	db_bind_int(q, 1, after);
	db_bind_int(q, 2, most);
	for (; (r = db_step(q)) == DB_ROW; n++) {
		struct reading_row row = {.id = db_int(q, 0),
		    .wall_ms = db_int(q, 1),
		    .admin = db_octets(q, 2),
		    .from_ms = db_int(q, 3),
		    .to_ms = db_int(q, 4)};
		each(arg, &row);
	}
	return r == DB_DONE ? n : -1;
}

bool store_date_rows(struct store *s, int64_t after_ms, int64_t wall_ms)
{
	static const enum query date[] = {Q_CALLS_DATE, Q_EVENTS_DATE, Q_MAIL_DATE};
	bool ok = true;

	for (size_t i = 0; ok && i < sizeof date / sizeof *date; i++) {
		db_bind_int(s->q[date[i]], 1, after_ms);
		db_bind_int(s->q[date[i]], 2, wall_ms);
		ok = store_run(s->q[date[i]]);
	}
	return ok;
}

bool store_forget_calls(struct store *s, int64_t before_ms, bool *more)
{
	struct stmt *q = s->q[Q_CALLS_FORGET];

	db_bind_int(q, 1, before_ms);
	db_bind_int(q, 2, STORE_FORGET_MOST);
	if (!store_run(q))
		return false;
	*more = db_changed(q) == STORE_FORGET_MOST;
	return true;
}

static bool forget_beyond(struct stmt *q, enum event_share share, uint32_t most)
{
	static const int64_t marks[] = {
	    EVENT_HANDSHAKE_REFUSED, EVENT_BAD_BYTES, EVENT_MEDIA_STRANGER,            /* strangers' */
	    EVENT_STARTED, EVENT_CONFIG, EVENT_USER, EVENT_ADMIN, EVENT_BAN, PROC_CTL, /* administrators' */
	    EVENT_CALL_REFUSED, EVENT_PHONE, EVENT_PIN, /* phones', unless they are graver */
	};
	enum { MARKS = sizeof marks / sizeof *marks };

	for (int i = 0; i < MARKS; i++)
		db_bind_int(q, i + 1, marks[i]);
	db_bind_int(q, MARKS + 1, share);
	db_bind_int(q, MARKS + 2, most);
	return store_run(q);
}

bool store_forget_events(struct store *s, int64_t before_ms, int step)
{
	struct stmt *of_share = s->q[Q_EVENTS_FORGET_SHARE], *of_phone = s->q[Q_EVENTS_FORGET_PHONE];

	switch (step) {
	case 0:
		db_bind_int(s->q[Q_EVENTS_FORGET], 1, before_ms);
		return store_run(s->q[Q_EVENTS_FORGET]);
	case 1:
		return forget_beyond(of_phone, SHARE_GRAVE, s->max_events_of_phone);
	case 2:
		return forget_beyond(of_phone, SHARE_PHONES, s->max_events_of_phone);
	default:
		return forget_beyond(of_share, (enum event_share)(step - 3), s->max_events);
	}
}
