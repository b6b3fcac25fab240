/* SPDX-License-Identifier: ISC */
#include "renegotiate.h"
#include "change_int.h"
#include "dial.h"
#include "ended.h"
#include "media.h"
#include "session.h"
#include "wire/sdp_offer.h"

enum { EVENTS = 1 << SDP_TELEPHONE_EVENT, LAWS = 1 << SDP_PCMU | 1 << SDP_PCMA, GLARE_MS = 2500 /* RFC 3261 14.1 */ };

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

uint8_t renegotiate_codecs(struct call *c, const struct leg *l)
{
	const struct leg *other = partner(c, l);
	struct sdp ours;

	leg_local(l, &ours);
	return other ? ended_agreed(other) & dial_codecs(l) : ended_codecs(&ours);
}

bool renegotiate_is_due(struct call *c, const struct leg *l, const struct sdp *offer)
{
	const struct leg *other = partner(c, l);

	return other && speech(ended_agreed(other)) & ~heard_of(ended_codecs(offer) & dial_codecs(l));
}

static bool ask(struct call *c, struct leg *l, uint8_t codecs)
{
	const bool busy = l->r.state != LEG_UP || l->refreshing || l->offers || timer_is_set(&l->repeat);
	struct sdp ours;

	if (busy || !ended_offer_again(l, heard_of(codecs) & dial_codecs(l), &ours))
		return false;
	media_face(&ours, c, l, ours.audio.rtcp_mux);
	return change_pass_on(c, l, &ours);
}

void renegotiate(struct call *c, struct leg *l, const struct sdp *offer)
{
	struct leg *other = partner(c, l);

	leg_set_next(l, offer);
	c->change.active = true;
	if (!other || !ask(c, other, (ended_codecs(offer) & dial_codecs(l)) | EVENTS))
		renegotiate_refused(c, l, REFUSE_GLARE);
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
		return;
	}
	change_over(c);
	change_take_ended(c, asker, &offer, &out);
	session_start(asker);
	change_tell_asker(c, asker, &out);
	leg_save(asker);
}

/* Who may send what the other does not hear, and what it is to be asked for instead. */
static struct leg *too_wide(struct call *c, uint8_t *codecs)
{
	struct leg *a = leg_get(c->r.caller), *b = leg_get(c->r.callee);

	if (c->r.state != PHASE_TALKING || !stands(a) || !stands(b))
		return NULL;
	const uint8_t says_a = speech(ended_agreed(a)), says_b = speech(ended_agreed(b));
	const uint8_t common_a = says_a & heard_of(says_b), common_b = says_b & heard_of(says_a);
	if (!says_a || !says_b || (says_a == common_a && says_b == common_b))
		return NULL;
	if (says_a != common_a) {
		*codecs = (common_a ? common_a : says_b) | EVENTS;
		return a;
	}
	*codecs = common_b | EVENTS;
	return b;
}

static bool hear_nothing(struct call *c)
{
	const struct leg *a = leg_get(c->r.caller), *b = leg_get(c->r.callee);

	return stands(a) && stands(b) && !(speech(ended_agreed(a)) & heard_of(speech(ended_agreed(b))));
}

void renegotiate_soon(struct call *c, uint32_t ms)
{
	uint8_t codecs;

	if (!c->change.active && too_wide(c, &codecs))
		timer_set(&child_wheel, &c->patience, child_now() + ms);
}

void renegotiate_rest(struct call *c)
{
	uint8_t codecs;
	struct leg *l = too_wide(c, &codecs), *other = l ? partner(c, l) : NULL;

	if (!other)
		return;
	c->change = (struct change){.active = true,
	    .unasked = true,
	    .from_side = other->r.side,
	    .session_s = other->r.session_s,
	    .refresher_us = other->r.refresher_us};
	if (ask(c, l, codecs))
		return;
	change_over(c);
	renegotiate_soon(c, GLARE_MS);
}

void renegotiate_refused(struct call *c, struct leg *asker, enum refusal why)
{
	const bool unasked = c->change.unasked;

	if (!unasked && asker) {
		answer_asker(c, asker, why);
		if (why != REFUSE_GLARE) /* nor will it say anything else soon */
			timer_cancel(&child_wheel, &c->patience);
		return;
	}
	change_over(c);
	if (unasked && why == REFUSE_GLARE)
		renegotiate_soon(c, GLARE_MS);
	else if (unasked && hear_nothing(c)) /* nor will they */
		call_fail_media(c, REFUSE_OFFER, sdp_refusal_text(SDP_NO_COMMON_CODEC));
}

/* Some say 200 to what they don't have, with events alone (baresip 1.0.0), and are mute by now: what stood is offered them once more. */
static void restore(struct call *c, struct leg *l, struct leg *asker, const char *why)
{
	const bool first = !c->change.unasked;
	struct sdp stood;

	if (first) {
		answer_asker(c, asker, REFUSE_OFFER);
		leg_local(l, &stood);
		media_face(&stood, c, l, stood.audio.rtcp_mux);
		c->change = (struct change){.active = true,
		    .unasked = true,
		    .from_side = asker->r.side,
		    .session_s = asker->r.session_s,
		    .refresher_us = asker->r.refresher_us};
	}
	if (!first || !change_pass_on(c, l, &stood))
		call_fail_media(c, REFUSE_OFFER, why);
}

static void agreed(
    struct call *c, struct leg *l, struct leg *asker, const struct msg_response *m, const struct sdp *answer)
{
	struct sdp ours;

	leg_next(l, &ours);
	const char *why = answer ? change_misfit(l, &ours, answer) : sdp_refusal_text(SDP_NO_AUDIO_OFFERED);
	if (why) {
		restore(c, l, asker, why);
		return;
	}
	leg_set_local(l, &ours);
	leg_set_remote(l, answer);
	session_agreed(l, m);
	session_start(l);
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
	const uint64_t id = l->r.id;
	renegotiate_refused(c, asker, m->code == 491 ? REFUSE_GLARE : REFUSE_OFFER);
	if (gone && (l = leg_get(id)))
		call_leg_silent(l);
}

void renegotiate_again(struct leg *l)
{
	struct call *c = call_get(l->r.call);
	struct sdp ours;

	if (!c || !c->change.active || l->r.state != LEG_UP || leg_text(l, LEG_NEXT).n == 0)
		return;
	leg_next(l, &ours);
	if (!l->credentials || !change_pass_on(c, l, &ours))
		renegotiate_refused(c, call_other(c, l), REFUSE_OFFER);
}
