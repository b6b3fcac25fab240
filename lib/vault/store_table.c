/* SPDX-License-Identifier: ISC */
#include "vault/store_table.h"
#include "base/secret.h"
#include "vault/store_file.h"
#include <stdlib.h>

#define FREE UINT32_MAX /* as an entry's place in bytes */

enum { ROUND = 32 };

/* Type and key stand together in bytes, as the map's key. */
struct full_key {
	uint8_t octets[1 + STORE_KEY_MAX];
	struct span span;
};

static void fill_key(struct full_key *k, uint8_t type, struct span key)
{
	k->octets[0] = type;
	if (key.n)
		memcpy(k->octets + 1, key.p, key.n);
	k->span = span_of(k->octets, 1 + key.n);
}

static bool match_entry(const void *owner, uint32_t slot, struct span key)
{
	const struct store *s = owner;
	const struct store_entry *e = &s->entry[slot];

	return span_eq(key, span_of(s->bytes + e->at, 1u + e->key_n));
}

static uint8_t *value_at(const struct store *s, const struct store_entry *e)
{
	return s->bytes + e->at + 1 + e->key_n;
}

static uint32_t room_of(const struct store_entry *e)
{
	return 1u + e->key_n + e->room;
}

static int64_t find_entry(const struct store *s, uint8_t type, struct span key)
{
	struct full_key k;
	uint32_t slot;

	if (key.n > STORE_KEY_MAX)
		return -1;
	fill_key(&k, type, key);
	return map_get(&s->map, k.span, &slot) ? (int64_t)slot : -1;
}

bool store_table_init(struct store *s, uint32_t entries_max, uint32_t bytes_max)
{
	s->entries_max = entries_max;
	s->bytes_max = bytes_max;
	s->entry = calloc(entries_max, sizeof *s->entry);
	s->free_slot = calloc(entries_max, sizeof *s->free_slot);
	s->bytes = secret_new(bytes_max);
	return s->entry && s->free_slot && map_init(&s->map, entries_max, match_entry, s);
}

void store_table_fini(struct store *s)
{
	map_fini(&s->map);
	secret_free(s->bytes, s->bytes_max);
	free(s->entry);
	free(s->free_slot);
}

/* Close the holes that replaced and deleted values left. */
static void repack(struct store *s)
{
	uint8_t *fresh = secret_new(s->bytes_max);
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->free_at; i++) {
		struct store_entry *e = &s->entry[i];
		if (e->at == FREE)
			continue;
		memcpy(fresh + n, s->bytes + e->at, room_of(e));
		e->at = n;
		n += room_of(e);
	}
	secret_free(s->bytes, s->bytes_max);
	s->bytes = fresh;
	s->bytes_used = n;
}

static void drop_entry(struct store *s, uint32_t slot)
{
	struct store_entry *e = &s->entry[slot];

	map_del(&s->map, span_of(s->bytes + e->at, 1u + e->key_n), slot);
	s->kept -= store_sealed_n(e->key_n, e->value_n);
	secret_wipe(s->bytes + e->at, room_of(e));
	e->at = FREE;
	s->free_slot[s->free_n++] = slot;
	s->used--;
}

static bool has_bytes(struct store *s, uint32_t n)
{
	if (n <= s->bytes_max - s->bytes_used)
		return true;
	repack(s);
	return n <= s->bytes_max - s->bytes_used;
}

static uint16_t rounded(size_t n)
{
	return (uint16_t)((n + ROUND - 1) / ROUND * ROUND);
}

bool store_table_takes(struct store *s, uint8_t type, struct span key, struct span value)
{
	int64_t at = find_entry(s, type, key);

	if (key.n > STORE_KEY_MAX || value.n > STORE_VALUE_MAX)
		return false;
	if (at >= 0 && s->entry[at].room >= value.n)
		return true;
	return (at >= 0 || s->used < s->entries_max) && has_bytes(s, (uint32_t)(1 + key.n) + rounded(value.n));
}

void store_table_put(struct store *s, uint8_t type, struct span key, struct span value)
{
	int64_t at = find_entry(s, type, key);
	struct full_key k;

	if (at >= 0 && s->entry[at].room < value.n) {
		drop_entry(s, (uint32_t)at);
		at = -1;
	}
	if (at < 0) {
		at = s->free_n ? s->free_slot[--s->free_n] : s->free_at++;
		fill_key(&k, type, key);
		s->entry[at] =
		    (struct store_entry){.at = s->bytes_used, .room = rounded(value.n), .key_n = (uint8_t)key.n};
		memcpy(s->bytes + s->bytes_used, k.octets, k.span.n);
		s->bytes_used += room_of(&s->entry[at]);
		map_put(&s->map, k.span, (uint32_t)at);
		s->used++;
	} else {
		s->kept -= store_sealed_n(key.n, s->entry[at].value_n);
	}
	struct store_entry *e = &s->entry[at];
	secret_wipe(value_at(s, e), e->room);
	if (value.n)
		memcpy(value_at(s, e), value.p, value.n);
	e->value_n = (uint16_t)value.n;
	s->kept += store_sealed_n(key.n, value.n);
}

bool store_table_longer(
    const struct store *s, uint8_t type, struct span key, struct span octets, uint8_t *out, struct span *value)
{
	int64_t at = find_entry(s, type, key);
	size_t have = at < 0 ? 0 : s->entry[at].value_n;

	if (octets.n > STORE_VALUE_MAX - have)
		return false;
	if (have)
		memcpy(out, value_at(s, &s->entry[at]), have);
	if (octets.n)
		memcpy(out + have, octets.p, octets.n);
	*value = span_of(out, have + octets.n);
	return true;
}

void store_table_drop(struct store *s, uint8_t type, struct span key)
{
	int64_t at = find_entry(s, type, key);

	if (at >= 0)
		drop_entry(s, (uint32_t)at);
}

bool store_get(const struct store *s, uint8_t type, struct span key, struct span *value)
{
	int64_t at = find_entry(s, type, key);

	if (at < 0)
		return false;
	*value = span_of(value_at(s, &s->entry[at]), s->entry[at].value_n);
	return true;
}

bool store_each_of_all(const struct store *s, uint32_t *at, uint8_t *type, struct span *key, struct span *value)
{
	while (*at < s->free_at) {
		const struct store_entry *e = &s->entry[(*at)++];
		if (e->at == FREE)
			continue;
		*type = s->bytes[e->at];
		*key = span_of(s->bytes + e->at + 1, e->key_n);
		*value = span_of(value_at(s, e), e->value_n);
		return true;
	}
	return false;
}

bool store_each(const struct store *s, uint8_t type, uint32_t *at, struct span *key, struct span *value)
{
	uint8_t of = 0;

	while (store_each_of_all(s, at, &of, key, value))
		if (of == type)
			return true;
	return false;
}

const char *store_fill(struct store *s, uint8_t type, struct span key, struct span value)
{
	if (!store_table_takes(s, type, key, value))
		return "the sealed store is full";
	store_table_put(s, type, key, value);
	return NULL;
}
