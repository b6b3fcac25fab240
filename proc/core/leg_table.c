/* SPDX-License-Identifier: ISC */
/* The legs that there are: their slots and tags, on whose account they are, and what of them outlives core. */
#include "leg_int.h"
#include "base/log.h"
#include "base/map.h"
#include "base/pool.h"
#include "base/rand.h"
#include "call.h"
#include "ipc/left_out.h"
#include "kept.h"
#include "leg_fork.h"
#include "leg_late.h"
#include "mark.h"
#include "owed.h"
#include "media.h"
#include "session.h"
#include "share.h"
#include "trunk.h"
#include <stdlib.h>

enum {
	CSEQ_LEAP = 1 << 12,
	CALLS_LEAST = 8,                    /* of one phone */
	LEGS_LEAST = CALL_TARGETS_MAX + 32, /* a call to the largest group, and others beside it */
};

static struct pool pool;
static struct map by_tag; /* our own tag is unique */
static struct leg *table;
static struct arena_table *store;
static struct share calls, legs;

static bool tag_matches(const void *owner, uint32_t slot, struct span key)
{
	(void)owner;
	return span_eq(span_str(table[slot].r.local_tag), key);
}

struct arena_shape leg_shape(const struct site *s)
{
	/* two for each call, and the phones that ring beside the one that answers */
	return (struct arena_shape){sizeof(struct leg_record) + LEG_BODY_MAX, 3 * s->max_calls + 64};
}

struct leg *leg_get(uint64_t id)
{
	int64_t at = pool_index(&pool, id);
	return at < 0 ? NULL : &table[at];
}

void leg_each(void (*visit)(struct leg *l, void *arg), void *arg)
{
	for (uint32_t i = 0; i < pool.cap; i++)
		if (pool_id_at(&pool, i) != ID_NONE)
			visit(&table[i], arg);
}

static uint32_t slot_of(const struct leg *l)
{
	return id_index(l->r.id);
}

static bool is_over(const struct leg *l)
{
	return l->r.state == LEG_LEAVING || l->r.state == LEG_OWING || l->r.state == LEG_IN_CLOSING;
}

/* Where edge and core go together nobody cancels what rings: the next core ends it. */
static bool rings(const struct leg *l)
{
	return l->r.state == LEG_OUT_EARLY || l->r.state == LEG_OUT_LEAVING;
}

static bool worth_keeping(const struct leg *l)
{
	return l->r.state == LEG_UP || l->r.state == LEG_IN_ANSWERED || is_over(l) || rings(l);
}

void leg_save(struct leg *l)
{
	l->r.trunk_is = mark_of_trunk(l->r.trunk);
	l->r.media_is = mark_of_media(l->r.listener);
	if (worth_keeping(l)) {
		struct leg_record kept = l->r;
		/* what is changed to is not kept, and builds of this layout and the one before look at no end of it */
		kept.end[LEG_NEXT] = (uint16_t)(kept.end[LEG_REMOTE] + l->unsure);
		arena_put_parts(store, slot_of(l), span_of(&kept, sizeof kept), leg_body(l));
	} else if (arena_get(store, slot_of(l))) {
		arena_clear(store, slot_of(l));
	}
}

void leg_be_unsure(struct leg *l, bool unsure)
{
	if (l->unsure == unsure)
		return;
	l->unsure = unsure;
	leg_save(l);
}

void leg_forget_kept(const struct leg *l)
{
	arena_clear(store, slot_of(l));
}

/* A leg of no call shares the tag of the one beside which it answered. */
static void enter(struct leg *l)
{
	l->later.fire = leg_later_fires;
	if (l->r.call != ID_NONE)
		map_put(&by_tag, span_str(l->r.local_tag), slot_of(l));
}

