/* SPDX-License-Identifier: ISC */
#include "renegotiate.h"
#include "change_int.h"
#include "dial.h"
#include "ended.h"
#include "leg_send.h"
#include "media.h"
#include "session.h"
#include "wire/sdp_offer.h"

enum {
	EVENTS = 1 << SDP_TELEPHONE_EVENT,
	LAWS = 1 << SDP_PCMU | 1 << SDP_PCMA,
	GLARE_MS = 2500, /* RFC 3261 14.1 */
	RESTORES_MAX = 8,
	GLARES_MAX = 8,
};

static uint8_t speech(uint8_t codecs)
{
	return codecs & (uint8_t)~EVENTS;
}

/* Whoever has one law of G.711 hears the other. */
static uint8_t heard_of(uint8_t codecs)
{
	return codecs & LAWS ? codecs | LAWS : codecs;
}

static bool stands(const struct leg *l)
{
	return l && l->r.ends != RELAY_PASSING && l->r.has_local && l->r.has_remote;
}

/* NULL: it is alone, or with the exchange. */
static struct leg *partner(struct call *c, const struct leg *l)
{
	const bool talks = c->r.state == PHASE_TALKING && (l->r.id == c->r.caller || l->r.id == c->r.callee);
	struct leg *other = talks ? leg_get(l->r.id == c->r.caller ? c->r.callee : c->r.caller) : NULL;

	return stands(other) ? other : NULL;
}

bool renegotiate_is_beside(const struct call *c, const struct leg *l)
{
	return c->change.active && c->change.unasked && c->change.from_side == l->r.side;
}

/* Whatever it says to what it is asked this moment. */
static uint8_t agreed_by(const struct call *c, const struct leg *other)
{
	struct sdp asked;

	if (!c->change.active || !c->change.unasked || c->change.from_side == other->r.side)
		return ended_agreed(other);
	leg_next(other, &asked);
	return ended_agreed(other) & heard_of(ended_codecs(&asked));
}

uint8_t renegotiate_codecs(struct call *c, const struct leg *l)
{
	const struct leg *other = partner(c, l);
	struct sdp ours;

	leg_local(l, &ours);
	return other ? agreed_by(c, other) & dial_codecs(l) : ended_codecs(&ours);
}

bool renegotiate_is_due(struct call *c, const struct leg *l, const struct sdp *offer)
{
	const struct leg *other = partner(c, l);

	if (!other || other->silent)
		return false;
	const uint8_t has =
	    speech(agreed_by(c, other)); /* none: it is asked this moment for what it had not agreed to */
	return (has || c->change.active) && !(has & heard_of(ended_codecs(offer) & dial_codecs(l)));
}

static bool is_busy(const struct leg *l)
{
	return l->r.state != LEG_UP || l->refreshing || l->offers || timer_is_set(&l->repeat) || change_is_open(l);
}

bool renegotiate_may_ask(struct call *c, const struct leg *l)
{
	const struct leg *other = partner(c, l);

	return other && !c->change.active && !l->offers && !is_busy(other) && !other->restores;
}

static bool can_offer(const struct leg *l, uint8_t codecs, struct sdp *ours)
{
	return ended_offer_again(l, heard_of(codecs) & dial_codecs(l), ours);
}

static bool ask(struct call *c, struct leg *l, uint8_t codecs)
{
	struct sdp ours;

	if (!can_offer(l, codecs, &ours))
		return false;
	media_face(&ours, c, l, ours.audio.rtcp_mux);
	return change_pass_on(c, l, &ours);
}

/* With what the two have in common by now. */
static void answer_asker(struct call *c, struct leg *asker, enum refusal none)
{
	struct sdp offer, out;

	leg_next(asker, &offer);
	const char *why = ended_change(asker, &offer, renegotiate_codecs(c, asker), &out);
	if (why) {
		change_refused(c, asker);
		reply_refuse_because(c->change.reply, none, why);
		renegotiate_soon(c, GLARE_MS); /* what waited for this */
		return;
	}
	change_over(c);
	change_take_ended(c, asker, &offer, &out);
	session_start(asker);
	change_tell_asker(c, asker, &out);
	leg_save(asker);
}

void renegotiate(struct call *c, struct leg *l, const struct sdp *offer)
{
	struct leg *other = partner(c, l);

	leg_set_next(l, offer);
	c->change.active = true;
	if (!other || !ask(c, other, (ended_codecs(offer) & dial_codecs(l)) | EVENTS))
		answer_asker(c, l, REFUSE_GLARE);
}

/* Who may send what the other does not hear, and what it is to be asked for instead; not once more who says nothing to that, as long as
 * there is something that both have. */
