/* SPDX-License-Identifier: ISC */
#include "park.h"
#include "await.h"
#include "dial.h"
#include "dialogue.h"
#include "emergency.h"
#include "join.h"
#include "late.h"
#include "mail.h"
#include "permit.h"
#include "refer.h"
#include "settings.h"
#include "share.h"
#include <stdio.h>

/* It waits so long before it rings whoever parked it again, so often: a quarter of an hour with the ringing. LEAST: of the places one phone
 * may have so many, or an eighth, but never over half (share.h). */
enum { AGAIN_S = 30, AGAIN_MAX = 15, LEAST = 8 };

/* Twice, and the phone is not hung up on while its last word is on the way. */
#define SAY_PLACE "parked-at digits:%02d silence:600 digits:%02d silence:300"

/* Who waits there is looked up again by id: a place whose call is gone, or went on, is free. */
struct place {
	uint64_t call;       /* that waits */
	uint64_t transfer;   /* the phone that is on its way here */
	uint64_t asker;      /* the call of whoever parks, to be told */
	uint32_t by, device; /* whoever parks, and at which phone */
	char say[sizeof SAY_PLACE];
};

static struct place place[PARK_PLACES_MAX];

void park_init(void)
{
	for (int i = 0; i < PARK_PLACES_MAX; i++)
		snprintf(place[i].say, sizeof place[i].say, SAY_PLACE, (PARK_FIRST + i) % 100, (PARK_FIRST + i) % 100);
}

static struct place *place_of(const struct call *c)
{
	for (int i = 0; i < PARK_PLACES_MAX; i++)
		if (place[i].call == c->r.id || (c->transfer && place[i].transfer == c->transfer))
			return &place[i];
	return NULL;
}

static struct call *waiting_at(const struct place *p)
{
	struct call *c = p->call ? call_get(p->call) : NULL;

	return c && c->r.state == PHASE_WAITING && c->dest.kind == DEST_PARK ? c : NULL;
}

static bool is_free(const struct place *p)
{
	return !waiting_at(p) && !(p->transfer && refer_get(p->transfer));
}

static struct place *free_place(void)
{
	for (uint32_t i = 0; i < child_site()->park_places; i++)
		if (is_free(&place[i]))
			return &place[i];
	return NULL;
}

/* Those of one phone or of one person, who may have several, or several of whom sit at one: what waits, what rings them again meanwhile, and
 * who is on the way. */
struct count {
	uint32_t by, device, n;
};

static void count_one(struct call *c, void *arg)
{
	struct count *n = arg;
	const bool back = c->r.state < PHASE_TALKING && c->dest.route == ROUTE_PARK;

	n->n += back && (c->dest.payer == n->by || c->park_device == n->device + 1);
}

static bool has_share(const struct leg *asker)
{
	struct count n = {.by = asker->r.person, .device = asker->r.device};

	call_each(count_one, &n);
	for (int i = 0; i < PARK_PLACES_MAX; i++)
		n.n += place[i].transfer && refer_get(place[i].transfer) &&
		       (place[i].by == n.by || place[i].device == n.device);
	return n.n >= share_most(child_site()->park_places, LEAST);
}

static void tell(struct call *c, const char *say)
{
	c->say = say;
	call_event(c, CALL_TOLD_WHY, NULL);
}

/* If they still listen. */
static void tell_asker(struct place *p, const char *say)
{
	struct call *c = call_get(p->asker);

	p->asker = 0;
	if (c && c->r.state == PHASE_LOOKING)
		tell(c, say);
}

/* May this party be led to that number of ours, on the account of whoever parked it? */
static bool may_lead(const struct call *c, const struct leg *party, uint32_t payer, const struct number *number)
{
	const struct permit_case q = {.who = refer_who(c, party),
	    .route = ROUTE_PARK,
	    .user = party->r.person,
	    .device = party->r.device,
	    .payer = payer,
	    .at = &party->r.seen,
	    .helped = emergency_is_of(c, party),
	    .number = *number};

	return permit(&q).verdict == PLAN_ALLOW;
}

/* --- to park --- */

struct search {
	const struct leg *asker;
	struct call *found;
	struct leg *mine;
};

static struct leg *leg_of_line(const struct call *c, const struct leg *asker)
{
	struct leg *l[2] = {leg_get(c->r.caller), leg_get(c->r.callee)};

