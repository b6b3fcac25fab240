/* SPDX-License-Identifier: ISC */
#include "table.h"
#include "base/log.h"
#include "base/map.h"
#include "ipc/left_out.h"
#include "source.h"
#include <stdlib.h>
#include <sys/mman.h>

static struct arena_table *store;
static struct relay_row *row;
static struct map by_join;
static uint64_t *taken; /* a bit for each row: who looks at all of them looks at nothing else */
static uint16_t lo;
static uint32_t peak;

static bool join_matches(const void *owner, uint32_t slot, struct span key)
{
	(void)owner;
	return memcmp(&row[slot].join, key.p, sizeof row[slot].join) == 0;
}

static struct span key_of(const uint64_t *join)
{
	return span_of(join, sizeof *join);
}

enum { BITS = 64 };

static void put_in(uint32_t index)
{
	map_put(&by_join, key_of(&row[index].join), index);
	taken[index / BITS] |= UINT64_C(1) << index % BITS;
}

struct arena_shape table_shape(uint32_t rows)
{
	return (struct arena_shape){sizeof(struct relay_row), rows};
}

static bool ports_fit(const struct relay_spec *s, uint32_t index, uint32_t from)
{
	uint16_t first = s->side[0].local.port;

	if (index >= store->count || first != from + RELAY_PORTS * index || s->side[1].local.port != first + 2)
		return false;
	for (int i = 0; i < 2; i++)
		if (s->side[i].local_rtcp != s->side[i].local.port &&
		    s->side[i].local_rtcp != s->side[i].local.port + 1)
			return false;
	return true;
}

bool table_ports_fit(const struct relay_spec *s, uint32_t index)
{
	return ports_fit(s, index, lo);
}

/* As they were when the ports of media began elsewhere. */
static bool ports_fitted(const struct relay_spec *s, uint32_t index)
{
	uint16_t from = relay_ports_from(s->side[0].local.port, index);

	return from && from != lo && ports_fit(s, index, from);
}

static bool is_bool(const bool *b)
{
	uint8_t octet;

	memcpy(&octet, b, sizeof octet);
	return octet <= 1;
}

/* What media itself came to know of a call: a record that was damaged must not make it say what nobody may say. */
static bool state_ok(const struct relay_row *r)
{
	const struct zrtp_watch *z = &r->gate.zrtp;
	bool ok = r->answered_ms <= child_now() && r->gate.key < RELAY_KEYS && z->initiator <= 2 && is_bool(&z->open) &&
	          is_bool(&z->forged);

	for (int i = 0; i < 2; i++) {
		ok = ok && is_bool(&z->has_hash[i]) && r->source[i].window_end_ms <= child_now() + SOURCE_WINDOW_MS;
		for (int c = 0; c < COMPONENTS; c++)
			ok = ok && addr_ok(&r->source[i].addr[c]) && r->gate.dtls[c].server <= 2;
	}
	return ok;
}

/* One that is there already is another row's. */
static bool row_ok(const struct relay_row *r)
{
	return r->join != 0 && table_find(r->join) < 0 && relay_spec_ok(&r->spec) && state_ok(r);
}

void table_open(struct arena_table *t, uint16_t port_lo)
{
	store = t;
	lo = port_lo;
	/* touched now: no call pays for it, and none fails for want of it */
	row = mmap(
	    NULL, t->count * sizeof *row, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	taken = calloc(t->count / BITS + 1, sizeof *taken);
	if (row == MAP_FAILED || !taken || !map_init(&by_join, t->count, join_matches, NULL))
		log_fatal("no memory for the relay table");
	for (uint32_t i = 0; i < t->count; i++) {
		const struct relay_row *r = arena_get(t, i);
		if (!r)
			continue;
		if (arena_marks(t, i) >= ARENA_MARKS_MAX) {
			arena_clear(t, i);
			continue;
		}
		if (row_ok(r) && ports_fitted(&r->spec, i)) {
			left_out_unfit(t, i);
			continue;
		}
		if (!row_ok(r) || !table_ports_fit(&r->spec, i)) {
			left_out_damaged(t, i);
			continue;
		}
		row[i] = *r;
		put_in(i);
	}
	peak = by_join.used;
}

struct relay_row *table_row(uint32_t index)
{
	return index < store->count && row[index].join ? &row[index] : NULL;
}

void table_prefetch(uint32_t index, unsigned side)
{
	const struct relay_row *r = &row[index];

	__builtin_prefetch(&r->join);
	__builtin_prefetch(&r->spec.side[0].end);
	__builtin_prefetch(&r->spec.side[1].end);
	__builtin_prefetch(r->spec.side[side].payload);
	__builtin_prefetch(r->gate.opens_ms);
	__builtin_prefetch(&r->gate.key);
	__builtin_prefetch(r->source[0].addr);
	__builtin_prefetch(r->source[1].addr);
	__builtin_prefetch(&r->heard_ms, 1);
	__builtin_prefetch(&r->passed[1], 1);
}

uint32_t table_next(uint32_t from)
{
	for (uint32_t word = from / BITS; word <= store->count / BITS; word++) {
		uint64_t here = taken[word] & (word == from / BITS ? ~UINT64_C(0) << from % BITS : ~UINT64_C(0));
		if (here)
			return word * BITS + (uint32_t)__builtin_ctzll(here);
	}
	return store->count;
}

uint32_t table_index_of_port(uint16_t port)
{
	return port < lo ? UINT32_MAX : (uint32_t)(port - lo) / RELAY_PORTS;
}

struct relay_row *table_take(uint32_t index, uint64_t join)
{
	row[index] = (struct relay_row){.join = join};
	put_in(index);
	peak = by_join.used > peak ? by_join.used : peak;
	return &row[index];
}

void table_release(uint32_t index)
{
	map_del(&by_join, key_of(&row[index].join), index);
	taken[index / BITS] &= ~(UINT64_C(1) << index % BITS);
	row[index].join = 0;
	arena_clear(store, index);
}

int64_t table_find(uint64_t join)
{
	uint32_t slot;
	return map_get(&by_join, key_of(&join), &slot) ? (int64_t)slot : -1;
}

void table_save(uint32_t index)
{
	arena_put(store, index, &row[index]);
}

uint16_t table_first_port(void)
{
	return lo;
}

uint32_t table_rows(void)
{
	return store->count;
}

uint32_t table_used(void)
{
	return by_join.used;
}

uint32_t table_peak(void)
{
	return peak;
}
