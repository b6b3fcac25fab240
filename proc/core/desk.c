/* SPDX-License-Identifier: ISC */
#include "desk.h"
#include "desk_words.h"
#include "dial.h"
#include "dialogue.h"
#include "ended.h"
#include "hotdesk.h"
#include "ipc/left_out.h"
#include "kept.h"
#include "media.h"
#include "message.h"
#include "settings.h"
#include "voice.h"
#include <stdio.h>

#define SAY_ALARM "silence:500 desk-alarm silence:800 desk-alarm"

struct notice_call {
	struct timer timer;
	bool used, said; /* said: to the end */
	uint64_t call;   /* 0: between two */
	uint64_t alarm;  /* watch's token for it, and watch tells it again by itself; 0: it is of a call for help */
	struct desk_record r; /* of a call for help: the same place of the arena has it */
	uint64_t answered_ms;
	struct dest to;
	char say[TURN_SAY_MAX + 1];
};

static struct notice_call table[DESK_CALLS_MAX];
static struct arena_table *store;
static uint64_t heard, given_up, gave_way;

/* A person or a ring group; false: there is none. */
static bool front_desk(struct dest *out)
{
	const char *name = settings_of_site()->front_desk;

	return name[0] && route_find(span_str(name), SPAN(""), out) &&
	       (out->kind == DEST_USER || out->kind == DEST_GROUP);
}

/* --- the call --- */

static uint32_t place_of(const struct notice_call *n)
{
	return (uint32_t)(n - table);
}

/* Of a call for help: an alarm watch tells again by itself. */
static void unheard(uint32_t device, uint32_t person, const char *why)
{
	given_up++;
	child_event(EVENT_EMERGENCY, SEVERITY_ALARM, device, person, NULL, why);
}

static void give_up(const struct notice_call *n)
{
	if (!n->alarm) {
		unheard(n->r.device, n->r.person,
		    "nobody at the front desk has heard of an emergency call: it was tried for five minutes");
		return;
	}
	given_up++;
	message_told(n->alarm, false);
}

static void over(struct notice_call *n, bool was_heard)
{
	n->call = 0;
	if (!was_heard && !n->alarm && child_now() < n->r.until_ms) {
		timer_set(&child_wheel, &n->timer, child_now() + DESK_AGAIN_MS);
		return;
	}
	n->used = false;
	if (!n->alarm)
		arena_clear(store, place_of(n));
	if (was_heard)
		heard++;
	else
		give_up(n);
}

static void begin(struct notice_call *n)
{
	enum refusal why;
	const bool rings = n->alarm || front_desk(&n->to); /* whoever it is now */
	struct call *c = rings && voice_ready() && media_ready() ? call_new(NOBODY, false, &why) : NULL;

	if (!c || !dialogue_take_seat(c)) {
		if (c)
			call_drop(c);
		over(n, false);
		return;
	}
	if (!n->alarm)
		desk_words(&n->r, n->say);
	n->call = c->r.id;
	n->answered_ms = 0;
	c->desk = (uint8_t)(place_of(n) + 1);
	c->dest = (struct dest){.index = NOBODY, .payer = NOBODY};
	snprintf(c->r.from, sizeof c->r.from, "ringfence");
	span_cstr(span_str(n->to.number.text), c->r.to, sizeof c->r.to);
	call_event(c, CALL_ALLOWED, NULL);
}

static void on_time(struct timer *t, uint64_t now_ms)
{
	struct notice_call *n = (struct notice_call *)(void *)t;
	const bool kept = !n->alarm;

	if (now_ms >= n->r.until_ms) {
		over(n, false);
		return;
	}
	if (kept)
		arena_mark(store, place_of(n));
	begin(n);
	if (kept)
		arena_unmark(store, place_of(n));
}

static bool is_free(const struct notice_call *n)
{
	return !n->used;
}

struct other {
	uint32_t than;
	bool found;
};

static bool find_other(uint32_t user, void *arg)
{
	struct other *o = arg;

	o->found = directory_user(user) && user != o->than;
	return !o->found;
}

static bool has_other(const struct dest *desk, uint32_t than)
{
	struct other o = {.than = than};

	dial_each_callee(desk, find_other, &o);
	return o.found;
}

static enum desk_state desk_state(void)
{
	struct dest desk;

	if (!settings_of_site()->front_desk[0])
		return DESK_NOT_SET;
	return front_desk(&desk) && has_other(&desk, NOBODY) ? DESK_SET : DESK_NOBODY;
}

static bool tells_alarm(const struct notice_call *n)
{
	return n->used && n->alarm;
}

