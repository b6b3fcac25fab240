/* SPDX-License-Identifier: ISC */
#include "flow.h"
#include "base/log.h"
#include "base/map.h"
#include "base/pool.h"
#include <stdlib.h>

static struct pool pool;
static struct map by_id;
static struct flow *table;
static uint32_t devices;
static struct crowd {
	uint32_t n, oldest, newest; /* its flows, by age */
} * of_device;

static bool id_matches(const void *owner, uint32_t slot, struct span key)
{
	(void)owner;
	return memcmp(&table[slot].id, key.p, sizeof table[slot].id) == 0;
}

void flow_init(uint32_t max_flows, uint32_t max_device)
{
	devices = max_device + 1;
	of_device = calloc(devices, sizeof *of_device);
	table = calloc(max_flows, sizeof *table);
	/* no reserve: which connection is for an emergency shows only later */
	if (!table || !of_device || !pool_init(&pool, child_node(), max_flows, 0) ||
	    !map_init(&by_id, max_flows, id_matches, NULL))
		log_fatal("no memory for flows");
}

static struct span key_of(const uint64_t *id)
{
	return span_of(id, sizeof *id);
}

struct flow *flow_get(uint64_t id)
{
	uint32_t slot;
	return map_get(&by_id, key_of(&id), &slot) ? &table[slot] : NULL;
}

uint32_t flow_device_at(const struct link *edge, uint64_t id)
{
	const struct flow *f = flow_get(id);

	return f && f->edge == edge->instance ? f->device : 0;
}

struct link *flow_link(const struct flow *f)
{
	return child_link(PROC_EDGE, f->edge);
}

/* --- flows of one device --- */

struct flow *flow_newest(uint32_t device)
{
	return device < devices && of_device[device].n ? &table[of_device[device].newest] : NULL;
}

static uint32_t most_crowded(void)
{
	uint32_t most = 0;

	for (uint32_t i = 1; i < devices; i++)
		if (of_device[i].n > of_device[most].n)
			most = i;
	return most;
}

struct flow *flow_crowd(uint32_t device)
{
	if (of_device[device].n >= FLOW_DEVICE_MAX)
		return &table[of_device[device].oldest];
	if (pool.used < pool.cap)
		return NULL;
	const struct crowd *c = &of_device[most_crowded()];
	return c->n > 1 ? &table[c->oldest] : NULL;
}

static void join_crowd(struct flow *f)
{
	struct crowd *c = &of_device[f->device];
	uint32_t slot = (uint32_t)(f - table);

	f->older = c->newest;
	f->newer = UINT32_MAX;
	if (c->n++)
		table[c->newest].newer = slot;
	else
		c->oldest = slot;
	c->newest = slot;
}

static void leave_crowd(struct flow *f)
{
	struct crowd *c = &of_device[f->device];
	uint32_t slot = (uint32_t)(f - table);

	if (c->oldest == slot)
		c->oldest = f->newer;
	else
		table[f->older].newer = f->newer;
	if (c->newest == slot)
		c->newest = f->older;
	else
		table[f->newer].older = f->older;
	c->n--;
}

struct flow *flow_add(uint32_t edge, const struct msg_flow_up *m)
{
	uint64_t slot = pool_take(&pool, false);

	if (slot == ID_NONE)
		return NULL;
	struct flow *f = &table[id_index(slot)];
	*f = (struct flow){.id = m->flow,
	    .edge = edge,
	    .device = m->device,
	    .listener = m->listener,
	    .expired = m->expired,
	    .tls12 = m->tls12,
	    .trunk = m->trunk,
	    .came = m->came,
	    .remote = m->remote};
	map_put(&by_id, key_of(&f->id), id_index(slot));
	if (!f->trunk)
		join_crowd(f);
	return f;
}

void flow_remove(struct flow *f)
{
	uint32_t slot = (uint32_t)(f - table);

	map_del(&by_id, key_of(&f->id), slot);
	if (!f->trunk)
		leave_crowd(f);
	pool_release(&pool, pool_id_at(&pool, slot));
	f->id = 0;
}

static const struct flow_login *login_of(const struct flow *f, uint32_t user, uint64_t now_ms)
{
	for (int i = 0; i < f->users; i++)
		if (f->login[i].user == user)
			return f->login[i].until_ms > now_ms ? &f->login[i] : NULL;
	return NULL;
}

bool flow_login_is_over(const struct flow *f, uint32_t user)
{
	const struct flow_login *l = login_of(f, user, 0);
	return l && l->over;
}

bool flow_logged_in(const struct flow *f, uint32_t user, uint64_t now_ms)
{
	const struct flow_login *l = login_of(f, user, now_ms);
	return l && !l->over;
}

bool flow_carries_on(const struct flow *f, uint32_t user, uint64_t now_ms)
{
	return login_of(f, user, now_ms) != NULL;
}

void flow_log_in(struct flow *f, uint32_t user, uint64_t until_ms)
{
	int at = 0, oldest = 0;

	while (at < f->users && f->login[at].user != user) {
		if (f->login[at].until_ms < f->login[oldest].until_ms)
			oldest = at;
		at++;
	}
	if (at == FLOW_USERS_MAX)
		at = oldest;
	else if (at == f->users)
		f->users++;
	f->login[at] = (struct flow_login){.user = user, .until_ms = until_ms};
}

void flow_log_out(struct flow *f, uint32_t user)
{
	for (int i = 0; i < f->users; i++)
		if (f->login[i].user == user) {
			f->login[i] = f->login[--f->users];
			return;
		}
}

void flow_login_over(struct flow *f, uint32_t user)
{
	for (int i = 0; i < f->users; i++)
		if (f->login[i].user == user)
			f->login[i].over = true;
}

void flow_each(void (*visit)(struct flow *f, void *arg), void *arg)
{
	for (uint32_t i = 0; i < pool.cap; i++)
		if (pool_id_at(&pool, i) != ID_NONE)
			visit(&table[i], arg);
}

void flow_close(struct flow *f, enum flow_why why)
{
	struct link *l = flow_link(f);
	struct msg_close_flow *m = l ? ipc_begin(l, MSG_CLOSE_FLOW) : NULL;

	if (!m)
		return;
	m->flow = f->id;
	m->why = (uint8_t)why;
	ipc_end(l);
}

void flow_status(struct proc_status *s)
{
	status_pool(s, "flows", &pool);
}
