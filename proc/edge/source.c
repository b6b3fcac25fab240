/* SPDX-License-Identifier: ISC */
#include "source.h"
#include "base/map.h"
#include <stdlib.h>

enum {
	KEY_LEN = 17, /* whose it is, then the address or its prefix */
	NET_LEN = 8,
};

enum level { HOST, NET, LEVELS };

static const uint32_t limit[LEVELS] = {[HOST] = HANDSHAKES_PER_HOST, [NET] = HANDSHAKES_PER_NET};

struct source {
	uint8_t key[KEY_LEN];
	uint32_t n, oldest, newest; /* its handshakes, by age */
	uint32_t next_free;
};

/* A connection's place in the list of its source. */
struct place {
	uint32_t source, older, newer;
};

static struct source *table;
static uint32_t free_slot;
static struct map by_key;
static struct place (*places)[LEVELS];

static bool same_key(const void *owner, uint32_t slot, struct span key)
{
	(void)owner;
	return memcmp(table[slot].key, key.p, KEY_LEN) == 0;
}

bool source_open(uint32_t conns)
{
	enum { SOURCES = LEVELS * HANDSHAKES_MAX };

	table = calloc(SOURCES, sizeof *table);
	places = calloc(conns, sizeof *places);
	for (uint32_t i = 0; table && i < SOURCES; i++)
		table[i].next_free = i + 1;
	for (uint32_t i = 0; places && i < conns; i++)
		places[i][HOST].source = places[i][NET].source = NO_SLOT;
	free_slot = 0;
	return table && places && map_init(&by_key, SOURCES, same_key, NULL);
}

/* A host has one IPv4 address and as many of IPv6 as it likes, from a network of its own. */
static bool key_of(const struct addr *remote, enum level level, uint8_t key[KEY_LEN])
{
	if (level == NET && remote->family != 6)
		return false;
	memset(key, 0, KEY_LEN);
	key[0] = (uint8_t)level;
	memcpy(key + 1, remote->ip, level == NET ? NET_LEN : sizeof remote->ip);
	return true;
}

uint32_t source_crowd(const struct addr *remote)
{
	uint8_t key[KEY_LEN];
	uint32_t slot;

	for (enum level i = HOST; i < LEVELS; i++)
		if (key_of(remote, i, key) && map_get(&by_key, span_of(key, KEY_LEN), &slot) &&
		    table[slot].n >= limit[i])
			return table[slot].oldest;
	return NO_SLOT;
}

static uint32_t source_of(const uint8_t key[KEY_LEN])
{
	uint32_t slot;

	if (map_get(&by_key, span_of(key, KEY_LEN), &slot))
		return slot;
	slot = free_slot; /* there is one: each handshake has LEVELS at most */
	free_slot = table[slot].next_free;
	memcpy(table[slot].key, key, KEY_LEN);
	table[slot].n = 0;
	table[slot].oldest = table[slot].newest = NO_SLOT;
	map_put(&by_key, span_of(table[slot].key, KEY_LEN), slot);
	return slot;
}

void source_enter(uint32_t conn, const struct addr *remote)
{
	uint8_t key[KEY_LEN];

	for (enum level i = HOST; i < LEVELS; i++) {
		if (!key_of(remote, i, key))
			continue;
		uint32_t slot = source_of(key);
		struct source *s = &table[slot];
		places[conn][i] = (struct place){slot, s->newest, NO_SLOT};
		if (s->newest != NO_SLOT)
			places[s->newest][i].newer = conn;
		else
			s->oldest = conn;
		s->newest = conn;
		s->n++;
	}
}

static void take_out(uint32_t conn, enum level i)
{
	struct place *p = &places[conn][i];
	struct source *s = &table[p->source];

	if (p->older != NO_SLOT)
		places[p->older][i].newer = p->newer;
	else
		s->oldest = p->newer;
	if (p->newer != NO_SLOT)
		places[p->newer][i].older = p->older;
	else
		s->newest = p->older;
	if (--s->n == 0) {
		map_del(&by_key, span_of(s->key, KEY_LEN), p->source);
		s->next_free = free_slot;
		free_slot = p->source;
	}
	p->source = NO_SLOT;
}

void source_leave(uint32_t conn)
{
	for (enum level i = HOST; i < LEVELS; i++)
		if (places[conn][i].source != NO_SLOT)
			take_out(conn, i);
}
