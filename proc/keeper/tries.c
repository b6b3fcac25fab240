/* SPDX-License-Identifier: ISC */
#include "keeper/tries.h"
#include "base/rand.h"
#include "base/siphash.h"
#include <stdlib.h>

enum scope { SCOPE_PAIR, SCOPE_USER, SCOPE_DEVICE, SCOPES };

static const uint32_t most[SCOPES] = {TRIES_PAIR, TRIES_USER, TRIES_DEVICE};

bool tries_init(struct tries *t, uint32_t cap)
{
	*t = (struct tries){0};
	rand_bytes(t->key, sizeof t->key);
	t->count = calloc(cap, sizeof *t->count);
	return t->count && recent_init(&t->recent, cap);
}

void tries_fini(struct tries *t)
{
	recent_fini(&t->recent);
	free(t->count);
}

static void make_key(
    const struct tries *t, enum scope scope, struct span user, uint32_t device, uint8_t key[RECENT_KEY])
{
	uint64_t name = scope == SCOPE_DEVICE ? 0 : siphash(t->key, user);
	uint32_t place = scope == SCOPE_USER ? 0 : device, kind = scope;

	memcpy(key, &name, 8);
	memcpy(key + 8, &place, 4);
	memcpy(key + 12, &kind, 4);
}

static struct tries_count *find(struct tries *t, enum scope scope, struct span user, uint32_t device)
{
	uint8_t key[RECENT_KEY];

	make_key(t, scope, user, device, key);
	int64_t slot = recent_find(&t->recent, key);
	return slot < 0 ? NULL : &t->count[slot];
}

static struct tries_count *find_or_take(struct tries *t, enum scope scope, struct span user, uint32_t device)
{
	struct tries_count *c = find(t, scope, user, device);
	uint8_t key[RECENT_KEY];
	bool fresh;

	if (c)
		return c;
	make_key(t, scope, user, device, key);
	uint32_t slot = recent_take(&t->recent, key, &fresh);
	t->count[slot] = (struct tries_count){0};
	return &t->count[slot];
}

bool tries_are_locked(struct tries *t, uint64_t now_ms, struct span user, uint32_t device)
{
	struct tries_count *c[SCOPES];
	bool locked = false, good;

	for (int i = 0; i < SCOPES; i++)
		c[i] = find(t, (enum scope)i, user, device);
	good = c[SCOPE_PAIR] && c[SCOPE_PAIR]->good;
	for (int i = 0; i < (good ? 1 : SCOPES); i++)
		locked |= c[i] && now_ms < c[i]->until_ms;
	return locked;
}

/* The next slot from `at` that counts wrong passwords of this user alone, or there; t->recent.used: there is none. */
static uint32_t next_of(const struct tries *t, struct span user, uint32_t at)
{
	uint64_t name = siphash(t->key, user), other;
	uint32_t kind;

	for (; at < t->recent.used; at++) {
		memcpy(&other, t->recent.node[at].key, 8);
		memcpy(&kind, t->recent.node[at].key + 12, 4);
		if (other == name && kind != SCOPE_DEVICE)
			break;
	}
	return at;
}

void tries_forget(struct tries *t, struct span user)
{
	for (uint32_t i = next_of(t, user, 0); i < t->recent.used; i = next_of(t, user, i + 1))
		t->count[i] = (struct tries_count){.good = t->count[i].good};
}

uint64_t tries_locked_ms(const struct tries *t, uint64_t now_ms, struct span user)
{
	uint64_t until_ms = now_ms;

	for (uint32_t i = next_of(t, user, 0); i < t->recent.used; i = next_of(t, user, i + 1))
		if (t->count[i].until_ms > until_ms)
			until_ms = t->count[i].until_ms;
	return until_ms - now_ms;
}

bool tries_wrong(struct tries_count *c, uint64_t now_ms, uint32_t limit)
{
	if (now_ms - c->last_ms > TRIES_FORGET_MS)
		c->wrong = c->locks = 0;
	c->last_ms = now_ms;
	if (++c->wrong < limit)
		return false;
	uint64_t lock_ms = (uint64_t)TRIES_LOCK_MS << c->locks;
	if (lock_ms >= TRIES_LOCK_MAX_MS)
		lock_ms = TRIES_LOCK_MAX_MS;
	else
		c->locks++;
	c->until_ms = now_ms + lock_ms;
	return true;
}

bool tries_note(struct tries *t, uint64_t now_ms, struct span user, uint32_t device, bool right)
{
	struct tries_count *c = find_or_take(t, SCOPE_PAIR, user, device);
	bool began = false;

	if (right) {
		*c = (struct tries_count){.good = true};
		return false;
	}
	bool good = c->good;
	for (int i = 0; i < (good ? 1 : SCOPES); i++)
		began |= tries_wrong(find_or_take(t, (enum scope)i, user, device), now_ms, most[i]);
	t->locked += began;
	return began;
}
