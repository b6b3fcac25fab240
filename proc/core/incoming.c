/* SPDX-License-Identifier: ISC */
#include "incoming.h"
#include "base/ratelimit.h"
#include "callback.h"
#include "dial.h"
#include "dialogue.h"
#include "ended.h"
#include "judge.h"
#include "last_caller.h"
#include "media.h"
#include "pace.h"
#include "plan/incoming.h"
#include "proof.h"
#include "session.h"
#include "settings.h"
#include "share.h"
#include "trunk.h"
#include "wire/sdp_offer.h"
#include <stdio.h>

enum { SLOW_MS = 4000, TOLD_MOST = 5, TOLD_AGAIN_MS = 60000 };

/* --- who calls --- */

/* The number that the trunk vouches for, or that the caller claims; false: none, or withheld. */
static bool caller_of(const struct request *r, struct number *out)
{
	struct span number = r->m->asserted ? REQUEST_STR(r, asserted_user) : REQUEST_STR(r, from_user);

	if (r->m->privacy || !trunk_canon(r->flow->trunk, number, out)) {
		*out = (struct number){0};
		return false;
	}
	return true;
}

/* An extension of ours, or an outside number that leads to one or that we show: nobody outside has it (T9). */
static bool claims_inside(const struct request *r, const struct number *caller)
{
	const struct site *s = child_site();
	char stripped[NUMBER_SPELLED_MAX + 1];
	struct span said = r->m->asserted ? REQUEST_STR(r, asserted_user) : REQUEST_STR(r, from_user);
	struct span who = span_str(caller->text); /* a withheld one is nobody's */

	for (int i = 0; i < s->inbounds; i++)
		if (trunk_is_number((uint8_t)(s->inbound[i].trunk + 1), span_str(s->inbound[i].number), who))
			return true;
	for (uint8_t i = 0; i < s->trunks; i++) /* what we show ourselves */
		for (int k = 0; k < s->trunk[i].callers; k++)
			if (trunk_is_number((uint8_t)(i + 1), span_str(s->trunk[i].caller[k]), who))
				return true;
	return number_strip(said, stripped) &&
	       (directory_find(span_str(stripped)) != NOBODY || directory_group(span_str(stripped)) != NOBODY);
}

bool incoming_listed(const char *list, const char *number)
{
	struct span all = span_str(list), item;

	while (setting_next(&all, &item))
		if (trunk_is_number(0, item, span_str(number)))
			return true;
	return false;
}

/* --- whom it may ring --- */

static bool is_from_outside(const struct call *c)
{
	return c->r.who == WHO_ANONYMOUS || c->r.who == WHO_UNVERIFIED || c->r.who == WHO_VERIFIED;
}

static struct incoming_answer ask_person(const struct call *c, uint32_t user)
{
	const struct user_settings *s = settings_of_user(user);
	const struct incoming_person p = {.expects = c->dest.route == ROUTE_PARK || callback_may_reach(c, user),
	    .blocks = incoming_listed(s->blocked, c->outside.text),
	    .rejects_anonymous = s->reject_anonymous};

	return plan_incoming_person(c->r.who != WHO_ANONYMOUS, &p);
}

bool incoming_may_ring(const struct call *c, uint32_t user)
{
	return !is_from_outside(c) || ask_person(c, user).policy == INCOMING_PASS;
}

void incoming_rings(const struct call *c, uint32_t user)
{
	if (is_from_outside(c))
		last_caller_note(user, c->outside.text);
}

struct callees {
	const struct call *call;
	struct incoming_answer no; /* of one who turns it away */
	bool takes, known;         /* one of them does not; one who does has it as a contact */
};

static bool ask_callee(uint32_t user, void *arg)
{
	struct callees *k = arg;
	const struct incoming_answer a = ask_person(k->call, user);

	if (a.policy != INCOMING_PASS) {
		k->no = a;
		return true;
	}
	k->takes = true;
	k->known = k->known || incoming_listed(settings_of_user(user)->known, k->call->outside.text);
	return true;
}

/* `no` stays where nobody takes it. */
static struct callees ask_callees(const struct call *c)
{
	struct callees k = {.call = c};

	dial_each_callee(&c->dest, ask_callee, &k);
	if (k.takes)
		k.no = (struct incoming_answer){.policy = INCOMING_PASS};
	return k;
}

/* --- what becomes of it --- */

static void refuse(struct call *c, enum refusal why, const char *text)
{
	c->best = (uint8_t)why;
	c->best_text = text;
	call_event(c, CALL_REFUSED, NULL);
}

static void pass(struct call *c)
{
	call_event(c, CALL_ALLOWED, NULL);
}

/* A machine that dials many numbers is held up by this, a person hardly. */
static void slow(struct call *c)
{
	struct leg *caller = leg_get(c->r.caller);

	if (caller)
		leg_ring(caller, 180);
	c->slowed = 1;
	timer_set(&child_wheel, &c->ring, child_now() + SLOW_MS);
}

