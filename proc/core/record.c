/* SPDX-License-Identifier: ISC */
#include "record.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/pool.h"
#include "ipc/left_out.h"
#include "kept.h"
#include <stdio.h>
#include <stdlib.h>

enum {
	RETRY_MS = 5000,     /* keeper says nothing while it can write no key */
	RECORDED_MS = 60000, /* ledger may have had no room for it */
	SEALS_AT_ONCE = 32,  /* each of them may be tried on a full disk */
};

static struct pool pool;
static struct arena_table *store;
static uint64_t *asked_ms; /* by slot: since then keeper or ledger has it and has not answered; 0: none of them */
static struct timer retry;
static uint64_t last_number;

struct arena_shape record_shape(void)
{
	return (struct arena_shape){sizeof(struct record), RECORDS_MAX};
}

static void on_retry(struct timer *t, uint64_t now_ms);

/* Two of one number would be one to ledger. */
static bool number_stands(uint32_t before, uint64_t number)
{
	for (uint32_t i = 0; i < before; i++) {
		const struct record *r = arena_get(store, i);
		if (r && r->number == number)
			return true;
	}
	return false;
}

static bool adopt(uint32_t i, const struct record *kept)
{
	struct record r = *kept;

	r.id = kept_id(kept->id);
	const bool good =
	    id_index(r.id) == i && kept_record_ok(&r) && !number_stands(i, r.number) && pool_adopt(&pool, r.id);
	if (good && r.id != kept->id)
		arena_put(store, i, &r);
	if (good && r.number > last_number)
		last_number = r.number;
	explicit_bzero(&r, sizeof r);
	return good;
}

void record_open(struct arena_table *t)
{
	store = t;
	asked_ms = calloc(t->count, sizeof *asked_ms);
	retry.fire = on_retry;
	if (!asked_ms || !pool_init(&pool, child_node(), t->count, 0))
		log_fatal("no memory for records");
	for (uint32_t i = 0; i < t->count; i++)
		if (arena_get(t, i) && !adopt(i, arena_get(t, i)))
			left_out_damaged(t, i);
}

/* Above those of all earlier lives, whose records came at less than so many a millisecond. */
static uint64_t next_number(void)
{
	enum { NUMBERS_PER_MS = 256 };
	uint64_t now = (uint64_t)clock_wall_ms() * NUMBERS_PER_MS;

	last_number = now > last_number ? now : last_number + 1;
	return last_number;
}

static bool wanted(enum log_privacy privacy, uint64_t duration_ms)
{
	return privacy != LOG_MILD || duration_ms >= RECORD_MILD_MIN_MS;
}

static const struct record *get(uint64_t id)
{
	int64_t at = pool_index(&pool, id);
	return at < 0 ? NULL : arena_get(store, (uint32_t)at);
}

static void seal(const struct record *r)
{
	struct link *keeper = child_link(PROC_KEEPER, 0);
	struct msg_seal_want *m = keeper ? ipc_begin(keeper, MSG_SEAL_WANT) : NULL;

	if (!m)
		return;
	asked_ms[id_index(r->id)] = child_now();
	m->token = r->id;
	m->wall_ms = r->start_wall_ms;
	m->source = ipc_put(keeper, span_str(r->source));
	ipc_end(keeper);
}

static void send_record(const struct record *r)
{
	struct link *ledger = child_link(PROC_LEDGER, 0);
	struct msg_record *m = ledger ? ipc_begin(ledger, MSG_RECORD) : NULL;

	if (!m)
		return;
	asked_ms[id_index(r->id)] = child_now();
	m->call = r->id;
	m->number = r->number;
	m->day = r->day;
	m->start_wall_ms = r->start_wall_ms;
	m->duration_ms = r->duration_ms;
	m->source = ipc_put(ledger, span_of(r->sealed, r->sealed_n));
	m->destination = ipc_put(ledger, span_str(r->destination));
	ipc_end(ledger);
}

