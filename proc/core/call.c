/* SPDX-License-Identifier: ISC */
#include "call.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/pool.h"
#include "base/secret.h"
#include "change.h"
#include "desk.h"
#include "dial.h"
#include "dialogue.h"
#include "emergency.h"
#include "help_share.h"
#include "ipc/left_out.h"
#include "join.h"
#include "judge.h"
#include "kept.h"
#include "late.h"
#include "mail.h"
#include "mark.h"
#include "media.h"
#include "outside.h"
#include "park.h"
#include "record.h"
#include "refer.h"
#include "renegotiate.h"
#include <stdio.h>
#include <stdlib.h>

enum {
	WAIT_MS = 20000,  /* for a phone whose connection broke a moment ago */
	RENEW_MS = 40000, /* the relay's deadline is three times as long */
	AGAIN_MS = 500,   /* a wish that media could not be told, or has not answered */
	ANSWER_PATIENCE_MS = 2000,
	CUT_EVERY_MS = 1000,
	WARN_MS = 60000, /* before a ceiling cuts the call */
};

static struct pool pool;
static struct call *table;
static struct arena_table *store;
static uint64_t last_wait_ms; /* when a call last began to wait for a phone */

struct arena_shape call_shape(const struct site *s)
{
	return (struct arena_shape){sizeof(struct call_record), s->max_calls};
}

bool call_changes(uint64_t id)
{
	const struct call *c = call_get(id);

	return c && c->change.active;
}

struct call *call_get(uint64_t id)
{
	int64_t at = pool_index(&pool, id);
	return at < 0 ? NULL : &table[at];
}

/* What outlives core: a talk, and who is parked. */
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

struct leg *call_other(struct call *c, struct leg *l)
{
	return leg_get(l->r.id == c->r.caller ? c->r.callee : c->r.caller);
}

void call_each(void (*visit)(struct call *c, void *arg), void *arg)
{
	for (uint32_t i = 0; i < pool.cap; i++)
		if (pool_id_at(&pool, i) != ID_NONE)
			visit(&table[i], arg);
}

/* --- ends --- */

void call_write_record(struct call *c)
{
	uint64_t talked = c->r.answered_ms ? child_now() - c->r.answered_ms : 0;

	emergency_talked(c);
	if (!c->recorded)
		record_call(c->r.from, c->r.to, c->r.start_wall_ms, talked);
}

static void forget(struct call *c)
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

static void do_end(struct call *c)
{
	struct leg *caller = leg_get(c->r.caller), *callee;
	uint64_t target[CALL_TARGETS_MAX], callee_id = c->r.callee;
	uint8_t n = c->targets;
	enum refusal why = (enum refusal)c->best;
	const char *text = c->best_text;

	memcpy(target, c->target, sizeof target);
	if (c->desk)
		desk_over(c);
	late_fails(c, why);
	call_write_record(c);
	emergency_over(c);
	account_end(&c->r.ceiling, &c->r.account);
	dialogue_end(c);
	media_close(c);
	change_abandon(c);
	/* the legs find no call any more from here on */
	forget(c);
	if (caller) {
		caller->refusal_text = text;
		leg_hang_up(caller, why);
	}
	for (uint8_t i = 0; i < n; i++)
		if ((callee = leg_get(target[i])))
			leg_hang_up(callee, why);
	if ((callee = leg_get(callee_id)))
		leg_hang_up(callee, why);
}

static void do_refuse(struct call *c)
{
	struct leg *caller = leg_get(c->r.caller);

	if (caller)
		leg_refuse(caller, c->best ? (enum refusal)c->best : REFUSE_NO_ANSWER, c->best_text);
}

/* --- what the machine wants --- */

static void do_ring(struct call *c)
{
	struct leg *caller = leg_get(c->r.caller);

	if (!caller || c->r.callee) /* early media rings by itself */
		return;
	if (c->r.spoken)
		dialogue_loop(c, caller->r.side, "tone:ringback");
	else
		leg_ring(caller, 180);
}

static void do_wait(struct call *c)
{
	struct leg *caller = leg_get(c->r.caller);

	if (c->dest.kind == DEST_PARK) {
		park_wait(c);
		return;
	}
	last_wait_ms = child_now();
	timer_set(&child_wheel, &c->ring, child_now() + WAIT_MS);
	if (caller)
		leg_ring(caller, 182);
}