/* Once in core's life for each trunk. */
static void tell_no_digits(uint8_t trunk)
{
	static uint32_t told; /* 1 << trunk */
	const struct trunk_conf *conf = trunk_conf_of(trunk);
	char text[REASON_MAX + 1];

	if (!conf || told >> trunk & 1)
		return;
	told |= 1u << trunk;
	snprintf(text, sizeof text,
	    "trunk %s offers no digits (telephone-event): its callers are held up rather than screened", conf->name);
	child_event(EVENT_TRUNK, SEVERITY_WARNING, 0, NOBODY, NULL, text);
}

/* Who can press no key is not asked to. */
static void screen(struct call *c)
{
	const struct leg *caller = leg_get(c->r.caller);
	enum dialogue_keys keys = caller ? dialogue_keys(caller) : KEYS_IN_RTP;

	if (keys != KEYS_IN_RTP)
		tell_no_digits(caller->r.trunk);
	if (keys == KEYS_NONE) {
		slow(c);
		return;
	}
	if (!dialogue_can(c)) {
		refuse(c, REFUSE_BUSY, "callers that nobody here knows are not put through this moment");
		return;
	}
	c->script = SCRIPT_SCREEN;
	call_event(c, CALL_ASKED, NULL);
}

static struct incoming_answer question(const struct call *c)
{
	uint32_t user = c->dest.kind == DEST_USER ? c->dest.index : NOBODY;
	const struct user_settings *s = settings_of_user(user);
	const struct callees k = ask_callees(c);
	struct incoming_question q = {.proof = c->proof,
	    .has_number = c->outside.text[0] != 0,
	    .claims_inside = c->claims_inside,
	    .callback = callback_may_lead_to(c),
	    .dialled_before = c->dialled_before,
	    .in_directory = k.known,
	    .turned_away = k.no.reason,
	    .caller = c->outside};
	static const uint8_t policy[SCREENS] = {[SCREEN_PASS] = INCOMING_PASS,
	    [SCREEN_SLOW] = INCOMING_SLOW,
	    [SCREEN_ASK] = INCOMING_SCREEN,
	    [SCREEN_REFUSE] = INCOMING_REFUSE};
	struct incoming_answer a = plan_incoming(&child_site()->plan, &q);

	/* a person may be stricter or looser than the site about those whom nobody knows, and about nobody else */
	if (a.reason == INCOMING_UNKNOWN && s->screen != SCREEN_SITE)
		a.policy = policy[s->screen];
	return a;
}

/* Who calls from outside, as often as a trunk lets them, does not push out what else was told. */
static bool may_tell(const struct call *c)
{
	static struct ratelimit told[SITE_TRUNKS_MAX + 1];
	const struct leg *caller = leg_get(c->r.caller);

	return ratelimit_take(&told[caller ? caller->r.trunk : 0], TOLD_MOST, TOLD_AGAIN_MS, child_now());
}

static void turn_away(struct call *c, const struct incoming_answer *a)
{
	const bool lies = a->reason == INCOMING_CLAIMS_INSIDE;
	const char *say = a->reason == INCOMING_REJECTS_ANONYMOUS ? "anonymous-refused"
	                  : c->r.spoken                           ? "call-declined"
	                                                          : NULL;

	if (!lies || may_tell(c))
		child_event(EVENT_CALL_REFUSED, lies ? SEVERITY_ALARM : SEVERITY_INFO, 0, NOBODY, NULL, a->text);
	if (!say || !dialogue_can(c)) {
		refuse(c, lies ? REFUSE_NOT_ALLOWED : REFUSE_DECLINED, a->text);
		return;
	}
	c->best = REFUSE_DECLINED;
	c->best_text = a->text;
	c->say = say;
	call_event(c, CALL_TOLD_WHY, NULL);
}

void incoming_judge(struct call *c)
{
	static void (*const by_policy[INCOMING_POLICIES])(struct call *) = {
	    [INCOMING_PASS] = pass, [INCOMING_SLOW] = slow, [INCOMING_SCREEN] = screen};
	const struct incoming_answer a = question(c);

	if (by_policy[a.policy])
		by_policy[a.policy](c);
	else
		turn_away(c, &a);
}

bool incoming_turned_away(struct call *c)
{
	if (!is_from_outside(c))
		return false;
	const struct incoming_answer no = ask_callees(c).no;
	if (no.policy == INCOMING_PASS)
		return false;
	turn_away(c, &no);
	return true;
}

/* --- a new one --- */

/* A wrong one is told to the operator, whose policy decides about the call. */
void incoming_proved(struct call *c, uint8_t proof, const char *why)
{
	static const char *const shown[PROOFS] = {[PROOF_NONE] = "outside, unverified",
	    [PROOF_VERIFIED] = "outside, verified",
	    [PROOF_FAILED] = "outside, signature wrong"};

	c->proof = proof;
	if (proof == PROOF_FAILED && may_tell(c))
		child_event(EVENT_IMPERSONATION, SEVERITY_WARNING, 0, NOBODY, NULL, why);
	c->r.who = incoming_who(c->outside.text[0] != 0, proof);
	c->shown = c->r.who == WHO_ANONYMOUS ? "outside, number withheld" : shown[proof];
}