static struct leg *too_wide(struct call *c, uint8_t *codecs)
{
	struct leg *a = leg_get(c->r.caller), *b = leg_get(c->r.callee);

	if (c->r.state != PHASE_TALKING || !stands(a) || !stands(b))
		return NULL;
	const uint8_t says_a = speech(ended_agreed(a)), says_b = speech(ended_agreed(b));
	const uint8_t common_a = says_a & heard_of(says_b), common_b = says_b & heard_of(says_a);
	if (!says_a || !says_b)
		return NULL;
	if (says_a != common_a && !(common_a ? a->silent : a->stays)) {
		*codecs = (common_a ? common_a : says_b) | EVENTS;
		return a;
	}
	if (says_b != common_b && !(common_b ? b->silent : b->stays)) {
		*codecs = (common_b ? common_b : says_a) | EVENTS;
		return b;
	}
	return NULL;
}

static bool hear_nothing(struct call *c)
{
	const struct leg *a = leg_get(c->r.caller), *b = leg_get(c->r.callee);

	return stands(a) && stands(b) && !(speech(ended_agreed(a)) & heard_of(speech(ended_agreed(b))));
}

/* Who named no speech, and is to be offered what stood. */
static struct leg *mute(struct call *c)
{
	struct leg *a = leg_get(c->r.caller), *b = leg_get(c->r.callee);

	if (c->r.state != PHASE_TALKING || !stands(a) || !stands(b))
		return NULL;
	return a->restores ? a : b->restores ? b : NULL;
}

void renegotiate_soon(struct call *c, uint32_t ms)
{
	uint8_t codecs;

	if (!c->change.active && (mute(c) || too_wide(c, &codecs)))
		timer_set(&child_wheel, &c->patience, child_now() + ms);
}

/* One is asked, and nobody waits for what it says. */
static void begin_beside(struct call *c, const struct leg *other)
{
	c->change = (struct change){.active = true,
	    .unasked = true,
	    .from_side = other->r.side,
	    .session_s = other->r.session_s,
	    .refresher_us = other->r.refresher_us};
}

/* Some say 200 to what they don't have, with events alone (baresip 1.0.0), and are mute by now: what stood is offered them once more. */
static void restore(struct call *c, struct leg *l, const struct leg *other)
{
	struct sdp stood;

	leg_local(l, &stood);
	media_face(&stood, c, l, stood.audio.rtcp_mux);
	begin_beside(c, other);
	l->restores++;
	if (!change_pass_on(c, l, &stood))
		call_fail_media(c, REFUSE_OFFER, sdp_refusal_text(SDP_NO_COMMON_CODEC));
}

/* One does not take what the other has: the other is asked before both are hung up on. */
static void stays(struct call *c, struct leg *l)
{
	uint8_t codecs;

	if (l)
		l->stays = 1;
	if (l && too_wide(c, &codecs))
		renegotiate_soon(c, 0);
	else
		call_fail_media(c, REFUSE_OFFER, sdp_refusal_text(SDP_NO_COMMON_CODEC));
}

void renegotiate_rest(struct call *c)
{
	uint8_t codecs = 0;
	struct sdp ours;
	struct leg *silenced = mute(c), *l = silenced ? silenced : too_wide(c, &codecs);
	struct leg *other = l ? partner(c, l) : NULL;

	if (!other)
		return;
	if (is_busy(l) || other->offers) {
		renegotiate_soon(c, GLARE_MS);
		return;
	}
	if (silenced) {
		restore(c, l, other);
		return;
	}
	if (hear_nothing(c) && !can_offer(l, codecs, &ours)) { /* Opus to one that never named it */
		stays(c, l);
		return;
	}
	begin_beside(c, other);
	if (ask(c, l, codecs))
		return;
	change_over(c);
	renegotiate_soon(c, GLARE_MS);
}

/* Who says 491 to all that we ask has no change of its own under way. */
static bool is_tried_again(struct leg *l)
{
	if (!l)
		return true;
	if (l->restores)
		return l->restores < RESTORES_MAX;
	return ++l->glares < GLARES_MAX;
}

static void refused(struct call *c, struct leg *asker, struct leg *l, enum refusal why)
{
	const bool unasked = c->change.unasked;

	change_unmark(c);
	if (!unasked && asker) {
		answer_asker(c, asker, why);
		return;
	}
	change_over(c);
	if (!unasked)
		return;
	if (why == REFUSE_GLARE && is_tried_again(l))
		renegotiate_soon(c, GLARE_MS);
	else if (l && l->restores) /* nor will it */
		call_fail_media(c, REFUSE_OFFER, sdp_refusal_text(SDP_NO_COMMON_CODEC));
	else if (hear_nothing(c))
		stays(c, l);
	else if (why == REFUSE_GLARE) /* as if it had said nothing: what both have stands */
		l->silent = 1;
}