static void do_dial(struct call *c)
{
	if (c->dest.kind == DEST_PARK) {
		call_event(c, CALL_ABSENT, NULL);
		return;
	}
	if (!c->r.answered_ms && !c->r.ended)
		call_relay(c); /* whoever answers may speak before media can hear of it */
	if (c->desk) {
		desk_ring(c);
		return;
	}
	dial_ask_all(c);
	if (c->r.state != PHASE_DIALLING || c->targets)
		return;
	if (outside_may_soon(c))
		do_ring(c);
	else
		dial_nobody(c);
}

void call_relay(struct call *c)
{
	const enum media_told told = media_relay(c);
	const bool again = c->answers || (told == MEDIA_LATER && media_ready());

	timer_set(&child_wheel, &c->renew, child_now() + (told == MEDIA_NEVER ? 0 : again ? AGAIN_MS : RENEW_MS));
}

void call_relay_and_answer(struct call *c, struct leg *l, const struct sdp *answer)
{
	leg_set_local(l, answer);
	c->answers |= (uint8_t)(1u << l->r.side);
	c->answer_by_ms = child_now() + ANSWER_PATIENCE_MS;
	call_relay(c);
}

static void answer_all(struct call *c)
{
	struct leg *legs[2] = {leg_get(c->r.caller), leg_get(c->r.callee)};
	uint8_t answers = c->answers;
	struct sdp answer;

	c->answers = 0;
	for (size_t i = 0; i < 2; i++) {
		if (!legs[i] || !(answers >> legs[i]->r.side & 1))
			continue;
		leg_local(legs[i], &answer);
		leg_answer(legs[i], &answer);
	}
}

void call_relayed(uint64_t call, uint32_t wish)
{
	struct call *c = call_get(call);

	if (!c || !c->answers || wish != c->wish)
		return;
	answer_all(c);
	timer_set(&child_wheel, &c->renew, child_now() + RENEW_MS);
}

static void connect_legs(struct call *c, struct leg *callee)
{
	struct leg *caller = leg_get(c->r.caller);

	dial_stop(c, callee->r.id);
	c->r.callee = callee->r.id;
	if (!caller) {
		call_fail(c, REFUSE_CANCELLED, NULL);
		return;
	}
	const char *why = join_legs(c, caller, callee);
	if (why) {
		call_fail_media(c, REFUSE_OFFER, why);
		return;
	}
	account_answer(&c->r.ceiling, &c->r.account);
	if (c->r.ceiling.begun) {
		call_save(c);
		timer_set(&child_wheel, &c->cut, child_now() + CUT_EVERY_MS);
	}
	if (c->r.spoken) { /* whoever was answered before sends no ACK for this, and may hold */
		dialogue_holds(c);
		renegotiate_soon(c, 0);
	}
	refer_answered(c);
}

/* --- the state machine --- */

/* In the order of enum call_effect. */
static void (*const effect[])(struct call *c) = {do_ring, do_dial, NULL, NULL, do_refuse, do_end, dialogue_begin,
    dialogue_tell, judge_call, do_wait, refer_give_back};

void call_event(struct call *c, enum call_event event, struct leg *l)
{
	struct call_step step = call_step((enum call_phase)c->r.state, refer_turn(c, event));
	uint64_t id = c->r.id;

	c->r.state = step.next;
	if (step.next == PHASE_TALKING)
		dialogue_leave_seats(c);
	refer_watch(c, &step);
	if (l && step.effects & CALL_DO_CONNECT)
		connect_legs(c, l);
	if (step.effects & CALL_DO_HANG_UP_OTHERS)
		leg_hang_up(l, REFUSE_NONE);
	for (unsigned i = 0; step.effects >> i; i++)
		if (step.effects >> i & 1 && effect[i] && call_get(id))
			effect[i](c);
}

static void fail(struct call *c, enum call_event event, enum refusal why, const char *text)
{
	c->best = (uint8_t)why;
	c->best_text = text;
	call_event(c, event, NULL);
}

void call_fail(struct call *c, enum refusal why, const char *text)
{
	fail(c, CALL_FAILED, why, text);
}

void call_fail_media(struct call *c, enum refusal why, const char *text)
{
	fail(c, CALL_MEDIA_FAILED, why, text);
}

static struct call *call_of_ring(struct timer *t)
{
	return (struct call *)(void *)((char *)t - offsetof(struct call, ring));
}

