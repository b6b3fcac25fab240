/* SPDX-License-Identifier: ISC */
#include "outside.h"
#include "callback.h"
#include "dial.h"
#include "emergency.h"
#include "help_share.h"
#include "insist.h"
#include "join.h"
#include "judge.h"
#include "pin.h"
#include "settings.h"
#include "trunk.h"

/* One talk of another gives way to a call for help where every line is taken (R16). */
struct victim {
	uint32_t of; /* 1 << trunk: whose lines would help */
	struct call *call;
	uint8_t trunk;
	bool back, rings; /* back: for help; and nobody has answered it */
	uint64_t since_ms;
};

static uint8_t helpful_line(uint64_t leg)
{
	const struct leg *l = leg_get(leg);

	return l && l->r.line && trunk_may_help(l->r.trunk) ? l->r.trunk : 0;
}

/* The line of one of them that a call for help could have: of who calls, who talks or who is asked. */
static uint8_t helpful_line_of(const struct call *c)
{
	uint8_t trunk = helpful_line(c->r.caller);

	if (!trunk)
		trunk = helpful_line(c->r.callee);
	for (uint8_t i = 0; !trunk && i < c->targets; i++)
		trunk = helpful_line(c->target[i]);
	return trunk;
}

static bool goes_before(const struct victim *a, const struct victim *b)
{
	if (a->back != b->back)
		return b->back;
	return a->rings == b->rings ? a->since_ms > b->since_ms : a->rings;
}

/* Somebody who came in talks to who called for help, though it was not counted among those who call back: too many did. */
static bool may_be_the_centre(const struct call *c)
{
	return c->r.answered_ms && helpful_line(c->r.caller) && callback_may_lead_to(c);
}

/* One that nobody has answered goes before a talk, and the younger before the older. Help stays, also given on, and so does who calls back
 * for it; but where that alone holds the lines, one that only rings gives way too: anyone could be calling that number. */
static void find_victim(struct call *c, void *arg)
{
	const bool rings = !c->r.answered_ms, back = c->calls_back && rings;
	struct victim *v = arg, this = {v->of, c, helpful_line_of(c), back, rings, c->r.started_ms};

	if (c->r.emergency || (c->r.help && !back) || may_be_the_centre(c) || !this.trunk || !(v->of >> this.trunk & 1))
		return;
	if (!v->call || goes_before(&this, v))
		*v = this;
}

/* Of a phone that has more calls for help than the one whose call finds no line. */
static bool has_line_of(const struct call *c, void *arg)
{
	struct victim *v = arg;
	const uint8_t trunk = helpful_line_of(c);

	return trunk && v->of >> trunk & 1;
}

static void find_surplus(const struct call *c, struct victim *v)
{
	const struct leg *caller = leg_get(c->r.caller);

	v->call = caller ? help_surplus(caller->r.device, true, has_line_of, v) : NULL;
	v->trunk = v->call ? helpful_line_of(v->call) : 0;
}

/* The trunk whose line the victim had, one of these; it may have been asked before, and said that it has none. One victim for a call. */
static uint8_t preempt(struct call *c, uint32_t of)
{
	struct victim v = {.of = of};

	if (c->preempted || emergency_is_test(c))
		return 0;
	if (help_is_first(c))
		call_each(find_victim, &v);
	const bool talk = v.call != NULL;
	if (!talk)
		find_surplus(c, &v);
	if (!v.call)
		return 0;
	c->preempted = v.trunk;
	c->preempted_ms = child_now();
	if (talk)
		call_fail(v.call, REFUSE_PREEMPTED, NULL);
	else
		help_end_surplus(v.call);
	return v.trunk;
}

static uint8_t pick(struct call *c)
{
	uint8_t trunk = trunk_pick((enum number_class)c->dest.number.class, c->r.emergency, c->trunks_tried);

	if (trunk || !c->r.emergency)
		return trunk;
	trunk_hurry();
	return c->targets > 0 ? 0 : preempt(c, UINT32_MAX); /* nobody gives way for help that may be answered yet */
}

/* The caller's own number where the trunk may show it; else the trunk's. Who asks for privacy shows none (RFC 3323 4.2), unless it is for
 * help, whose centre must know whom to call back. */
static struct span shown(const struct call *c, uint8_t trunk)
{
	if (c->withheld && !c->r.emergency)
		return SPAN("");
	const char *id = trunk_caller_id(trunk, span_str(settings_of_user(c->dest.payer)->outside_number));

	return span_str(id ? id : "");
}

/* What the number counts as; over a second trunk, after the first one failed, it is no second number and no second call. */
static enum ceiling_novelty novelty(const struct call *c)
{
	return c->r.ceiling.begun ? CEILING_AGAIN : ceiling_novelty_of(&c->dest.number, c->dialled_before);
}

/* Is there room on the accounts, that of the trunk too, which was not known when the call was judged? (R17) */
static struct ceiling_state room_for(const struct call *c, uint8_t trunk)
{
	struct permit_case question;

	judge_case(c, &c->dest, &question);
	question.trunk = trunk;
	const struct account_of of = permit_account(&question);
	if (c->r.emergency)
		return (struct ceiling_state){0};
	return account_may(&of, plan_rate_of(&child_site()->plan, &c->dest.number), novelty(c));
}

