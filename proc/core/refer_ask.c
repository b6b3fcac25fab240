/* SPDX-License-Identifier: ISC */
/* A phone's REFER: may it, and by which way. */
#include "await.h"
#include "emergency.h"
#include "insist.h"
#include "permit.h"
#include "refer.h"
#include "refer_give.h"
#include "refer_out.h"

void refer_promise(struct refer *t, struct leg *l, struct request *r)
{
	refer_send_accepted(l, r->reply);
	refer_send_notify(t, false);
}

static void refuse(struct leg *l, struct request *r, enum refusal why, const char *text)
{
	child_event(EVENT_CALL_REFUSED, SEVERITY_INFO, l->r.device, l->r.user, &l->r.seen, text);
	reply_refuse_because(r->reply, why, text);
}

static bool is_up(const struct leg *l)
{
	return l && l->r.state == LEG_UP;
}

uint8_t refer_who(const struct call *c, const struct leg *party)
{
	if (party->r.user != NOBODY)
		return WHO_USER;
	/* an outside party that was dialled from here vouches for nothing */
	return party->r.id == c->r.caller ? c->r.who : WHO_UNVERIFIED;
}

/* May this party be sent to that number, as far as can be said without keeper? Whether the number was ever dialled is asked
 * when the call begins, by the same function. */
static enum refusal judge(
    const struct call *c, const struct leg *l, const struct leg *party, const struct dest *to, const char **text)
{
	const struct flow *f = leg_flow(party);
	const struct permit_case q = {.who = refer_who(c, party),
	    .route = ROUTE_TRANSFER,
	    .user = party->r.person,
	    .device = party->r.device,
	    .payer = l->r.person,
	    .at = &party->r.seen,
	    .helped = emergency_is_of(c, party),
	    .expired = f && f->expired,
	    .number = to->number};
	const struct plan_answer a = permit(&q);

	*text = a.text;
	if (a.verdict == PLAN_ALLOW || a.reason == REASON_PIN_ABSENT || a.reason == REASON_DESTINATIONS ||
	    a.reason == REASON_ABROAD)
		return REFUSE_NONE;
	insist_note(l, l->r.person, (enum plan_reason)a.reason);
	return permit_refusal(&a);
}

static bool can_refer(const struct leg *l)
{
	return !l->r.trunk && l->r.allow >> SIP_REFER & 1;
}

#define NO_REFER "the other phone takes no REFER; ringfence phone set PHONE --join ended lets its calls be transferred"

void refer_name_party(struct refer *t, const struct leg *party)
{
	t->party[t->parties++] =
	    (struct refer_party){.leg = party->r.id, .user = party->r.user, .device = party->r.device};
}

static void send_by_phone(struct leg *l, struct leg *party, struct request *r)
{
	if (!can_refer(party)) {
		refuse(l, r, REFUSE_NOT_ALLOWED, NO_REFER);
		return;
	}
	struct refer *t = refer_new(l, r, REFER_BY_PHONE);
	if (!t)
		return;
	span_cstr(REQUEST_STR(r, refer_user), t->number, sizeof t->number);
	refer_name_party(t, party);
	refer_promise(t, l, r);
	timer_set(&child_wheel, &t->timer, child_now() + REFER_GOOD_MS);
	if (!refer_send_token(t, &t->party[0], party))
		refer_event(t, REFER_FAILS);
}

uint64_t refer_to_park(struct leg *l, struct leg *party, const struct dest *to)
{
	struct refer *t = can_refer(party) ? refer_new(l, NULL, REFER_TO_PARK) : NULL;

	if (!t) {
		child_event(EVENT_CALL_REFUSED, SEVERITY_INFO, l->r.device, l->r.person, &l->r.seen, NO_REFER);
		return 0;
	}
	span_cstr(span_str(to->number.text), t->number, sizeof t->number);
	refer_name_party(t, party);
	timer_set(&child_wheel, &t->timer, child_now() + REFER_PARK_MS);
	if (refer_send_token(t, &t->party[0], party))
		return t->id;
	refer_event(t, REFER_FAILS);
	return 0;
}

static void send_by_us(struct call *c, struct leg *l, struct leg *party, struct request *r, struct dest *to)
{
	/* a call has one account, and its outside line is paid for already */
	if (c->r.ceiling.begun && number_is_outside(&to->number)) {
		refuse(l, r, REFUSE_NOT_ALLOWED, "a call over an outside line is transferred to inside numbers only");
		return;
	}
	struct refer *t = refer_new(l, r, REFER_BY_US);
	if (!t)
		return;
	t->state = REFER_DIALLING;
	t->onward = c->r.id;
	c->transfer = t->id;
	refer_promise(t, l, r);
	refer_give_on(t, c, party, to);
}

