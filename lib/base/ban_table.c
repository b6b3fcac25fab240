/* SPDX-License-Identifier: ISC */
#include "base/ban_table.h"

static bool ip_matches(const void *owner, uint32_t slot, struct span key)
{
	const struct ban_table *t = owner;
	return memcmp(t->entry[slot].address.ip, key.p, sizeof t->entry[slot].address.ip) == 0;
}

static struct span key_of(const struct addr *a)
{
	return span_of(a->ip, sizeof a->ip);
}

bool ban_table_init(struct ban_table *t)
{
	t->used = 0;
	return map_init(&t->map, BAN_TABLE_MAX, ip_matches, t);
}

static uint32_t free_entry(struct ban_table *t, uint64_t now_ms)
{
	uint32_t slot = 0;

	while (slot < t->used && t->entry[slot].until_ms > now_ms)
		slot++;
	if (slot == BAN_TABLE_MAX)
		return slot;
	if (slot < t->used)
		map_del(&t->map, key_of(&t->entry[slot].address), slot);
	else
		t->used++;
	return slot;
}

bool ban_table_set(struct ban_table *t, const struct addr *a, uint64_t until_ms, uint64_t now_ms)
{
	uint32_t slot;

	if (!map_get(&t->map, key_of(a), &slot)) {
		slot = free_entry(t, now_ms);
		if (slot == BAN_TABLE_MAX)
			return false;
		t->entry[slot].address = *a;
		map_put(&t->map, key_of(a), slot);
	}
	t->entry[slot].until_ms = until_ms;
	return true;
}

bool ban_table_has(const struct ban_table *t, const struct addr *a, uint64_t now_ms)
{
	uint32_t slot;

	return t->used && map_get(&t->map, key_of(a), &slot) && t->entry[slot].until_ms > now_ms;
}

uint32_t ban_table_used(const struct ban_table *t, uint64_t now_ms)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < t->used; i++)
		n += t->entry[i].until_ms > now_ms;
	return n;
}