static void charge(struct call *c, uint8_t trunk)
{
	struct permit_case question;

	judge_case(c, &c->dest, &question);
	question.trunk = trunk;
	const enum ceiling_novelty counts = novelty(c);
	account_end(&c->r.ceiling, &c->r.account);
	if (c->r.emergency)
		return;
	c->r.account = permit_account(&question);
	account_begin(&c->r.ceiling, &c->r.account, plan_rate_of(&child_site()->plan, &c->dest.number), counts);
	/* From now on it is not asked for again, nor new: not before, or who has a call fail makes a number known that was never counted. */
	if ((counts == CEILING_NEW || counts == CEILING_NEW_ABROAD) && (c->pin_given || !child_site()->plan.pin))
		pin_note_dialled(c->dest.payer, span_str(c->dest.number.text));
}

/* Before any trunk was asked; what those say is no event. */
static void tell_no_line(const struct call *c, const struct leg *caller)
{
	if (c->best == REFUSE_NO_LINE && !c->trunks_tried)
		child_event(EVENT_CALL_REFUSED, SEVERITY_INFO, caller->r.device, caller->r.person, &caller->r.seen,
		    refusal_row(REFUSE_NO_LINE)->text);
}

/* The number that this trunk is asked for: help may have another one here than was dialled. */
static struct span wanted(const struct call *c, uint8_t trunk)
{
	const char *dialled = c->dest.number.text;
	const char *help =
	    c->r.emergency ? number_help_sent(&child_site()->plan, dialled, c->unknown_to >> trunk & 1) : NULL;

	return span_str(help ? help : dialled);
}

void outside_ask(struct call *c)
{
	struct leg *caller = leg_get(c->r.caller), *l = NULL;
	struct ceiling_state dear = {0};

	if (!join_can_answer(caller)) {
		c->best = REFUSE_OFFER;
		c->best_text = "a call to the outside ends in the exchange: offer SDES or DTLS beside ZRTP";
		return;
	}
	for (uint8_t trunk; !l && (trunk = pick(c)) != 0;) {
		c->trunks_tried |= 1u << trunk;
		const struct ceiling_state room = room_for(c, trunk);
		if (room.full) {
			dear = room;
			continue;
		}
		l = leg_new_trunk(trunk, c->r.id, c->r.emergency, shown(c, trunk), wanted(c, trunk));
	}
	if (!l) {
		const enum plan_reason full = dear.full ? (enum plan_reason)(REASON_MONEY + dear.kind) : REASON_NONE;
		if (full)
			insist_note(caller, c->dest.payer, full);
		c->best = c->r.emergency ? REFUSE_NO_EMERGENCY : full ? REFUSE_CEILING : REFUSE_NO_LINE;
		c->best_text = full ? plan_reason_text(full) : NULL;
		tell_no_line(c, caller);
		return;
	}
	charge(c, l->r.trunk);
	dial_offer(c, caller, l);
	if (c->r.emergency) {
		c->help_rings = 0;
		c->asked_ms = child_now();
		timer_set(&child_wheel, &c->ring, child_now() + HELP_MUTE_MS);
	}
}

static bool is_heard_of(const struct call *c)
{
	for (uint8_t i = 0; i < c->targets; i++) {
		const struct leg *l = leg_get(c->target[i]);
		if (l && l->r.state == LEG_OUT_EARLY)
			return true;
	}
	return false;
}

/* A line that was freed may not be free yet at the gateway, and a trunk may be away for a moment. */
bool outside_may_soon(struct call *c)
{
	if (!c->r.emergency || c->dest.kind != DEST_OUTSIDE || c->targets > 0)
		return false;
	const bool comes = trunk_may_come(c->trunks_tried);
	if (comes && !c->hoped_ms)
		c->hoped_ms = child_now();
	if (!(comes && child_now() < c->hoped_ms + HELP_COMES_MS) &&
	    !(c->preempted && child_now() < c->preempted_ms + HELP_FREED_MS))
		return false;
	timer_set(&child_wheel, &c->ring, child_now() + HELP_AGAIN_MS);
	return true;
}

static bool is_asked(const struct call *c, uint8_t trunk)
{
	for (uint8_t i = 0; i < c->targets; i++) {
		const struct leg *l = leg_get(c->target[i]);
		if (l && l->r.trunk == trunk)
			return true;
	}
	return false;
}

/* Trunks that said no to this call for help, and such as have no line for it by our own count. */
static uint32_t busy_ones(const struct call *c)
{
	uint32_t busy = 0;

	for (uint8_t trunk = 1; trunk <= child_site()->trunks; trunk++)
		if (c->trunks_tried >> trunk & 1 && (!is_asked(c, trunk) || trunk_is_over(trunk)))
			busy |= 1u << trunk;
	return busy;
}

