/* SPDX-License-Identifier: ISC */
/* The calls that there are: their slots and ports, and what of them outlives core. */
#include "base/clock.h"
#include "base/log.h"
#include "base/pool.h"
#include "base/secret.h"
#include "call_int.h"
#include "desk.h"
#include "dialogue.h"
#include "emergency.h"
#include "help_share.h"
#include "ipc/left_out.h"
#include "kept.h"
#include "mark.h"
#include "media.h"
#include "park.h"
#include "record.h"
#include "renegotiate.h"
#include <stdlib.h>

static struct pool pool;
static struct call *table;
static struct arena_table *store;

struct arena_shape call_shape(const struct site *s)
{
	return (struct arena_shape){sizeof(struct call_record), s->max_calls};
}

struct call *call_get(uint64_t id)
{
	int64_t at = pool_index(&pool, id);
	return at < 0 ? NULL : &table[at];
}

void call_each(void (*visit)(struct call *c, void *arg), void *arg)
{
	for (uint32_t i = 0; i < pool.cap; i++)
		if (pool_id_at(&pool, i) != ID_NONE)
			visit(&table[i], arg);
}

uint32_t call_room(void)
{
	return pool.limit > pool.used ? pool.limit - pool.used : 0;
}

/* --- a new one --- */

/* For help, and for no test of it: who is told of another, or whoever has more of them, ends. */
static bool gives_way(uint32_t who, enum pool_claim claim)
{
	return claim == POOL_HELP && who != NOBODY && (desk_gives_way() || help_gives_way(who));
}

static uint32_t take_ports(uint32_t who, enum pool_claim claim)
{
	uint32_t ports = media_take_ports(claim);

	return ports == MEDIA_NO_PORTS && gives_way(who, claim) ? media_take_ports(claim) : ports;
}

static uint64_t take_slot(uint32_t who, enum pool_claim claim)
{
	uint64_t id = pool_take(&pool, claim);

	return id == ID_NONE && gives_way(who, claim) ? pool_take(&pool, claim) : id;
}

static uint64_t take(uint32_t who, enum pool_claim claim, uint32_t *ports, enum refusal *why)
{
	if (claim != POOL_HELP && !leg_may_begin(who)) {
		*why = REFUSE_SHARE;
		return ID_NONE;
	}
	*ports = take_ports(who, claim);
	if (*ports == MEDIA_NO_PORTS) {
		*why = REFUSE_NO_PORT;
		return ID_NONE;
	}
	uint64_t id = take_slot(who, claim);
	if (id == ID_NONE) {
		*why = REFUSE_FULL;
		media_release_ports(*ports);
	}
	return id;
}

struct call *call_new(uint32_t who, enum pool_claim claim, enum refusal *why)
{
	uint32_t ports;
	uint64_t id = take(who, claim, &ports, why);

	if (id == ID_NONE)
		return NULL;
	struct call *c = &table[id_index(id)];
	c->r.id = id;
	c->r.state = PHASE_LOOKING;
	c->r.ports = ports;
	c->r.port = media_first_port(ports);
	c->r.emergency = claim == POOL_HELP;
	c->calls_back = claim == POOL_BACK;
	c->r.start_wall_ms = clock_wall_ms();
	c->r.account = (struct account_of){.user = NOBODY, .device = NOBODY};
	c->r.started_ms = child_now();
	call_set_timers(c);
	return c;
}

void call_drop(struct call *c)
{
	uint64_t id = c->r.id;

	timer_cancel(&child_wheel, &c->ring);
	timer_cancel(&child_wheel, &c->renew);
	timer_cancel(&child_wheel, &c->patience);
	timer_cancel(&child_wheel, &c->cut);
	media_release_ports(c->r.ports);
	media_owe_no_more(c);
	dialogue_leave_seats(c);
	emergency_forget(c);
	if (arena_get(store, id_index(id)))
		arena_clear(store, id_index(id));
	secret_wipe(c, sizeof *c); /* SDES keys stood in it */
	pool_release(&pool, id);
}

/* --- what outlives core --- */

/* A talk, and who is parked. */
static bool is_kept(const struct call_record *r)
{
	return r->state == PHASE_TALKING || (r->state == PHASE_WAITING && r->parked);
}

