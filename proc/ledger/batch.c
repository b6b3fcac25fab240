/* SPDX-License-Identifier: ISC */
/* Group commit. FULL synchronisation costs a disk its turn, so what came in one turn of the loop shares one commit;
 * events alone, which nobody waits for, share a longer one. */
#include "base/log.h"
#include "ledger/ledger.h"
#include <stdio.h>
#include <stdlib.h>

enum {
	RECORDS_MAX = 2048,
	EVENTS_MAX = 512,
	EVENTS_WAIT_MS = 250,
	RETRY_MS = 1000,
	EVENT_BURST = 100, /* of each process and severity; then so many a second */
	EVENTS_PER_S = 10,
	DESTINATION_MAX = USER_NAME_MAX * 2,
};

struct record {
	uint64_t call, duration_ms;
	int64_t number, start_ms, said_ms; /* said_ms: the start as core has it */
	uint32_t day, source_len, destination_len;
	uint8_t source[SEALED_MAX], destination[DESTINATION_MAX];
};

struct event {
	struct event_row row;
	uint32_t detail_len;
	uint8_t detail[REASON_MAX];
};

struct bucket {
	uint32_t left;
	uint64_t second;
	bool overflowed;
};

/* Room behind it for those that take another number. */
#define NUMBER_MAX_OF_CALL (INT64_MAX / 2)

static struct record *records;
static struct event *events;
static uint32_t records_n, records_peak, events_n, events_peak;
static struct bucket bucket[PROC_N][EVENT_BUDGETS];
static uint64_t records_refused, written, short_calls, events_written, events_dropped, commits, failures;
static struct timer events_timer, retry_timer;
static ev_prepare before_wait;

/* --- records --- */

/* core says again what was not confirmed. The date stays the one that was judged when it came first. */
static bool said_again(const struct msg_record *m)
{
	for (uint32_t i = 0; i < records_n; i++) {
		struct record *r = &records[i];
		if ((uint64_t)r->number != m->number || r->said_ms != m->start_wall_ms ||
		    r->duration_ms != m->duration_ms)
			continue;
		r->call = m->call;
		return true;
	}
	return false;
}

void batch_record(struct link *from, const struct ipc_view *v)
{
	const struct msg_record *m = v->payload;
	struct span source = ipc_str(v, m->source), destination = ipc_str(v, m->destination);

	if (m->number == 0 || m->number > NUMBER_MAX_OF_CALL) {
		child_accuse(from, "a record of no number", 0, 0);
		return;
	}
	if (said_again(m))
		return;
	if (records_n == RECORDS_MAX) { /* not confirmed: core says it again */
		records_refused++;
		return;
	}
	struct record *r = &records[records_n++];
	if (records_n > records_peak)
		records_peak = records_n;
	*r = (struct record){.call = m->call,
	    .duration_ms = m->duration_ms,
	    .number = (int64_t)m->number,
	    .start_ms = keep_date(m->start_wall_ms, m->duration_ms),
	    .said_ms = m->start_wall_ms,
	    .day = m->day,
	    .source_len = (uint32_t)source.n,
	    .destination_len = (uint32_t)destination.n};
	memcpy(r->source, source.p ? (const void *)source.p : "", source.n);
	store_take_text(r->destination, destination);
}

static bool write_record(const struct record *r)
{
	struct call_row c = {.id = r->number,
	    .day = r->day,
	    .start_ms = r->start_ms,
	    .duration_ms = r->duration_ms,
	    .source = span_of(r->source, r->source_len),
	    .destination = span_of(r->destination, r->destination_len)};
	enum log_privacy privacy = (enum log_privacy)child_site()->log_privacy;

	if (privacy == LOG_MILD && r->duration_ms < STORE_MILD_MIN_MS)
		short_calls++;
	else
		written++;
	return store_call(&ledger_store, privacy, &c);
}

static void confirm_records(void)
{
	struct link *core = child_link(PROC_CORE, 0);

	for (uint32_t i = 0; i < records_n && core; i++) {
		struct msg_recorded *m = ipc_begin(core, MSG_RECORDED);
		if (!m)
			break; /* core says it again */
		m->call = records[i].call;
		ipc_end(core);
	}
}

/* --- events --- */

static bool take_token(struct bucket *b)
{
	uint64_t now = child_now() / 1000;

	if (now > b->second) {
		uint64_t gain = (now - b->second) * EVENTS_PER_S;
		b->left = gain > EVENT_BURST - b->left ? EVENT_BURST : b->left + (uint32_t)gain;
		b->second = now;
	}
	if (b->left == 0)
		return false;
	b->left--;
	return true;
}

static void add_event(const struct event_row *row, struct span detail)
{
	if (events_n == EVENTS_MAX) {
		events_dropped++;
		return;
	}
	struct event *e = &events[events_n++];
	if (events_n > events_peak)
		events_peak = events_n;
	e->row = *row;
	e->detail_len = (uint32_t)detail.n;
	store_take_text(e->detail, detail);
	if (!timer_is_set(&events_timer))
		timer_set(&child_wheel, &events_timer, child_now() + EVENTS_WAIT_MS);
}