static void on_ring_end(struct timer *t, uint64_t now_ms)
{
	struct call *c = call_of_ring(t);

	(void)now_ms;
	if (c->slowed) { /* held up long enough */
		c->slowed = 0;
		call_event(c, CALL_ALLOWED, NULL);
		return;
	}
	if (c->dest.kind == DEST_PARK) {
		park_over(c);
		return;
	}
	if (c->mail_asks) {
		mail_late(c);
		return;
	}
	if (c->r.state == PHASE_TELLING) {
		call_event(c, CALL_TIME_OUT, NULL);
		return;
	}
	if (outside_waits_on(c))
		return;
	c->best = c->r.state == PHASE_WAITING ? REFUSE_OFFLINE : REFUSE_NO_ANSWER;
	dial_over(c, CALL_TIME_OUT);
}

static void on_renew(struct timer *t, uint64_t now_ms)
{
	struct call *c = (struct call *)(void *)((char *)t - offsetof(struct call, renew));

	if (!media_would_take(c)) { /* its own event, as whoever changed the call is not done with it */
		call_fail_media(c, REFUSE_OFFER, "what the phones agreed on can't be relayed");
		return;
	}
	if (c->answers && now_ms >= c->answer_by_ms)
		answer_all(c); /* media says what becomes of the call, or the phones do */
	call_relay(c);
}

static void on_impatient(struct timer *t, uint64_t now_ms)
{
	(void)now_ms;
	change_timed_out((struct call *)(void *)((char *)t - offsetof(struct call, patience)));
}

/* Until when it is paid: whatever the next life finds unpaid it charges. While a transfer is under way what stands there is the
 * call as it was. */
static void save_charged(const struct call *c)
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

/* Every second of a call that costs: what it may still cost (R17). A step that can't be paid is left before it begins. */
static void on_cut(struct timer *t, uint64_t now_ms)
{
	struct call *c = (struct call *)(void *)((char *)t - offsetof(struct call, cut));
	uint64_t left_ms = account_tick(&c->r.ceiling, &c->r.account);

	if (left_ms == 0) {
		call_fail(c, REFUSE_CEILING, NULL);
		return;
	}
	/* who is on hold hears it when the music is over */
	if (left_ms <= WARN_MS && !c->r.warned && dialogue_warn(c))
		c->r.warned = 1;
	save_charged(c);
	timer_set(&child_wheel, t, now_ms + (left_ms < CUT_EVERY_MS ? left_ms : CUT_EVERY_MS));
}

static void set_timers(struct call *c)
{
	c->ring.fire = on_ring_end;
	c->renew.fire = on_renew;
	c->patience.fire = on_impatient;
	c->cut.fire = on_cut;
}

/* --- a new call --- */

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

enum pool_claim call_claim(const struct call *c)
{
	return c->r.emergency ? POOL_HELP : c->calls_back ? POOL_BACK : POOL_USUAL;
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
	set_timers(c);
	return c;
}

uint32_t call_room(void)
{
	return pool.limit > pool.used ? pool.limit - pool.used : 0;
}

void call_drop(struct call *c)
{
	forget(c);
}

/* --- from elsewhere --- */

void call_phone_back(uint32_t user)
{
	if (child_now() > last_wait_ms + WAIT_MS) /* nearly every registration: nobody waits for anyone */
		return;
	for (uint32_t i = 0; i < pool.cap; i++)
		if (pool_id_at(&pool, i) != ID_NONE && table[i].r.state == PHASE_WAITING &&
		    dial_wants(&table[i], user) && dial_can_ring(&table[i]))
			call_event(&table[i], CALL_PHONE_BACK, NULL);
}

/* --- start --- */

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
	call_write_record(&c);
	emergency_over(&c);
	account_end(&c.r.ceiling, &c.r.account);
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
			kept_leave_out(store, i);
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
		set_timers(c);
		timer_set(&child_wheel, &c->renew, child_now() + RENEW_MS);
		if (c->r.ceiling.begun)
			timer_set(&child_wheel, &c->cut, child_now() + CUT_EVERY_MS);
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

static void on_half_lost(struct timer *t, uint64_t now_ms)
{
	(void)now_ms;
	call_fail(call_of_ring(t), REFUSE_CALLEE_FAILED, "half of the call was lost in a restart");
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
			call_write_record(c);
			emergency_over(c);
			account_end(&c->r.ceiling, &c->r.account);
			forget(c);
			left_out_count(LEFT_OUT_CALL);
			continue;
		}
		n++;
		leg_begins_again(leg_get(c->r.caller));
		if (c->r.parked)
			continue;
		if (!leg_get(c->r.caller) || !leg_get(c->r.callee)) {
			c->ring.fire = on_half_lost;
			timer_set(&child_wheel, &c->ring, child_now() + EDGES_ARE_BACK_MS);
		}
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
