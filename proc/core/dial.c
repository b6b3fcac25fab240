/* SPDX-License-Identifier: ISC */
#include "base/ratelimit.h"
#include "callback.h"
#include "dial_int.h"
#include "dialogue.h"
#include "forward.h"
#include "incoming.h"
#include "outside.h"
#include "park.h"
#include "settings.h"

enum { TELL_MS = 60000, PICK_UP_MS = 15000, LEFT_OUT_AGAIN_MS = 60000 };

static uint64_t partial; /* calls that did not ring all whom they were for */

void dial_each_callee(const struct dest *d, bool (*visit)(uint32_t user, void *arg), void *arg)
{
	struct span list, name;

	if (d->kind == DEST_USER) {
		visit(d->index, arg);
		return;
	}
	if (d->kind != DEST_GROUP)
		return;
	list = span_str(settings_of_group(d->index)->members);
	while (setting_next(&list, &name)) {
		uint32_t user = directory_find(name);
		if (user != NOBODY && !visit(user, arg))
			return;
	}
}

static bool rings_already(const struct call *c, const struct registration *to)
{
	for (uint8_t i = 0; i < c->targets; i++) {
		const struct leg *l = leg_get(c->target[i]);
		if (l && l->r.user == to->user && l->r.device == to->device)
			return true;
	}
	return false;
}

/* Of those that are called; a few places are left for a pickup, and legs for the calls of others. */
static bool may_ring_more(const struct call *c, const struct leg *caller)
{
	return c->targets < CALL_TARGETS_MAX - CALL_PICKERS_MAX &&
	       (c->targets < REGISTRAR_TARGETS_MAX || leg_has_plenty(caller));
}

void dial_leaves_out(const struct call *c)
{
	static struct ratelimit told;

	partial++;
	if (!ratelimit_take(&told, 1, LEFT_OUT_AGAIN_MS, child_now()))
		return;
	child_event(EVENT_CALL_REFUSED, SEVERITY_WARNING, 0, c->dest.kind == DEST_USER ? c->dest.index : NOBODY, NULL,
	    "a call does not ring every phone of its group: there are more than one call may ring, or too many ring already");
}

/* Each phone once, however often its user is named. */
static bool ask_user(uint32_t user, void *arg)
{
	struct call *c = arg;
	const struct registration *to[REGISTRAR_TARGETS_MAX];
	struct leg *caller = leg_get(c->r.caller);
	int n = registrar_targets(user, to);

	for (int i = 0; caller && i < n; i++) {
		if (dial_is_caller(caller, to[i]) || rings_already(c, to[i]))
			continue;
		if (!may_ring_more(c, caller)) {
			dial_leaves_out(c);
			return false;
		}
		dial_ask_phone(c, caller, to[i], 0, false);
	}
	return caller != NULL;
}

static bool rings_at(const struct call *c, uint32_t device)
{
	for (uint8_t i = 0; i < c->targets; i++) {
		const struct leg *l = leg_get(c->target[i]);
		if (l && l->r.device == device)
			return true;
	}
	return false;
}

/* Also where those that are called left the last places free. */
static void ask_beside(struct call *c, struct leg *caller, const struct registration *const *to, int n)
{
	for (int i = 0; i < n && c->targets < CALL_TARGETS_MAX; i++)
		if (!dial_is_caller(caller, to[i]) && !rings_already(c, to[i]))
			dial_ask_phone(c, caller, to[i], 0, false);
}

/* The centre calls the number that it was shown: whoever called for help rings beside whom that number is for, and so does the phone,
 * whoever is logged in there. */
static void ask_who_needed_help(struct call *c)
{
	const struct registration *to[REGISTRAR_TARGETS_MAX];
	struct leg *caller = leg_get(c->r.caller);
	struct registration nobodys;

	if (!c->back || !caller)
		return;
	if (c->back_user != NOBODY)
		ask_beside(c, caller, to, registrar_targets(c->back_user, to));
	if (!rings_at(c, c->back_device))
		ask_beside(c, caller, to, callback_phone(c, to, &nobodys));
}