static struct notice_call *first(bool (*is)(const struct notice_call *n))
{
	for (struct notice_call *n = table; n < table + DESK_CALLS_MAX; n++)
		if (is(n))
			return n;
	return NULL;
}

/* NULL: as many as there may be are under way. */
static struct notice_call *take(const struct dest *desk, uint64_t alarm)
{
	struct notice_call *n = first(is_free);

	if (!n)
		return NULL;
	n->used = true;
	n->said = false;
	n->call = 0;
	n->alarm = alarm;
	n->to = *desk;
	n->r = (struct desk_record){.until_ms = child_now() + DESK_KEEP_MS};
	timer_set(&child_wheel, &n->timer, child_now() + DESK_AFTER_MS);
	return n;
}

/* One that nobody listens to yet tells of whatever the same caller asks for meanwhile: a phone that calls again and again has no more of
 * the places. */
static struct notice_call *unheard_of(uint32_t device, uint32_t person)
{
	for (struct notice_call *n = table; n < table + DESK_CALLS_MAX; n++)
		if (n->used && !n->alarm && n->r.device == device && n->r.person == person &&
		    !(n->call && n->answered_ms))
			return n;
	return NULL;
}

void desk_wanted(uint32_t device, uint32_t person, const struct dest *to, const struct desk_doubt *doubt)
{
	struct dest desk;

	if (!settings_of_site()->front_desk[0])
		return;
	if (!front_desk(&desk)) {
		unheard(device, person,
		    "the front desk does not hear of an emergency call: who it was is no user or ring group any more");
		return;
	}
	if (to->kind == desk.kind && to->index == desk.index) /* one that rings there itself needs no other */
		return;
	if (!has_other(&desk, person)) {
		unheard(
		    device, person, "the front desk does not hear of an emergency call: nobody is there but who calls");
		return;
	}
	struct notice_call *n = unheard_of(device, person);
	if (n)
		n->r.until_ms = child_now() + DESK_KEEP_MS;
	else
		n = take(&desk, 0);
	if (!n) {
		unheard(device, person,
		    "the front desk is not rung for an emergency call: it has not heard of eight others yet");
		return;
	}
	n->r.device = device;
	n->r.person = person;
	n->r.moved |= doubt->moved;
	n->r.says |= doubt->says;
	arena_put(store, place_of(n), &n->r);
}

bool desk_alarm(const struct dest *to, uint64_t notice)
{
	struct notice_call *n = first(tells_alarm);

	if (n) /* one call tells of all that is there by then */
		n->alarm = notice;
	else if ((n = take(to, notice)))
		snprintf(n->say, sizeof n->say, SAY_ALARM);
	given_up += !n;
	return n != NULL;
}

static void make_offer(struct call *c, struct leg *l, struct sdp *out)
{
	ended_offer_first(l, dial_codecs(l), out);
	l->r.ice = 1;
	media_face(out, c, l, true);
}

/* Of what calls for help may need it takes nothing, however many phones the desk has. */
static bool ask(struct call *c, const struct registration *to, uint8_t tried)
{
	const bool room = c->targets < CALL_TARGETS_MAX && leg_has_spare(c->targets);
	struct leg *l = room ? leg_new_out(to, c->r.id, false, c->r.from, c->r.to) : NULL;
	struct sdp offer;

	if (!l) {
		dial_leaves_out(c);
		return false;
	}
	l->tried = tried;
	l->r.ends = (uint8_t)dial_method(l);
	c->target[c->targets++] = l->r.id;
	make_offer(c, l, &offer);
	leg_invite(l, &offer, table[c->desk - 1].alarm ? "Alarm" : "Emergency call");
	return true;
}

/* Whoever calls for help is at the desk too, or works at its phone: they would be told of themselves. */
static bool is_who_called(const struct notice_call *n, const struct registration *to)
{
	return !n->alarm && (to->device == n->r.device || to->user == n->r.person ||
				hotdesk_person(to->user, to->device) == n->r.person);
}

static bool ask_user(uint32_t user, void *arg)
{
	const struct registration *to[REGISTRAR_TARGETS_MAX];
	const struct call *c = arg;
	int n = registrar_targets(user, to);
	bool more = true;

	for (int i = 0; i < n && more; i++)
		if (!is_who_called(&table[c->desk - 1], to[i]))
			more = ask(arg, to[i], 0);
	return more;
}

void desk_ring(struct call *c)
{
	timer_set(&child_wheel, &c->ring, child_now() + child_site()->ring_s * UINT64_C(1000));
	dial_each_callee(&table[c->desk - 1].to, ask_user, c);
	if (c->targets)
		return;
	c->best = REFUSE_OFFLINE;
	call_event(c, CALL_REFUSED, NULL);
}