static void without_speech(struct call *c, struct leg *l, struct leg *asker, const char *why)
{
	const bool unasked = c->change.unasked;

	if (!unasked)
		answer_asker(c, asker, REFUSE_OFFER);
	if (l->restores || (unasked && hear_nothing(c))) {
		call_fail_media(c, REFUSE_OFFER, why);
		return;
	}
	l->silent = l->silent || unasked;
	restore(c, l, asker);
}

static void agreed(
    struct call *c, struct leg *l, struct leg *asker, const struct msg_response *m, const struct sdp *answer)
{
	struct sdp ours, meant;

	leg_next(l, &ours);
	if (answer && ended_keys_stand(l, &ours, answer, &meant))
		answer = &meant;
	const char *why = answer ? change_misfit(l, &ours, answer) : sdp_refusal_text(SDP_NO_AUDIO_OFFERED);
	if (why) {
		without_speech(c, l, asker, why);
		return;
	}
	leg_set_local(l, &ours);
	leg_set_remote(l, answer);
	l->unsure = false;
	session_agreed(l, m);
	session_start(l);
	if (!l->restores)
		l->silent = 0;
	if (c->change.unasked)
		change_over(c);
	change_settled(c, l);
	leg_save(l);
	if (c->change.active)
		answer_asker(c, asker, REFUSE_OFFER);
}

void renegotiate_on_answer(
    struct call *c, struct leg *l, struct leg *asker, const struct msg_response *m, const struct sdp *answer)
{
	if (m->code < 300) {
		agreed(c, l, asker, m, answer);
		return;
	}
	const bool gone = (m->code == 481 || m->code == 408) && !m->local;
	const bool not_heard = m->local && l->restores; /* edge says so: the phone may be back */
	const uint64_t id = l->r.id;
	if (m->code == 408 && m->local)
		l->silent = 1;
	refused(c, asker, l, m->code == 491 || not_heard ? REFUSE_GLARE : REFUSE_OFFER);
	if (gone && (l = leg_get(id)))
		call_leg_silent(l);
}

void renegotiate_anew(struct call *c)
{
	struct leg *a = leg_get(c->r.caller), *b = leg_get(c->r.callee);

	if (a)
		a->stays = 0;
	if (b)
		b->stays = 0;
}

void renegotiate_on_late(struct call *c, struct leg *l, const struct msg_response *m, const struct sdp *answer)
{
	const struct leg *other = partner(c, l);
	const uint64_t id = l->r.id;
	/* the other, who was asked instead, is asked back, or each would follow the other */
	const uint8_t stays = l->stays;
	struct sdp ours, meant;

	leg_next(l, &ours);
	if (answer && ended_keys_stand(l, &ours, answer, &meant))
		answer = &meant;
	leg_set_next(l, NULL);
	l->change_cancelled = l->silent = 0;
	session_agreed(l, m);
	session_start(l);
	const char *why = answer ? change_misfit(l, &ours, answer) : sdp_refusal_text(SDP_NO_AUDIO_OFFERED);
	if (!why) {
		l->unsure = false;
		change_take_answer(c, l, &ours, answer);
		if ((l = leg_get(id)))
			l->stays = stays;
	} else if (other && !l->restores && !c->change.active) {
		l->silent = 1;
		restore(c, l, other);
	} else {
		call_fail_media(c, REFUSE_OFFER, why);
	}
}

void renegotiate_alone(struct call *c, struct leg *stays)
{
	if (!c->change.active)
		return;
	const bool waits = !c->change.unasked, asked = stays->r.side == c->change.from_side;
	if (asked && waits) {
		answer_asker(c, stays, REFUSE_CANCELLED);
		return;
	}
	if (waits)
		reply_refuse(c->change.reply, REFUSE_CANCELLED);   /* RFC 3261 15.1.2 */
	stays->change_cancelled = !asked && change_is_open(stays); /* a 200 that comes has changed it all the same */
	change_over(c);
	change_unmark(c);
}

void renegotiate_timed_out(struct call *c, struct leg *asker, struct leg *l)
{
	if (l && change_is_open(l)) {
		l->change_cancelled = l->silent = 1;
		leg_cancel_change(l);
	}
	refused(c, asker, l, REFUSE_CALLEE_FAILED);
}

void renegotiate_again(struct leg *l)
{
	struct call *c = call_get(l->r.call);
	struct sdp ours;

	if (!c || !c->change.active || l->r.state != LEG_UP || leg_text(l, LEG_NEXT).n == 0 || change_is_open(l))
		return;
	leg_next(l, &ours);
	if (!l->credentials || !change_pass_on(c, l, &ours))
		refused(c, call_other(c, l), l, REFUSE_OFFER);
}