static const char *map_in(uint8_t trunk, struct span spelled, struct number *called)
{
	if (!trunk_canon(trunk, spelled, called))
		span_cstr(span_head(spelled, NUMBER_MAX), called->text, sizeof called->text);
	return trunk_map_in(trunk, span_str(called->text));
}

static const char *map_stated(const struct request *r, struct number *called)
{
	const struct span stated = REQUEST_STR(r, called_user);
	struct number n = {0};
	const char *extension = stated.n ? map_in(r->flow->trunk, stated, &n) : NULL;

	if (extension)
		*called = n;
	return extension;
}

/* A registrar calls whoever registered at the Contact that it was given (RFC 3261 16.5), whose user is that of the trunk: who was called
 * says P-Called-Party-ID, which is the Request-URI from before that (RFC 7315 5.2), or else To, which is what somebody dialled once. */
static const char *map_called(const struct request *r, struct number *called)
{
	const uint8_t trunk = r->flow->trunk;
	const struct span target = REQUEST_STR(r, target_user);
	const char *extension = NULL;

	if (trunk_is_user(trunk, target)) {
		extension = map_stated(r, called);
		if (!extension)
			extension = map_in(trunk, REQUEST_STR(r, to_user), called);
	}
	if (!extension)
		extension = map_in(trunk, target, called);
	return extension ? extension : map_stated(r, called);
}

static enum refusal find(struct request *r, struct dest *to, struct number *called)
{
	const char *extension = map_called(r, called);

	if (!extension || !route_find(span_str(extension), SPAN(""), to) ||
	    (to->kind != DEST_USER && to->kind != DEST_GROUP))
		return REFUSE_NO_NUMBER;
	to->route = ROUTE_FRESH;
	return REFUSE_NONE;
}

/* Who helps calls back beyond the lines, and as fast as callback_claim() lets them. False: the provider is told busy, on which it gives up
 * neither on us nor on its caller. The log has such a call as any other that nobody took, but of a flood no row each. */
static bool take_line(struct call *c, const struct request *r, struct leg *caller)
{
	const bool too_fast = !c->calls_back && !pace_allows(r->flow);

	c->r.help = c->calls_back ? HELP_BACK : 0;
	caller->r.line = !too_fast && trunk_line_take(r->flow->trunk, c->calls_back);
	if (c->calls_back && trunk_is_over(r->flow->trunk))
		callback_note_line(r->flow);
	if (caller->r.line)
		return true;
	share_tell(r->flow, NOBODY,
	    too_fast ? "calls over a trunk: they come too fast" : "calls over a trunk: all its lines are taken");
	if (!too_fast)
		call_write_record(c);
	leg_refuse(caller, REFUSE_BUSY, "all lines are taken");
	return false;
}

static void begin(struct call *c, struct request *r, const struct sdp *offer, const struct dest *to, const char *called)
{
	struct leg *caller = leg_new_in(r, c->r.id);

	if (!caller || !session_asked(caller, r->m)) {
		if (caller)
			leg_refuse(caller, REFUSE_INTERVAL, NULL);
		else
			reply_refuse(r->reply, r->m->contact.len ? REFUSE_FULL : REFUSE_TOO_LONG);
		call_drop(c);
		return;
	}
	if (offer)
		leg_set_remote(caller, offer);
	else /* our 200 makes one (RFC 3261 13.2.1) */
		caller->r.ends = caller->r.clear ? RELAY_ENDED_CLEAR : RELAY_ENDED_SDES;
	bool known = caller_of(r, &c->outside);
	c->claims_inside = claims_inside(r, &c->outside);
	(void)leg_set_text(caller, LEG_REMOTE_USER, known ? span_str(c->outside.text) : SPAN("anonymous"));
	call_is_of(c, caller, to);
	callback_look(c, span_str(called));
	if (!take_line(c, r, caller)) {
		call_drop(c);
		return;
	}
	c->incoming = 1;
	proof_begin(c, r, called);
	judge_call(c);
}

void incoming_on_invite(struct request *r)
{
	const struct sdp *offer = ipc_part(r->v, r->m->sdp);
	struct dest to = {0};
	struct number called;
	enum refusal why = find(r, &to, &called);

	if (!why && !media_ready())
		why = REFUSE_NO_MEDIA;
	if (why) {
		reply_refuse(r->reply, why);
		return;
	}
	const bool clear = trunk_conf_of(r->flow->trunk)->media == TRUNK_RTP;
	const char *bad = offer ? ended_check_offer(r->flow->trunk, clear, offer) : NULL;
	if (bad) {
		reply_refuse_because(r->reply, REFUSE_OFFER, bad);
		return;
	}
	const enum pool_claim claim = callback_claim(r->flow, span_str(called.text), &to);
	struct call *c = call_new(NOBODY, claim, &why); /* of these a trunk has its lines */
	if (!c) {
		reply_refuse(r->reply, why);
		return;
	}
	begin(c, r, offer, &to, called.text);
}