bool desk_again(struct call *c, const struct leg *l)
{
	const struct registration *to = registrar_get(l->r.user, l->r.device);
	struct leg asked = *l;

	asked.tried |= (uint8_t)(1u << l->r.ends);
	return to && dial_method(&asked) != RELAY_PASSING && ask(c, to, asked.tried);
}

void desk_answered(struct call *c, struct leg *l)
{
	struct sdp theirs;

	dial_stop(c, l->r.id);
	leg_remote(l, &theirs);
	const char *why = !l->r.has_remote ? "there is no answer to what was offered" : ended_check_answer(l, &theirs);
	if (why || c->r.caller) {
		leg_hang_up(l, REFUSE_OFFER);
		if (!c->r.caller)
			call_fail(c, REFUSE_OFFER, why);
		return;
	}
	ended_settle(l);
	l->r.ice = theirs.audio.ice_ufrag[0] != 0;
	timer_cancel(&child_wheel, &c->ring);
	c->r.caller = l->r.id;
	c->r.spoken = c->r.ended = 1;
	c->r.hears[l->r.side] = RELAY_HEARS_NOTHING;
	struct notice_call *n = &table[c->desk - 1];
	c->say = n->say;
	n->answered_ms = child_now();
	if (n->alarm) { /* what it is about stands elsewhere: who has answered knows enough */
		n->said = true;
		message_told(n->alarm, true);
	}
	call_relay(c);
	call_event(c, CALL_TOLD_WHY, NULL);
}

void desk_said(const struct call *c)
{
	table[c->desk - 1].said = true;
}

/* Who hangs up before the end has heard it if it was spoken for a while. */
void desk_over(const struct call *c)
{
	struct notice_call *n = &table[c->desk - 1];
	const struct leg *l = leg_get(c->r.caller);
	uint64_t turn = l ? c->turn[l->r.side] : 0;

	over(n, n->said || (turn && !voice_waits(turn) && child_now() >= n->answered_ms + DESK_HEARD_MS));
}

/* --- giving way --- */

/* The lower, the sooner it ends: an alarm's, one that rings, one that somebody listens to. */
static int worth(const struct notice_call *n)
{
	return n->alarm ? 0 : n->answered_ms ? 2 : 1;
}

bool desk_gives_way(void)
{
	struct notice_call *least = NULL;

	for (struct notice_call *n = table; n < table + DESK_CALLS_MAX; n++)
		if (n->used && n->call && (!least || worth(n) < worth(least)))
			least = n;
	struct call *c = least ? call_get(least->call) : NULL;
	if (!c)
		return false;
	gave_way++;
	call_fail(c, REFUSE_PREEMPTED, NULL);
	return true;
}

/* --- over core's death --- */

void desk_forget_user(uint32_t user)
{
	for (struct notice_call *n = table; n < table + DESK_CALLS_MAX; n++) {
		if (!n->used || n->alarm || n->r.person != user)
			continue;
		n->r.person = NOBODY;
		arena_put(store, place_of(n), &n->r);
	}
}

struct arena_shape desk_shape(void)
{
	return (struct arena_shape){sizeof(struct desk_record), DESK_CALLS_MAX};
}

/* One that core died of twice is given up, as is one whose time went by meanwhile: with the alarm, when there is somebody to say it to. */
static void adopt(uint32_t i, const struct desk_record *r)
{
	struct notice_call *n = &table[i];

	n->used = true;
	n->r = *r;
	if (arena_marks(store, i) >= ARENA_MARKS_MAX)
		n->r.until_ms = 0;
	timer_set(&child_wheel, &n->timer, child_now() + DESK_ANEW_MS);
}

void desk_open(struct arena_table *t)
{
	store = t;
	for (uint32_t i = 0; i < t->count; i++) {
		const struct desk_record *r = arena_get(t, i);
		table[i].timer.fire = on_time;
		if (r && kept_desk_ok(r))
			adopt(i, r);
		else if (r)
			left_out_damaged(t, i);
	}
}

void desk_status(struct proc_status *s)
{
	uint64_t n = 0;

	for (int i = 0; i < DESK_CALLS_MAX; i++)
		n += table[i].used;
	status_add(s, "desk-calls-waiting", STATUS_POOL, n, DESK_CALLS_MAX, n, 0);
	status_counter(s, "desk-calls-gave-way", gave_way);
	status_counter(s, "desk-calls", heard);
	status_counter(s, "desk-calls-given-up", given_up);
	status_counter(s, "front-desk-missing", desk_state());
}