bool dial_also(struct call *c, uint32_t user, uint32_t device)
{
	const struct registration *to = registrar_get(user, device);
	struct leg *caller = leg_get(c->r.caller);

	if (!caller || !to || c->targets == CALL_TARGETS_MAX || !dial_ask_phone(c, caller, to, 0, false))
		return false;
	/* nobody else is asked while their hand is on its way to the phone */
	if (timer_is_set(&c->ring) && c->ring.due_ms < child_now() + PICK_UP_MS)
		timer_set(&child_wheel, &c->ring, child_now() + PICK_UP_MS);
	return true;
}

/* Members who do not want to be disturbed, or not by this caller, are left out, but not by who needs help or calls back for it; their
 * forwards are their own affair. */
static bool ask_member(uint32_t user, void *arg)
{
	const struct call *c = arg;
	bool left_out = settings_of_user(user)->dnd && !c->r.emergency && !callback_may_reach(c, user);

	return left_out || !incoming_may_ring(c, user) || ask_user(user, arg);
}

bool dial_is_callee(const struct call *c, const struct leg *l)
{
	return !l->r.trunk && (l->hops || dial_wants(c, l->r.person));
}

struct instead {
	struct call *call;
	uint32_t of;
};

/* Who is sent on is not among those who are asked in their place. */
static bool ask_instead(uint32_t user, void *arg)
{
	const struct instead *i = arg;

	return user == i->of || ask_member(user, i->call);
}

bool dial_instead(struct call *c, const struct leg *from, const struct dest *to)
{
	const uint8_t before = c->targets, hops = (uint8_t)(from->hops + 1);
	struct instead instead = {.call = c, .of = from->r.person};
	struct leg *l;

	if (c->dest.hops + hops > ROUTE_HOPS_MAX || c->redirects >= CALL_TARGETS_MAX)
		return false;
	c->keeps_keys = 1; /* more may ring than the one who sends on */
	dial_each_callee(to, ask_instead, &instead);
	for (uint8_t i = before; i < c->targets; i++)
		if ((l = leg_get(c->target[i])))
			l->hops = hops;
	if (c->targets == before)
		return false;
	c->redirects++;
	dial_stop_person(c, from->r.person);
	return true;
}

static uint32_t ring_s(const struct dest *d)
{
	uint32_t own = d->kind == DEST_USER    ? settings_of_user(d->index)->ring_s
	               : d->kind == DEST_GROUP ? settings_of_group(d->index)->ring_s
	                                       : 0;

	uint32_t most = own ? own : child_site()->ring_s;
	uint32_t mail;
	return d->kind == DEST_USER && settings_voicemail(child_site(), d->index, &mail) && mail && mail < most ? mail
	                                                                                                        : most;
}

/* Help and who is called back for it ring everywhere at once. */
static bool rings_in_turn(const struct call *c)
{
	return c->dest.kind == DEST_GROUP && settings_of_group(c->dest.index)->strategy == STRATEGY_IN_TURN &&
	       !c->r.emergency && !callback_may_lead_to(c);
}

struct turn {
	struct call *call;
	uint32_t nth;
};

static bool ask_in_turn(uint32_t user, void *arg)
{
	struct turn *t = arg;

	if (t->nth++ < t->call->turns)
		return true;
	t->call->turns = (uint16_t)t->nth;
	ask_member(user, t->call);
	return t->call->targets == 0;
}

/* The next member with a phone that can ring. */
static bool ask_next(struct call *c)
{
	struct turn t = {.call = c};

	dial_each_callee(&c->dest, ask_in_turn, &t);
	if (c->targets == 0)
		return false;
	timer_set(&child_wheel, &c->ring, child_now() + ring_s(&c->dest) * UINT64_C(1000));
	return true;
}