static void blind(struct call *c, struct leg *l, struct leg *party, struct request *r)
{
	struct dest to;
	const char *text;

	if (r->m->refer_kind != REFER_USER) {
		refuse(l, r, REFUSE_NOT_ALLOWED, "a transfer leads to a number of this exchange");
		return;
	}
	if (!route_find(REQUEST_STR(r, refer_user), SPAN(""), &to)) {
		refuse(l, r, REFUSE_NO_NUMBER, refusal_row(REFUSE_NO_NUMBER)->text);
		return;
	}
	to.route = ROUTE_TRANSFER;
	to.payer = l->r.person;
	enum refusal why = judge(c, l, party, &to, &text);
	if (why)
		refuse(l, r, why, text);
	else if (party->r.ends != RELAY_PASSING && l->r.ends != RELAY_PASSING)
		send_by_us(c, l, party, r, &to);
	else
		send_by_phone(l, party, r);
}

/* --- attended --- */

/* The other dialog that its phone names, if it is this user's on this phone; a guess, and another's, are alike (T11). */
static struct leg *named_leg(const struct leg *l, const struct request *r)
{
	struct leg *other = leg_find(
	    REQUEST_STR(r, replaces_call_id), REQUEST_STR(r, replaces_to_tag), REQUEST_STR(r, replaces_from_tag));

	return other && other->r.id != l->r.id && other->r.device == l->r.device && other->r.user == l->r.user ? other
	                                                                                                       : NULL;
}

#define NO_MEETING \
	"a phone of the two takes no REFER and can't be put together with another; transfer to a number instead (phone set PHONE --join ended)"

static const char *cannot_meet(const struct leg *a, const struct leg *b)
{
	if (!is_up(a) || !is_up(b))
		return "the second call is not answered yet: transfer to its number instead";
	if (a->r.trunk && b->r.trunk)
		return "two outside lines are not put together";
	if (a->r.trunk || b->r.trunk)
		return can_refer(a->r.trunk ? b : a) ? NULL : NO_MEETING;
	return can_refer(a) && can_refer(b) ? NULL : NO_MEETING;
}

static void bring_together(struct leg *l, struct leg *second, struct leg *a, struct leg *b, struct request *r)
{
	struct refer *t = refer_new(l, r, REFER_TO_MEETING);

	if (!t)
		return;
	t->second_call = second->r.call;
	refer_name_party(t, a);
	refer_name_party(t, b);
	refer_promise(t, l, r);
	timer_set(&child_wheel, &t->timer, child_now() + REFER_MEETING_MS);
	if (!refer_send_token(t, &t->party[0], a) || !refer_send_token(t, &t->party[1], b))
		refer_event(t, REFER_FAILS);
}

/* Whom the other is led to, as the permission function is to see it: a phone's own number. Where one of them is outside it is led to the phone. */
static bool lead_of(const struct leg *a, const struct leg *b, struct dest *to)
{
	char name[USER_NAME_MAX + 1];

	return route_find(span_str(leg_name(b->r.trunk ? a : b, name)), SPAN(""), to);
}

static void attended(struct call *c, struct leg *l, struct leg *a, struct request *r)
{
	struct leg *second = named_leg(l, r), *b;
	struct call *c2 = second ? call_get(second->r.call) : NULL;
	const char *text;
	struct dest to;

	if (!second) {
		child_event(EVENT_FORGED_DIALOG, SEVERITY_ALARM, l->r.device, l->r.user, &l->r.seen,
		    "a transfer to a call that is not the phone's own");
		reply_refuse(r->reply, REFUSE_NO_DIALOG);
		return;
	}
	b = c2 && c2->r.state == PHASE_TALKING ? call_other(c2, second) : NULL;
	if ((text = cannot_meet(a, b))) {
		refuse(l, r, REFUSE_NOT_ALLOWED, text);
		return;
	}
	if (refer_is_of(second) || !lead_of(a, b, &to)) {
		reply_refuse(r->reply, REFUSE_PENDING);
		return;
	}
	enum refusal why = b->r.trunk ? judge(c2, second, b, &to, &text) : judge(c, l, a, &to, &text);
	if (why)
		refuse(l, r, why, text);
	else if (a->r.trunk)
		refer_out_begin(l, r, c, l, a, b);
	else if (b->r.trunk)
		refer_out_begin(l, r, c2, second, b, a);
	else
		bring_together(l, second, a, b, r);
}

bool refer_must_wait(const struct leg *l, const struct request *r)
{
	const struct leg *second = r->m->replaces_call_id.len ? named_leg(l, r) : NULL;

	return call_changes(l->r.call) || (second && call_changes(second->r.call));
}

void refer_on_refer(struct leg *l, struct request *r)
{
	struct call *c = call_get(l->r.call);
	struct leg *party = c ? call_other(c, l) : NULL;

	if (l->r.trunk || l->r.user == NOBODY)
		refuse(l, r, REFUSE_NOT_ALLOWED, "only a user who is logged in may transfer a call");
	else if (!c || c->r.state != PHASE_TALKING || !is_up(l) || !is_up(party) || refer_is_of(l))
		reply_refuse(r->reply, REFUSE_PENDING);
	else if (refer_must_wait(l, r)) {
		if (!await_refer(l, r))
			reply_refuse(r->reply, REFUSE_PENDING);
	} else if (r->m->replaces_call_id.len)
		attended(c, l, party, r);
	else
		blind(c, l, party, r);
}
