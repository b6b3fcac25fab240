/* SPDX-License-Identifier: ISC */
#include "session.h"
#include "base/log.h"
#include "base/map.h"
#include "base/pool.h"
#include "base/secret.h"
#include <stdlib.h>

static struct pool pool;
static struct map by_side;
static struct session *table;
static uint32_t *running; /* indices of those that run */
static uint32_t running_n;

static struct span key_of(const struct session_key *k)
{
	return span_of(k, sizeof *k);
}

static bool is_of_side(const void *owner, uint32_t slot, struct span key)
{
	(void)owner;
	return span_eq(key_of(&table[slot].key), key);
}

void session_init(uint32_t max)
{
	uint32_t n = max < VOICE_SESSIONS_MAX ? max : VOICE_SESSIONS_MAX;
	size_t each = encoder_size();
	uint8_t *encoders = calloc(n, each);

	table = calloc(n, sizeof *table);
	running = calloc(n, sizeof *running);
	if (!table || !running || !encoders || !map_init(&by_side, n, is_of_side, NULL) ||
	    !pool_init(&pool, child_node(), n, pool_share(n)))
		log_fatal("no memory for sessions");
	for (uint32_t i = 0; i < n; i++)
		table[i].encoder = (struct encoder *)(void *)(encoders + i * each);
}

struct session *session_get(uint64_t join, unsigned side)
{
	const struct session_key k = {join, side};
	uint32_t slot;

	return map_get(&by_side, key_of(&k), &slot) ? &table[slot] : NULL;
}

static void let_go(struct session *s)
{
	struct encoder *e = s->encoder;

	timer_cancel(&child_wheel, &s->timer);
	mail_release(s->mail);
	map_del(&by_side, key_of(&s->key), (uint32_t)(s - table));
	pool_release(&pool, s->id);
	secret_wipe(s, sizeof *s);
	s->encoder = e;
	e->ready = false;
}

static struct session *oldest_lingering(void)
{
	struct session *oldest = NULL;

	for (uint32_t i = 0; table && i < pool.cap; i++) {
		struct session *s = &table[i];
		if (s->id && !s->running && (!oldest || s->timer.due_ms < oldest->timer.due_ms))
			oldest = s;
	}
	return oldest;
}

static bool is_full(bool emergency)
{
	return pool.used == pool.cap || (!emergency && pool.cap - pool.used <= pool.reserve);
}

struct session *session_take(uint64_t join, unsigned side, bool emergency)
{
	struct session *s = session_get(join, side), *old;

	if (s)
		return s;
	while (is_full(emergency) && (old = oldest_lingering()))
		let_go(old);
	uint64_t id = pool_take(&pool, emergency);
	if (id == ID_NONE)
		return NULL;
	s = &table[id_index(id)];
	s->id = id;
	s->key = (struct session_key){join, side};
	s->marker = true;
	map_put(&by_side, key_of(&s->key), id_index(id));
	return s;
}

struct session *session_of_token(uint64_t token)
{
	for (uint32_t i = 0; i < running_n; i++)
		if (table[running[i]].token == token)
			return &table[running[i]];
	return NULL;
}

void session_run(struct session *s)
{
	timer_cancel(&child_wheel, &s->timer);
	s->running = true;
	s->running_at = running_n;
	running[running_n++] = (uint32_t)(s - table);
}

static void on_lingered(struct timer *t, uint64_t now_ms)
{
	(void)now_ms;
	let_go((struct session *)(void *)t);
}

void session_linger(struct session *s)
{
	uint32_t last = running[--running_n];

	running[s->running_at] = last;
	table[last].running_at = s->running_at;
	s->running = false;
	s->timer.fire = on_lingered;
	timer_set(&child_wheel, &s->timer, child_now() + SESSION_LINGER_MS);
}

uint32_t session_running(void)
{
	return running_n;
}

struct session *session_running_at(uint32_t i)
{
	return &table[running[i]];
}

bool session_says(const struct sound *sound)
{
	for (uint32_t i = 0; i < running_n; i++) {
		const struct say *s = &table[running[i]].say;
		for (int k = 0; k < s->items; k++)
			if (s->item[k].sound == sound)
				return true;
	}
	return false;
}

void session_forget_all(void)
{
	running_n = 0;
	for (uint32_t i = 0; i < pool.cap; i++)
		if (table[i].id)
			let_go(&table[i]);
}

void session_status(struct proc_status *s)
{
	status_pool(s, "sessions", &pool);
	status_counter(s, "turns-running", running_n);
}