/* One process in a frenzy leaves the events of others, and its own graver ones, their room. */
static void add_bounded(const struct event_row *row, struct span detail)
{
	struct bucket *b = &bucket[row->proc][event_budget(row->kind, row->severity)];
	struct event_row full = *row;

	if (take_token(b)) {
		b->overflowed = false;
		add_event(row, detail);
		return;
	}
	events_dropped++;
	if (b->overflowed)
		return;
	b->overflowed = true;
	full.kind = EVENT_FULL;
	full.severity = SEVERITY_WARNING;
	full.device = full.user = 0;
	full.remote = (struct addr){0};
	add_event(&full, SPAN("its events came too fast, some are not shown"));
}

void batch_event(struct link *from, const struct ipc_view *v)
{
	const struct msg_event *m = v->payload;
	struct event_row row = {.wall_ms = keep_date(m->wall_ms, 0),
	    .proc = from->peer,
	    .kind = (enum event_kind)m->kind,
	    .severity = (enum severity)m->severity,
	    .device = m->device,
	    .user = m->user,
	    .remote = m->remote};

	add_bounded(&row, ipc_str(v, m->detail));
}

void batch_own_event(enum event_kind kind, enum severity severity, const char *detail)
{
	struct event_row row = {.wall_ms = keep_wall_ms(), .proc = PROC_LEDGER, .kind = kind, .severity = severity};

	add_bounded(&row, span_str(detail));
	if (severity == SEVERITY_ALARM)
		child_alarm(kind, detail);
}

static bool write_events(void)
{
	for (uint32_t i = 0; i < events_n; i++) {
		events[i].row.detail = span_of(events[i].detail, events[i].detail_len);
		if (!store_event(&ledger_store, &events[i].row))
			return false;
	}
	return true;
}

/* --- both --- */

static bool write_all(void)
{
	if (!store_begin(&ledger_store))
		return false;
	for (uint32_t i = 0; i < records_n; i++)
		if (!write_record(&records[i]))
			return false;
	return batch_people_write() && write_events() && store_commit(&ledger_store);
}

static char unwritten[REASON_MAX + 1];

enum done_result batch_unwritten(const char **why)
{
	const bool fails = timer_is_set(&retry_timer);

	*why = fails ? unwritten : "the directory is being changed, try again";
	return fails ? DONE_FAILED : DONE_BUSY;
}

static bool failed(void)
{
	snprintf(unwritten, sizeof unwritten, "cannot write: %.180s", db_why(ledger_store.db));
	log_error("%s", unwritten);
	store_rollback(&ledger_store);
	if (db_lost(ledger_store.db))
		exit(1); /* parent starts ledger anew, which connects anew; nothing was confirmed */
	failures++;
	timer_set(&child_wheel, &retry_timer, child_now() + RETRY_MS);
	return false;
}

bool batch_flush(void)
{
	if (change_pending() || timer_is_set(&retry_timer))
		return false;
	if (records_n == 0 && events_n == 0 && !batch_people_wait())
		return true;
	if (!write_all())
		return failed();
	commits++;
	events_written += events_n;
	confirm_records();
	batch_people_written();
	records_n = events_n = 0;
	timer_cancel(&child_wheel, &events_timer);
	return true;
}

bool batch_begin(void)
{
	return batch_flush() && (store_begin(&ledger_store) || failed());
}

static void on_before_wait(struct ev_loop *loop, ev_prepare *w, int what)
{
	(void)loop;
	(void)w;
	(void)what;
	if (records_n || batch_people_wait())
		(void)batch_flush();
}

static void on_timer(struct timer *t, uint64_t now_ms)
{
	(void)t;
	(void)now_ms;
	(void)batch_flush();
}

void batch_init(void)
{
	records = calloc(RECORDS_MAX, sizeof *records);
	events = calloc(EVENTS_MAX, sizeof *events);
	if (!records || !events)
		log_fatal("no memory for the batch");
	batch_people_init();
	for (int p = 0; p < PROC_N; p++)
		for (int i = 0; i < EVENT_BUDGETS; i++)
			bucket[p][i].left = EVENT_BURST;
	events_timer.fire = retry_timer.fire = on_timer;
	ev_prepare_init(&before_wait, on_before_wait);
	ev_set_priority(&before_wait, EV_MAXPRI); /* before the links are flushed */
	ev_prepare_start(child_loop(), &before_wait);
}

void batch_status(struct proc_status *s)
{
	status_add(s, "records-waiting", STATUS_POOL, records_n, RECORDS_MAX, records_peak, records_refused);
	status_add(s, "events-waiting", STATUS_POOL, events_n, EVENTS_MAX, events_peak, events_dropped);
	batch_people_status(s);
	status_counter(s, "records-written", written);
	status_counter(s, "short-calls-not-kept", short_calls);
	status_counter(s, "events-written", events_written);
	status_counter(s, "commits", commits);
	status_counter(s, "commit-failures", failures);
}