void record_call(const char *source, const char *destination, int64_t start_wall_ms, uint64_t duration_ms)
{
	struct record r = {.start_wall_ms = start_wall_ms, .duration_ms = duration_ms};

	if (!wanted((enum log_privacy)child_site()->log_privacy, duration_ms))
		return;
	r.id = pool_take(&pool, false);
	if (r.id == ID_NONE) {
		child_event(
		    EVENT_FULL, SEVERITY_ALARM, 0, 0, NULL, "call records wait for ledger and their table is full");
		return;
	}
	r.number = next_number();
	span_cstr(span_str(source), r.source, sizeof r.source);
	span_cstr(span_str(destination), r.destination, sizeof r.destination);
	arena_put(store, id_index(r.id), &r);
	asked_ms[id_index(r.id)] = 0;
	seal(&r);
	if (!timer_is_set(&retry))
		timer_set(&child_wheel, &retry, child_now() + RETRY_MS);
}

bool record_waits(const char *source, const char *destination, int64_t start_wall_ms)
{
	for (uint32_t i = 0; i < store->count; i++) {
		const struct record *r = arena_get(store, i);
		if (r && r->start_wall_ms == start_wall_ms && strcmp(r->destination, destination) == 0 &&
		    (r->is_sealed || strcmp(r->source, source) == 0))
			return true;
	}
	return false;
}

static bool is_due(uint32_t i, const struct record *r)
{
	return asked_ms[i] == 0 || child_now() - asked_ms[i] >= (r->is_sealed ? RECORDED_MS : RETRY_MS);
}

/* Those that could not be asked for want of a link or of credit, and those of which nothing was heard. */
static void ask_waiting(uint32_t seals)
{
	for (uint32_t i = 0; i < store->count; i++) {
		const struct record *r = pool_id_at(&pool, i) != ID_NONE ? arena_get(store, i) : NULL;
		if (!r || !is_due(i, r))
			continue;
		if (r->is_sealed) {
			send_record(r);
		} else if (seals) {
			seal(r);
			seals--;
		}
	}
}

void record_on_sealed(struct link *from, const struct ipc_view *v)
{
	const struct msg_sealed *m = v->payload;
	const struct record *r = get(m->token);

	(void)from;
	if (!r || r->is_sealed) /* asked twice, when ledger came back in between */
		return;
	struct record sealed = *r;
	sealed.day = m->day;
	sealed.is_sealed = 1;
	sealed.sealed_n = m->blob.len;
	if (m->blob.len)
		memcpy(sealed.sealed, ipc_str(v, m->blob).p, m->blob.len);
	explicit_bzero(sealed.source, sizeof sealed.source);
	uint32_t at = id_index(sealed.id);
	/* into both slots: the clear source stays in neither, and at each moment one is whole */
	arena_put(store, at, &sealed);
	arena_put(store, at, &sealed);
	asked_ms[at] = 0;
	send_record(&sealed);
	ask_waiting(1); /* keeper can again what it could not */
}

void record_on_recorded(struct link *from, const struct ipc_view *v)
{
	const struct msg_recorded *m = v->payload;

	const struct record *r = get(m->call);

	if (!r)
		return;
	if (!r->is_sealed) {
		child_accuse(from, "confirmed a record that it was not given", 0, 0);
		return;
	}
	arena_clear(store, id_index(m->call));
	pool_release(&pool, m->call);
}

static void on_retry(struct timer *t, uint64_t now_ms)
{
	ask_waiting(SEALS_AT_ONCE);
	if (pool.used)
		timer_set(&child_wheel, t, now_ms + RETRY_MS);
}

static void up_again(bool ledger)
{
	for (uint32_t i = 0; i < store->count; i++) {
		const struct record *r = pool_id_at(&pool, i) != ID_NONE ? arena_get(store, i) : NULL;
		if (r && (r->is_sealed != 0) == ledger)
			asked_ms[i] = 0;
	}
	ask_waiting(SEALS_AT_ONCE);
	if (pool.used && !timer_is_set(&retry))
		timer_set(&child_wheel, &retry, child_now() + RETRY_MS);
}

void record_keeper_up(void)
{
	up_again(false);
}

void record_ledger_up(void)
{
	up_again(true);
}

void record_status(struct proc_status *s)
{
	status_pool(s, "records-waiting", &pool);
}