	for (int i = 0; i < 2; i++)
		if (l[i] && !l[i]->r.trunk && l[i]->r.user == asker->r.user && l[i]->r.device == asker->r.device)
			return l[i];
	return NULL;
}

/* The newest talk of the same line. */
static void find_talk(struct call *c, void *arg)
{
	struct search *s = arg;
	struct leg *mine = c->r.state == PHASE_TALKING ? leg_of_line(c, s->asker) : NULL;

	if (mine && c->r.emergency && mine->r.id == c->r.caller) /* nobody parks who helps them; who helps may */
		return;
	if (!mine || (s->found && s->found->r.answered_ms > c->r.answered_ms))
		return;
	s->found = c;
	s->mine = mine;
}

static bool can_move(const struct leg *mine, const struct leg *party)
{
	return party && mine->r.state == LEG_UP && party->r.state == LEG_UP && !refer_is_of(mine);
}

static void send_party(struct place *p, struct leg *mine, struct leg *party, const struct dest *to)
{
	p->transfer = refer_to_park(mine, party, to);
	if (!p->transfer)
		tell_asker(p, "park-refused");
}

static void keep_party(struct place *p, struct call *held, struct leg *mine, struct leg *party, const struct dest *to)
{
	uint64_t id = mine->r.id;

	p->call = held->r.id;
	held->park_rounds = 0;
	refer_go_on(held, party, to);
	if ((mine = leg_get(id)))
		leg_hang_up(mine, REFUSE_NONE);
	tell_asker(p, "park-refused"); /* unless they know the place already */
}

void park_begin(struct call *c, struct span argument)
{
	struct search s = {.asker = leg_get(c->r.caller)};
	struct place *p = free_place();
	struct dest to;
	char name[USER_NAME_MAX + 1];

	(void)argument;
	if (s.asker)
		call_each(find_talk, &s);
	struct leg *party = s.found ? call_other(s.found, s.mine) : NULL;
	if (!s.found || !can_move(s.mine, party) || !route_find(span_str(leg_name(s.asker, name)), SPAN(""), &to) ||
	    to.kind != DEST_USER || !may_lead(s.found, party, s.asker->r.person, &to.number)) {
		tell(c, "park-refused");
		return;
	}
	if (s.found->change.active) {
		if (!await_park(c, s.found))
			tell(c, "park-refused");
		return;
	}
	if (!p || has_share(s.asker)) {
		tell(c, "park-full");
		return;
	}
	to.kind = DEST_PARK;
	to.route = ROUTE_PARK;
	to.payer = p->by = s.asker->r.person;
	p->device = s.asker->r.device;
	p->asker = c->r.id;
	p->call = p->transfer = 0;
	if (party->r.ends == RELAY_PASSING || s.mine->r.ends == RELAY_PASSING)
		send_party(p, s.mine, party, &to);
	else
		keep_party(p, s.found, s.mine, party, &to);
}

void park_too_late(struct call *c)
{
	tell(c, "park-refused");
}

void park_failed(uint64_t transfer)
{
	for (int i = 0; i < PARK_PLACES_MAX; i++)
		if (place[i].transfer == transfer) {
			place[i].transfer = 0;
			tell_asker(&place[i], "park-refused");
		}
}

/* --- to wait --- */

void park_wait(struct call *c)
{
	struct leg *party = leg_get(c->r.caller);
	struct place *p = place_of(c);
	const char *why = !party || !p ? "there is no place for it" : c->r.spoken ? NULL : join_caller(c, party);

	if (why) {
		call_fail(c, REFUSE_OFFER, why);
		return;
	}
	if (c->park_rounds == 0)
		c->park_device = p->device + 1;
	p->call = c->r.id;
	p->transfer = 0;
	uint32_t wait_s = c->park_rounds && child_site()->park_s > AGAIN_S ? (uint32_t)AGAIN_S : child_site()->park_s;
	uint64_t until_ms = child_now() + wait_s * UINT64_C(1000);
	c->r.parked = (uint8_t)(p - place + 1);
	c->r.parked_by = p->by;
	c->r.parked_until_ms = until_ms;
	call_save(c);
	timer_set(&child_wheel, &c->ring, until_ms);
	if (c->keyed)
		dialogue_loop(c, party->r.side, "music");
	refer_answered(c);
	tell_asker(p, p->say);
}