/* What of it is wrong leaves nothing behind. */
static bool take_over(struct leg *l, const struct leg_record *r)
{
	const uint64_t id = kept_id(r->id);

	l->r = *r;
	l->r.id = id;
	if (l->r.session_s > SESSION_MAX_S) /* of a build that took any */
		l->r.session_s = 0;
	l->by = NOBODY;
	l->unsure = r->end[LEG_NEXT] > r->end[LEG_REMOTE];
	if (leg_adopt_body(l, (const uint8_t *)(r + 1)) && pool_adopt(&pool, id))
		return true;
	leg_text_free(l);
	memset(l, 0, sizeof *l);
	return false;
}

/* An address that nobody speaks at any more is no place for a talk, and a call that was another node's is no call of ours: its phone
 * hears BYE. */
static bool may_talk_on(struct leg *l)
{
	if (!mark_find_media(l->r.media_is, &l->r.listener)) {
		l->r.listener = 0;
		return false;
	}
	return l->r.call == ID_NONE || id_node(l->r.call) == child_node();
}

/* Who is beyond the limits is on nobody's list. */
static bool has_place(const struct leg_record *r)
{
	return kept_fits(r->user, r->device) && kept_fits(r->person, NOBODY);
}

static void adopt(void)
{
	for (uint32_t i = 0; i < store->count; i++) {
		const struct leg_record *r = arena_get(store, i);
		struct leg *l = &table[i];
		if (!r)
			continue;
		const bool ok = kept_leg_ok(r);
		uint8_t trunk = r->trunk;
		if (arena_marks(store, i) >= ARENA_MARKS_MAX ||
		    (ok && (!has_place(r) || !mark_find_trunk(r->trunk_is, &trunk)))) {
			arena_clear(store, i);
			left_out_count(LEFT_OUT_LEG);
			continue;
		}
		if (id_index(r->id) != i || !ok || !take_over(l, r)) {
			left_out_damaged(store, i);
			continue;
		}
		l->r.trunk = trunk;
		/* an ACK that was missing is not missed any more, but for what it answers; whether a BYE was heard is not known */
		l->r.state = is_over(l) || rings(l) || !may_talk_on(l) ? LEG_OWING : LEG_UP;
		l->invite.cseq = l->r.remote_cseq;
		/* requests since the last save are not known, and CSeq must rise (RFC 3261 12.2.1.1) */
		l->r.local_cseq += CSEQ_LEAP;
		if (l->r.line)
			(void)trunk_line_take(l->r.trunk, true);
		enter(l);
		leg_save(l);
		if (l->r.state == LEG_OWING)
			owed_begin(l);
		else
			session_adopt(l, EDGES_ARE_BACK_MS);
	}
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Of one phone: a call to the largest group in any case, as the phones that ring beside others' calls have slots of their own. */
static uint32_t legs_most(uint32_t slots)
{
	const uint32_t beside = smaller(slots - 2 * child_site()->max_calls, LEGS_LEAST);

	return slots / 8 > beside ? slots / 8 : beside;
}

void leg_open(struct arena_table *t)
{
	store = t;
	table = calloc(t->count, sizeof *table);
	const uint32_t most = leg_shape(child_site()).count;
	if (!table || !pool_init(&pool, child_node(), t->count, 0) || !map_init(&by_tag, t->count, tag_matches, NULL))
		log_fatal("no memory for legs");
	const uint32_t calls_max = site_calls(child_site());
	pool_limit(&pool, most, pool_share(most));
	share_init(&legs, most, legs_most(most));
	share_init(&calls, calls_max, share_most(calls_max, CALLS_LEAST));
	leg_text_init(t->count + LEG_LATE_MAX);
	leg_fork_init();
	adopt();
}

static uint64_t take_id(enum pool_claim claim)
{
	uint64_t id = pool_take(&pool, claim);

	return id == ID_NONE && owed_make_room(claim == POOL_HELP) ? pool_take(&pool, claim) : id;
}

struct leg *leg_take(uint64_t call, enum pool_claim claim, uint32_t by)
{
	if (claim == POOL_HELP)
		by = NOBODY;
	if (claim == POOL_BACK && !share_left(&legs, by))
		by = share_of_back();
	if (!share_take(&legs, by))
		return NULL;
	uint64_t id = take_id(claim);
	if (id == ID_NONE) {
		share_release(&legs, by);
		return NULL;
	}
	struct leg *l = &table[id_index(id)];
	l->r.id = id;
	l->r.call = call;
	l->r.claim = (uint8_t)claim;
	l->by = by;
	l->later.fire = leg_later_fires;
	return l;
}

/* On the account of who calls. */
uint32_t leg_account_of(uint64_t call)
{
	const struct call *c = call_get(call);
	const struct leg *caller = c ? leg_get(c->r.caller) : NULL;

	return caller ? caller->by : NOBODY;
}

struct leg *leg_new(uint64_t call, enum pool_claim claim, uint32_t by)
{
	struct leg *l = leg_take(call, claim, by);

	if (!l)
		return NULL;
	memcpy(l->r.token, "leg-", 4);
	rand_hex(l->r.token + 4, 12);
	rand_hex(l->r.local_tag, 8);
	l->r.learn_epoch = rand_u32() & ~(uint32_t)RELAY_EPOCH_ANSWERS;
	enter(l);
	return l;
}

bool leg_may_begin(uint32_t who)
{
	return share_has_room(&calls, who);
}

bool leg_has_plenty(const struct leg *caller)
{
	const uint32_t own = smaller(REGISTRAR_TARGETS_MAX, child_site()->max_calls);

	return caller->r.claim == POOL_HELP ||
	       (pool.used + 2 * call_room() < pool.limit && share_left(&legs, caller->by) > own);
}

bool leg_has_spare(uint32_t nth)
{
	return pool.used + pool.limit / (nth < REGISTRAR_TARGETS_MAX ? 4 : 2) < pool.limit;
}

void leg_begins(struct leg *l)
{
	l->begins = l->by != NOBODY && !l->r.trunk;
	if (l->begins)
		share_add(&calls, l->by);
}

void leg_begins_again(struct leg *l)
{
	if (!l || l->r.claim == POOL_HELP)
		return;
	l->by = share_of_leg(l);
	share_add(&legs, l->by);
	leg_begins(l);
}

void leg_leaves_share(struct leg *l)
{
	share_release(&legs, l->by);
	if (l->begins)
		share_release(&calls, l->by);
	l->by = NOBODY;
	l->begins = false;
}

void leg_free(struct leg *l)
{
	timer_cancel(&child_wheel, &l->repeat);
	timer_cancel(&child_wheel, &l->later);
	session_stop(l);
	if (!leg_late_keep(l))
		ask_done(l->invite_ref);
	ask_done(l->change_ref);
	ask_done(l->refresh_ref);
	map_del(&by_tag, span_str(l->r.local_tag), slot_of(l));
	if (arena_get(store, slot_of(l)))
		arena_clear(store, slot_of(l));
	if (l->r.line)
		trunk_line_release(l->r.trunk);
	leg_leaves_share(l);
	pool_release(&pool, l->r.id);
	leg_text_free(l);
	memset(l, 0, sizeof *l);
}

void leg_mark(uint64_t id)
{
	if (leg_get(id) && arena_get(store, id_index(id)))
		arena_mark(store, id_index(id));
}

void leg_unmark(uint64_t id)
{
	if (id_index(id) < store->count)
		arena_unmark(store, id_index(id));
}

struct leg *leg_find(struct span call_id, struct span ours, struct span theirs)
{
	uint32_t slot;

	if (!map_get(&by_tag, ours, &slot))
		return NULL;
	struct leg *l = &table[slot];
	if (!span_eq(leg_text(l, LEG_CALL_ID), call_id) || !span_eq(leg_text(l, LEG_REMOTE_TAG), theirs))
		return NULL;
	return l;
}

void leg_status(struct proc_status *s)
{
	status_pool(s, "legs", &pool);
	owed_status(s);
	leg_late_status(s);
	leg_text_status(s);
}
