/* SPDX-License-Identifier: ISC */
#include "last_caller.h"
#include "directory.h"
#include "kept.h"
#include <stdio.h>

enum { LOOK_MS = 3600 * 1000 };

static struct arena_table *store;
static struct timer look_timer;

struct arena_shape last_caller_shape(const struct site *s)
{
	return (struct arena_shape){sizeof(struct last_caller), s->max_users};
}

static bool is_over(const struct last_caller *r)
{
	return r->until_ms <= child_now();
}

/* Each hour: what is too old is wiped, whether anybody asks for it or not. */
static void on_look(struct timer *t, uint64_t now_ms)
{
	for (uint32_t i = 0; i < store->count; i++) {
		const struct last_caller *r = arena_get(store, i);
		if (r && is_over(r))
			arena_clear(store, i);
	}
	timer_set(&child_wheel, t, now_ms + LOOK_MS);
}

void last_caller_open(struct arena_table *t)
{
	store = t;
	for (uint32_t i = 0; i < store->count; i++) {
		const struct last_caller *r = arena_get(store, i);
		if (r && (!kept_last_caller_ok(r) || is_over(r)))
			arena_clear(store, i);
	}
	look_timer = (struct timer){.fire = on_look};
	timer_set(&child_wheel, &look_timer, child_now() + LOOK_MS);
}

void last_caller_note(uint32_t user, const char *number)
{
	const struct user *u = directory_user(user);
	struct last_caller r = {.until_ms = child_now() + LAST_CALLER_DAYS * UINT64_C(86400000)};

	if (!u || user >= store->count)
		return;
	arena_clear(store, user); /* and no older one beside it */
	snprintf(r.user, sizeof r.user, "%s", u->name);
	snprintf(r.number, sizeof r.number, "%s", number);
	if (number[0])
		arena_put(store, user, &r);
}

static bool is_of(const struct last_caller *r, uint32_t user)
{
	const struct user *u = directory_user(user);

	return u && strcmp(u->name, r->user) == 0;
}

const char *last_caller_of(uint32_t user)
{
	const struct last_caller *r = user < store->count ? arena_get(store, user) : NULL;

	return r && !is_over(r) && is_of(r, user) ? r->number : NULL;
}

void last_caller_forget(uint32_t user)
{
	if (user < store->count)
		arena_clear(store, user);
}

void last_caller_check(void)
{
	for (uint32_t i = 0; i < store->count; i++) {
		const struct last_caller *r = arena_get(store, i);
		if (r && !is_of(r, i))
			arena_clear(store, i);
	}
}