void dial_ask_all(struct call *c)
{
	c->turns = 0;
	timer_set(
	    &child_wheel, &c->ring, child_now() + (c->r.emergency ? HELP_RING_S : ring_s(&c->dest)) * UINT64_C(1000));
	if (c->dest.kind == DEST_USER) {
		if (forward_before(c, c->dest.index) == FORWARD_NOT)
			ask_user(c->dest.index, c);
	} else if (rings_in_turn(c)) {
		(void)ask_next(c);
	} else if (c->dest.kind == DEST_GROUP) {
		dial_each_callee(&c->dest, ask_member, c);
	} else {
		outside_ask(c);
	}
	ask_who_needed_help(c);
}

static bool find_ringable(uint32_t user, void *arg)
{
	const struct registration *to[REGISTRAR_TARGETS_MAX];
	const struct leg **caller = arg;
	int n = registrar_targets(user, to);

	while (*caller && n > 0)
		if (!dial_is_caller(*caller, to[--n])) {
			*caller = NULL;
			return false;
		}
	return true;
}

bool dial_can_ring(const struct call *c)
{
	const struct leg *caller = leg_get(c->r.caller);
	bool there = caller != NULL;

	dial_each_callee(&c->dest, find_ringable, &caller);
	return there && !caller;
}

struct wanted {
	uint32_t user;
	bool found;
};

static bool find_user(uint32_t user, void *arg)
{
	struct wanted *w = arg;

	w->found = user == w->user;
	return !w->found;
}

bool dial_wants(const struct call *c, uint32_t user)
{
	struct wanted w = {.user = user};

	dial_each_callee(&c->dest, find_user, &w);
	return w.found;
}

static bool find_absent(uint32_t user, void *arg)
{
	bool *worth = arg;

	*worth = registrar_worth_waiting(user);
	return !*worth;
}

void dial_nobody(struct call *c)
{
	bool worth = false;

	if (!c->best)
		dial_each_callee(&c->dest, find_absent, &worth);
	if (worth) {
		call_event(c, CALL_ABSENT, NULL);
		return;
	}
	if (!c->best)
		c->best = REFUSE_OFFLINE;
	dial_over(c, CALL_REFUSED);
}

/* A call for help that reached nobody who could say no. */
static bool is_help_lost(const struct call *c)
{
	return c->r.emergency &&
	       (c->dest.kind == DEST_OUTSIDE ||
		   (c->best != REFUSE_BUSY && c->best != REFUSE_DECLINED && c->best != REFUSE_NO_ANSWER));
}

static const char *prompt_of(const struct call *c)
{
	static const char *const told[REFUSALS] = {
	    [REFUSE_NO_NUMBER] = "number-unknown",
	    [REFUSE_NOT_IN_SERVICE] = "not-in-service",
	    [REFUSE_NOT_ALLOWED] = "not-allowed",
	    [REFUSE_CEILING] = "ceiling-reached",
	    [REFUSE_BUSY] = "number-busy",
	    [REFUSE_DECLINED] = "call-declined",
	    [REFUSE_NO_ANSWER] = "no-answer",
	    [REFUSE_NO_LINE] = "busy-try-later",
	    [REFUSE_NO_PORT] = "busy-try-later",
	    [REFUSE_FULL] = "busy-try-later",
	};

	if (is_help_lost(c))
		return "emergency-no-line";
	return c->best < REFUSALS && told[c->best] ? told[c->best] : "not-reachable";
}

void dial_over(struct call *c, enum call_event event)
{
	/* of a trunk's own ceiling the call plan does not know before the trunk is asked */
	if (c->best == REFUSE_CEILING && forward_refused(c, c->best_text))
		return;
	if (c->dest.route == ROUTE_PARK && park_again(c))
		return;
	if (c->dest.kind == DEST_USER && forward_after(c, c->dest.index) == FORWARD_GONE)
		return;
	if (rings_in_turn(c)) {
		dial_stop(c, 0);
		if (ask_next(c))
			return;
	}
	if (c->dest.kind == DEST_GROUP && forward_group(c, c->dest.index) == FORWARD_GONE)
		return;
	if (forward_first(c))
		return;
	if (!(c->r.spoken || is_help_lost(c)) || !dialogue_can(c)) {
		call_event(c, event, NULL);
		return;
	}
	c->say = prompt_of(c);
	dial_stop(c, 0);
	timer_set(&child_wheel, &c->ring, child_now() + TELL_MS); /* whatever was left of the ringing */
	call_event(c, CALL_TOLD_WHY, NULL);
}