/* All that are asked are mute: a talk gives way after all, and its trunk, if it had said no, is asked again until its line is free. */
static void free_a_line(struct call *c)
{
	if (child_now() >= c->asked_ms + HELP_MUTE_MS)
		(void)preempt(c, busy_ones(c));
	if (c->preempted && !is_asked(c, c->preempted) && child_now() < c->preempted_ms + HELP_FREED_MS)
		c->trunks_tried &= ~(1u << c->preempted);
}

static void ask_or_end(struct call *c)
{
	outside_ask(c);
	if (c->targets == 0 && !outside_may_soon(c))
		dial_over(c, CALL_REFUSED);
}

/* Nobody has said more than 100, and there is no other to be asked. One may ring all the same, so it is given time; then, once, all are
 * asked anew. False: nobody will say anything. */
static bool waits_on_mute_ones(struct call *c)
{
	if (child_now() < c->asked_ms + HELP_ROUND_MS) {
		free_a_line(c);
		timer_set(&child_wheel, &c->ring, child_now() + HELP_AGAIN_MS);
		return true;
	}
	if (++c->help_rounds == HELP_ROUNDS)
		return false;
	child_event(EVENT_EMERGENCY, SEVERITY_ALARM, 0, NOBODY, NULL,
	    "no trunk says anything of a call for help: each is asked again");
	dial_stop(c, 0);
	c->trunks_tried = 0;
	ask_or_end(c);
	return true;
}

bool outside_waits_on(struct call *c)
{
	if (!c->r.emergency || c->dest.kind != DEST_OUTSIDE)
		return false;
	if (c->targets == 0 && (c->preempted || c->hoped_ms)) {
		if (c->preempted)
			c->trunks_tried &= ~(1u << c->preempted);
		ask_or_end(c);
		return true;
	}
	if (c->help_rings)
		return false;
	const bool heard = is_heard_of(c);
	if (!heard && c->targets < CALL_TARGETS_MAX &&
	    trunk_pick((enum number_class)c->dest.number.class, true, c->trunks_tried)) {
		outside_ask(c);
		return true;
	}
	if (!heard)
		return waits_on_mute_ones(c);
	c->help_rings = 1;
	timer_set(&child_wheel, &c->ring, child_now() + HELP_RING_S * UINT64_C(1000));
	return true;
}

/* Who knows no multipart, or fails at its size, may say so in any of these words (RFC 3261 21.4). */
static bool is_for_its_place(const struct call *c, const struct leg *l)
{
	static const uint16_t words[] = {400, 406, 413, 415, 420, 488, 500, 501, 513, 606};

	if (!c->r.emergency || (call_place(l).n == 0 && !call_place_said(l)))
		return false;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (words[i] == l->rejected)
			return true;
	return false;
}

/* It knows not that number for help, and there is another to ask it for. */
static bool is_for_its_number(const struct call *c, const struct leg *l)
{
	const uint16_t code = l->rejected;

	return c->r.emergency && (code == 404 || code == 410 || code == 484 || code == 604) &&
	       !(c->unknown_to >> l->r.trunk & 1) && number_help_sent(&child_site()->plan, c->dest.number.text, true);
}

/* Where help rings already, whoever answers would be called twice. */
static bool ask_next(struct call *c)
{
	const bool heard = is_heard_of(c);

	if (!(c->r.emergency && heard))
		outside_ask(c);
	if (c->r.emergency && !heard && c->targets > 0 && c->asked_ms != child_now()) {
		c->help_rings = 0; /* whoever rang said no, and the others are mute */
		timer_set(&child_wheel, &c->ring, child_now() + HELP_AGAIN_MS);
	}
	return c->targets > 0 || outside_may_soon(c);
}

bool outside_unfit(struct call *c, struct leg *l)
{
	if (c->r.emergency)
		child_event(EVENT_EMERGENCY, SEVERITY_ALARM, 0, NOBODY, &l->r.seen,
		    "a trunk answered a call for help with media that can't be used: another is asked, if there is one");
	return ask_next(c);
}

bool outside_again(struct call *c, struct leg *l, bool was_heard)
{
	/* a gateway may say of its own lines what it would say of a number; for help every other is asked */
	bool trunks_fault = c->r.emergency || l->rejected == 408 || (l->rejected >= 500 && l->rejected < 600) ||
	                    l->rejected == 401 || l->rejected == 403 || l->rejected == 407;

	if (!trunks_fault || c->r.state == PHASE_TALKING || (was_heard && !c->r.emergency))
		return false;
	if (is_for_its_number(c, l)) {
		c->unknown_to |= 1u << l->r.trunk;
		c->trunks_tried &= ~(1u << l->r.trunk);
		child_event(EVENT_EMERGENCY, SEVERITY_ALARM, 0, NOBODY, NULL,
		    "a trunk does not know the number for help that it was asked for: it is asked for another");
	}
	if (is_for_its_place(c, l)) {
		c->placeless |= 1u << l->r.trunk;
		c->trunks_tried &= ~(1u << l->r.trunk);
		child_event(EVENT_EMERGENCY, SEVERITY_ALARM, 0, NOBODY, NULL,
		    l->rejected == 513
			? "with its place a call for help is too large for the trunk, or for the way there: it goes on without"
			: "the trunk takes no call for help with its place: it goes on without");
	}
	return ask_next(c);
}