bool park_adopted(struct call *c)
{
	const struct leg *party = leg_get(c->r.caller);
	struct place *p = &place[c->r.parked - 1];

	if (!party || p->call)
		return false;
	p->call = c->r.id;
	p->by = c->r.parked_by;
	c->dest = (struct dest){.kind = DEST_PARK, .route = ROUTE_PARK, .payer = p->by};
	timer_set(&child_wheel, &c->ring, c->r.parked_until_ms);
	dialogue_loop(c, party->r.side, "music");
	return true;
}

/* Somebody else's may have come to its place while it rang. */
bool park_again(struct call *c)
{
	struct place *p = place_of(c);
	struct dest to = c->dest;

	if (!p)
		p = free_place();
	if (!p || c->park_rounds == AGAIN_MAX)
		return mail_forward(c, c->dest.payer);
	c->park_rounds++;
	p->call = c->r.id;
	p->by = to.payer;
	to.kind = DEST_PARK;
	to.hops = 0;
	call_go_to(c, &to);
	return true;
}

void park_over(struct call *c)
{
	const struct user *by = directory_user(c->dest.payer);

	c->r.parked = 0;
	c->best = REFUSE_NONE;
	if (by && call_forward(c, span_str(by->name), c->dest.payer, ROUTE_PARK))
		return;
	c->best = REFUSE_NO_ANSWER;
	dial_over(c, CALL_TIME_OUT);
}

/* --- to take --- */

static struct place *place_named(struct span digits)
{
	bool two =
	    digits.n == 2 && digits.p[0] >= '1' && digits.p[0] <= '9' && digits.p[1] >= '0' && digits.p[1] <= '9';

	return two ? &place[(digits.p[0] - '0') * 10 + digits.p[1] - '0' - PARK_FIRST] : NULL;
}

/* Whoever parked it, and those of the same pickup group; everyone, where they are in none. */
static bool may_take(const struct place *p, uint32_t user)
{
	const char *group = settings_of_user(p->by)->pickup_group;

	return user == p->by || !group[0] || strcmp(settings_of_user(user)->pickup_group, group) == 0;
}

static void taken(struct call *parked, struct leg *l)
{
	char name[USER_NAME_MAX + 1];

	span_cstr(span_str(leg_name(l, name)), parked->r.to, sizeof parked->r.to);
	place[parked->r.parked - 1].call = 0;
	parked->r.parked = 0;
	call_event(parked, CALL_MET, NULL);
}

bool park_taken(struct call *parked, struct leg *l)
{
	if (!parked->r.parked)
		return false;
	join_late_stands(parked, l);
	taken(parked, l);
	return true;
}

void park_not_taken(struct call *parked, uint64_t leg, enum refusal why)
{
	(void)leg;
	(void)why;
	if (parked->r.parked) /* and not over */
		timer_set(&child_wheel, &parked->ring, parked->r.parked_until_ms);
}

void park_take(struct call *c, struct span argument)
{
	struct place *p = place_named(argument);
	struct call *parked = p ? waiting_at(p) : NULL;
	struct leg *l = leg_get(c->r.caller), *party = parked ? leg_get(parked->r.caller) : NULL;
	struct dest to;
	char name[USER_NAME_MAX + 1];

	if (!l || !party || parked->late || !may_take(p, l->r.person) ||
	    !route_find(span_str(leg_name(l, name)), SPAN(""), &to) || !may_lead(parked, party, p->by, &to.number)) {
		tell(c, "no-such-call");
		return;
	}
	const char *why = join_late(parked, party, l);
	if (why) {
		c->best = REFUSE_OFFER;
		c->best_text = why;
		call_event(c, CALL_REFUSED, NULL);
		return;
	}
	call_drop(c);
	if (leg_owes_answer(l)) {
		timer_cancel(&child_wheel, &parked->ring);
		late_begin(parked, l, LATE_OF_PARK);
		return;
	}
	join_late_stands(parked, l);
	join_late_answer(parked, l);
	taken(parked, l);
}

void park_status(struct proc_status *s)
{
	uint64_t n = 0;

	for (int i = 0; i < PARK_PLACES_MAX; i++)
		n += !is_free(&place[i]);
	status_add(s, "parked", STATUS_POOL, n, child_site()->park_places, 0, 0);
}