void dial_stop(struct call *c, uint64_t winner)
{
	for (uint8_t i = 0; i < c->targets; i++) {
		struct leg *l = c->target[i] != winner ? leg_get(c->target[i]) : NULL;
		if (l)
			leg_hang_up(l, REFUSE_NONE);
	}
	c->targets = 0;
}

void dial_stop_person(struct call *c, uint32_t person)
{
	for (uint8_t i = c->targets; i > 0; i--) {
		struct leg *l = leg_get(c->target[i - 1]);
		if (!l || l->r.person != person)
			continue;
		c->target[i - 1] = c->target[--c->targets];
		leg_hang_up(l, REFUSE_NONE);
	}
}

bool dial_strike(struct call *c, uint64_t leg)
{
	for (uint8_t i = 0; i < c->targets; i++)
		if (c->target[i] == leg) {
			c->target[i] = c->target[--c->targets];
			return true;
		}
	return false;
}

/* --- what they say --- */

struct heard_row {
	uint16_t code;
	enum refusal why;
	uint8_t rank; /* the higher one is told */
};

static const struct heard_row heard[] = {{603, REFUSE_DECLINED, 5}, {607, REFUSE_DECLINED, 5}, {600, REFUSE_BUSY, 5},
    {486, REFUSE_BUSY, 4}, {488, REFUSE_OFFER, 3}, {606, REFUSE_OFFER, 3}, {415, REFUSE_OFFER, 3},
    {480, REFUSE_NO_ANSWER, 2}, {408, REFUSE_NO_ANSWER, 2}, {487, REFUSE_NO_ANSWER, 2}};

/* Of a trunk, which knows the numbers outside; what a phone says of its own is a fault. */
static const struct heard_row heard_outside[] = {{404, REFUSE_NOT_IN_SERVICE, 3}, {410, REFUSE_NOT_IN_SERVICE, 3},
    {604, REFUSE_NOT_IN_SERVICE, 5}, {484, REFUSE_NO_NUMBER, 3}};

static const struct heard_row *row_of(const struct heard_row *row, size_t n, uint16_t code)
{
	for (size_t i = 0; i < n; i++)
		if (row[i].code == code)
			return &row[i];
	return NULL;
}

static enum refusal refusal_heard(const struct leg *from, uint8_t *rank)
{
	const uint16_t code = from->rejected;
	const struct heard_row *row = row_of(heard, sizeof heard / sizeof *heard, code);

	if (!row && from->r.trunk)
		row = row_of(heard_outside, sizeof heard_outside / sizeof *heard_outside, code);
	*rank = row ? row->rank : 1;
	if (row)
		return row->why;
	return code >= 300 && code < 400 ? REFUSE_REDIRECT : REFUSE_CALLEE_FAILED;
}

static uint8_t rank_of(enum refusal why)
{
	for (size_t i = 0; i < sizeof heard / sizeof *heard; i++)
		if (heard[i].why == why)
			return heard[i].rank;
	return why == REFUSE_NOT_IN_SERVICE ? 3 : why ? 1 : 0;
}

void dial_note(struct call *c, const struct leg *from)
{
	uint8_t rank;
	enum refusal why = refusal_heard(from, &rank);

	if (rank <= rank_of((enum refusal)c->best))
		return;
	c->best = (uint8_t)why;
	c->best_text = why == REFUSE_OFFER ? "the phones have no media key method or codec in common" : NULL;
}

void dial_status(struct proc_status *s)
{
	status_counter(s, "calls-left-some-out", partial);
}