void call_save(struct call *c)
{
	c->r.trunk_is = mark_of_trunk(c->r.account.trunk);
	if (is_kept(&c->r))
		arena_put(store, id_index(c->r.id), &c->r);
	else if (!c->transfer &&
		 arena_get(store, id_index(c->r.id))) /* of a talk that is given on stands what it was */
		arena_clear(store, id_index(c->r.id));
}

void call_save_charged(const struct call *c)
{
	const struct call_record *kept = arena_get(store, id_index(c->r.id));

	if (!kept)
		return;
	struct call_record r = *kept;
	r.ceiling = c->r.ceiling;
	r.warned = c->r.warned;
	arena_put(store, id_index(c->r.id), &r);
	secret_wipe(&r, sizeof r);
}

/* As the arena has it, charged on again; a trunk that is no more pays for none. */
static void take_over(struct call *c, const struct call_record *r)
{
	c->r = *r;
	memset(c->r.spare, 0, sizeof c->r.spare);
	if (!(c->r.help & HELP_ASKED))
		c->r.asked = (struct help_asked){0};
	emergency_adopt(c);
	c->r.hears[0] = c->r.hears[1] = RELAY_HEARS_OTHER; /* what was said to them is over */
	c->r.listens = 0;
	c->recorded = record_waits(c->r.from, c->r.to, c->r.start_wall_ms);
	if (!mark_find_trunk(c->r.trunk_is, &c->r.account.trunk))
		c->r.account.trunk = 0;
	account_adopt(&c->r.ceiling, &c->r.account);
}

/* It was talked until now, and its legs hear BYE: it is logged and paid as any other that ends. */
static void lose(uint32_t i, const struct call_record *r)
{
	struct call c = {0};

	take_over(&c, r);
	call_settle(&c);
	arena_clear(store, i);
	secret_wipe(&c, sizeof c);
	left_out_count(LEFT_OUT_CALL);
}

/* Another node's id names nothing to media, and who is beyond the limits pays nothing. */
static bool has_place(const struct call_record *r)
{
	return id_node(r->id) == child_node() && kept_fits(r->account.user, r->account.device) &&
	       (!r->parked || kept_fits(r->parked_by, NOBODY));
}

static void adopt(void)
{
	for (uint32_t i = 0; i < store->count; i++) {
		const struct call_record *r = arena_get(store, i);
		if (!r)
			continue;
		if (id_index(r->id) != i || !id_generation(r->id) || !is_kept(r) || !kept_call_ok(r)) {
			left_out_damaged(store, i);
			continue;
		}
		if (arena_marks(store, i) >= ARENA_MARKS_MAX || !has_place(r) ||
		    !media_adopt_ports(r->ports, r->port)) {
			lose(i, r);
			continue;
		}
		(void)pool_adopt(&pool, r->id);
		struct call *c = &table[i];
		take_over(c, r);
		call_goes_on(c);
	}
}

void call_open(struct arena_table *t)
{
	store = t;
	table = calloc(t->count, sizeof *table);
	const uint32_t most = child_site()->max_calls;
	if (!table || !pool_init(&pool, child_node(), t->count, 0))
		log_fatal("no memory for calls");
	pool_limit(&pool, most, pool_share(most));
	adopt();
}

/* A leg that names another call is that one's, and one that is only to hear BYE is nobody's. */
static void disown(const struct call *c, uint64_t *leg)
{
	const struct leg *l = leg_get(*leg);

	if (l && (l->r.call != c->r.id || l->r.state == LEG_OWING))
		*leg = ID_NONE;
}

void call_adopted(void)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < pool.cap; i++) {
		struct call *c = &table[i];
		if (pool_id_at(&pool, i) == ID_NONE)
			continue;
		disown(c, &c->r.caller);
		disown(c, &c->r.callee);
		if (!media_would_take(c) || (c->r.parked && !park_adopted(c))) {
			call_settle(c);
			call_drop(c);
			left_out_count(LEFT_OUT_CALL);
			continue;
		}
		n++;
		c->heard_ms[0] = c->heard_ms[1] = child_now(); /* what came until now nobody counted */
		leg_begins_again(leg_get(c->r.caller));
		if (c->r.parked)
			continue;
		if (!leg_get(c->r.caller) || !leg_get(c->r.callee))
			call_lost_half(c);
		dialogue_holds(c);
		renegotiate_soon(c, EDGES_ARE_BACK_MS);
	}
	if (n)
		log_info("%u calls adopted", n);
}

void call_status(struct proc_status *s)
{
	status_pool(s, "calls", &pool);
}
