/* SPDX-License-Identifier: ISC */
#include "record.h"
#include "base/log.h"
#include "base/pool.h"
#include <stdio.h>

struct record {
	uint64_t id;
	int64_t start_wall_ms;
	uint64_t duration_ms;
	uint32_t day, sealed_n;
	uint32_t is_sealed; /* with sealed_n 0: keeper had no key for that day, and the source is lost */
	char source[2 * USER_NAME_MAX + 1]; /* gone once it is sealed */
	char destination[2 * USER_NAME_MAX + 1];
	uint8_t sealed[SEALED_MAX];
};

static struct pool pool;
static struct arena_table *store;

struct arena_shape record_shape(void)
{
	return (struct arena_shape){sizeof(struct record), RECORDS_MAX};
}

void record_open(struct arena_table *t)
{
	store = t;
	if (!pool_init(&pool, child_node(), t->count, 0))
		log_fatal("no memory for records");
	for (uint32_t i = 0; i < t->count; i++) {
		const struct record *r = arena_get(t, i);
		if (r && !pool_adopt(&pool, r->id))
			arena_clear(t, i);
	}
}

bool record_wanted(enum log_privacy privacy, uint64_t duration_ms)
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
		return; /* record_retry() comes back to it */
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
	m->call = r->id;
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

	if (!record_wanted((enum log_privacy)child_site()->log_privacy, duration_ms))
		return;
	r.id = pool_take(&pool, false);
	if (r.id == ID_NONE) {
		child_event(EVENT_FULL, SEVERITY_ALARM, 0, 0, NULL, "call records wait for ledger and their table is full");
		return;
	}
	snprintf(r.source, sizeof r.source, "%s", source);
	snprintf(r.destination, sizeof r.destination, "%s", destination);
	arena_put(store, id_index(r.id), &r);
	seal(&r);
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
	arena_clear(store, at); /* both slots: the clear source stays in neither */
	arena_put(store, at, &sealed);
	send_record(&sealed);
}

void record_on_recorded(struct link *from, const struct ipc_view *v)
{
	const struct msg_recorded *m = v->payload;

	(void)from;
	if (!get(m->call))
		return;
	arena_clear(store, id_index(m->call));
	pool_release(&pool, m->call);
}

void record_retry(void)
{
	for (uint32_t i = 0; i < store->count; i++) {
		const struct record *r = arena_get(store, i);
		if (!r)
			continue;
		if (r->is_sealed)
			send_record(r);
		else
			seal(r);
	}
}

void record_status(struct proc_status *s)
{
	status_pool(s, "records-waiting", &pool);
}
