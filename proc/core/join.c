/* SPDX-License-Identifier: ISC */
#include "join.h"
#include "base/clock.h"
#include "dial.h"
#include "dialogue.h"
#include "ended.h"
#include "keys.h"
#include "leg_fork.h"
#include "media.h"
#include "renegotiate.h"
#include "trunk.h"
#include "wire/sdp_offer.h"

const char *join_misfit(const struct leg *callee)
{
	struct sdp ours, theirs;

	if (callee->updated) /* judged when it offered that */
		return NULL;
	if (!callee->r.has_remote)
		return sdp_refusal_text(SDP_NO_AUDIO_OFFERED);
	leg_local(callee, &ours);
	leg_remote(callee, &theirs);
	if (callee->r.trunk && !trunk_media_from(callee->r.trunk, &theirs.audio))
		return ENDED_FOREIGN_MEDIA;
	if (callee->r.ends != RELAY_PASSING)
		return ended_check_answer(callee, &theirs);
	enum sdp_refusal bad = sdp_check_answer(&ours, &theirs);
	return bad ? sdp_refusal_text(bad) : NULL;
}

/* --- passing --- */

static const char *both_behind_nat(struct leg *caller, struct leg *callee, const struct sdp *answer)
{
	struct sdp offer;

	leg_remote(caller, &offer);
	if (media_key(answer) == RELAY_KEY_DTLS && media_behind_nat(caller, &offer) && media_behind_nat(callee, answer))
		return "both phones are behind NAT and neither speaks ICE: turn ICE on, or use SDES";
	return NULL;
}

/* What the callee's phone answered, as the caller may see it. */
static void passing_answer(
    struct call *c, struct leg *caller, const struct sdp *asked, const struct sdp *answer, struct sdp *out)
{
	struct sdp offer;

	leg_remote(caller, &offer);
	*out = *answer;
	sdp_answer_codecs(&offer, out);
	sdp_answer_lines(&offer, out);
	caller->r.ice = offer.audio.ice_ufrag[0] != 0;
	media_face(out, c, caller, answer->audio.rtcp_mux && offer.audio.rtcp_mux);
	/* baresip 1.0.0 answers active to active, and waits all the same */
	if (asked->audio.setup == SDP_ACTIVE && out->audio.setup == SDP_ACTIVE)
		out->audio.setup = SDP_PASSIVE;
}

static const char *join_passing(
    struct call *c, struct leg *caller, struct leg *callee, const struct sdp *answer, struct sdp *out)
{
	struct sdp asked;
	const char *why = both_behind_nat(caller, callee, answer);

	if (why)
		return why;
	leg_local(callee, &asked);
	c->r.key = (uint8_t)media_key(answer);
	passing_answer(c, caller, &asked, answer, out);
	leg_set_local(caller, out);
	return NULL;
}

/* --- ended --- */

/* Who offered nothing is offered something instead; its ACK settles it. */
static const char *offer_caller(struct call *c, struct leg *caller, uint8_t codecs, struct sdp *out)
{
	ended_offer_first(caller, codecs & dial_codecs(caller), out);
	if (!(ended_codecs(out) & ~(1u << SDP_TELEPHONE_EVENT)))
		return sdp_refusal_text(SDP_NO_COMMON_CODEC);
	media_face(out, c, caller, !caller->r.trunk);
	leg_set_local(caller, out);
	c->r.ended = 1;
	return NULL;
}

/* The caller's answer is made, not sent. */
static const char *answer_caller(struct call *c, struct leg *caller, uint8_t codecs, struct sdp *out)
{
	struct sdp offer;

	if (leg_owes_answer(caller))
		return offer_caller(c, caller, codecs, out);
	leg_remote(caller, &offer);
	const char *why = ended_answer(caller, &offer, codecs & dial_codecs(caller), out);
	if (why)
		return why;
	if (caller->r.ends == RELAY_ENDED_CLEAR && !caller->r.trunk)
		child_event(EVENT_EMERGENCY, SEVERITY_WARNING, caller->r.device, caller->r.person, &caller->r.seen,
		    "a call for help of a phone whose keys cannot end here: on the way to it anyone can hear it");
	caller->r.ice = offer.audio.ice_ufrag[0] != 0;
	media_face(out, c, caller, offer.audio.rtcp_mux);
	leg_set_local(caller, out);
	ended_settle(caller);
	c->r.ended = 1;
	return NULL;
}

/* That both ends of this leg may use. */
static uint8_t agreed_codecs(const struct leg *callee)
{
	struct sdp ours, theirs;

	leg_local(callee, &ours);
	leg_remote(callee, &theirs);
	return ended_codecs(&theirs) & (callee->updated ? ended_codecs(&ours) : UINT8_MAX);
}

static void hear_each_other(struct call *c)
{
	dialogue_quiet(c, 0);
	dialogue_quiet(c, 1);
	c->r.hears[0] = c->r.hears[1] = RELAY_HEARS_OTHER;
	c->r.listens = 0;
	renegotiate_anew(c);
}

static const char *join_ended(struct call *c, struct leg *caller, struct leg *callee, struct sdp *out)
{
	ended_settle(callee);
	hear_each_other(c);
	if (!caller->r.has_local)
		return answer_caller(c, caller, agreed_codecs(callee), out);
	leg_local(caller, out); /* by the exchange, or with early media */
	return NULL;
}

bool join_can_answer(const struct leg *caller)
{
	struct sdp offer;

	if (!caller)
		return false;
	leg_remote(caller, &offer);
	return leg_owes_answer(caller) || ended_by(&offer, caller->r.clear) != RELAY_PASSING;
}

/* With early media it has its answer already, which says the same in every response to its INVITE (RFC 3261 13.2.1). */
static const char *answer_spoken_to(struct call *c, struct leg *caller, struct sdp *answer)
{
	struct sdp offer;

	if (caller->r.has_local) {
		leg_local(caller, answer);
		return NULL;
	}
	leg_remote(caller, &offer);
	const uint8_t codecs = leg_owes_answer(caller) ? UINT8_MAX : ended_one_codec(&offer, dial_codecs(caller));
	return answer_caller(c, caller, codecs, answer);
}

const char *join_caller(struct call *c, struct leg *caller)
{
	struct sdp answer;
	const char *why = answer_spoken_to(c, caller, &answer);

	if (why)
		return why;
	c->r.spoken = 1;
	c->r.hears[caller->r.side] = RELAY_HEARS_NOTHING;
	call_relay_and_answer(c, caller, &answer);
	return NULL;
}

void join_early(struct call *c, struct leg *callee)
{
	struct leg *caller = leg_get(c->r.caller);
	struct sdp answer;

	if (!caller || leg_owes_answer(caller) || callee->r.ends == RELAY_PASSING || c->targets != 1 ||
	    join_misfit(callee))
		return;
	if (!caller->r.has_local && answer_caller(c, caller, agreed_codecs(callee), &answer))
		return;
	leg_fork_keep_offer(callee);
	ended_settle(callee);
	c->r.callee = callee->r.id;
	hear_each_other(c);
	call_relay(c);
	if (caller->early || c->r.spoken)
		return;
	caller->early = 1;
	leg_ring(caller, 183);
}

/* --- transferred --- */

void join_again(struct call *c)
{
	hear_each_other(c);
	call_relay(c);
}

static void begin_talk(struct call *c, struct leg *callee)
{
	c->r.callee = callee->r.id;
	c->r.answered_ms = child_now();
	c->r.start_wall_ms = clock_wall_ms();
	hear_each_other(c);
}

/* Who offered nothing is offered G.711, and may choose between its laws. */
static uint8_t codecs_of_two(const struct leg *a, const struct leg *b)
{
	struct sdp offer, ours;

	if (leg_owes_answer(a) && leg_owes_answer(b))
		return UINT8_MAX;
	const struct leg *asks = leg_owes_answer(a) ? b : a, *other = asks == a ? b : a;
	leg_remote(asks, &offer);
	if (leg_owes_answer(other))
		ended_offer_first(other, UINT8_MAX, &ours);
	else
		leg_remote(other, &ours);
	return ended_one_codec(&offer, ended_codecs(&ours) & dial_codecs(a) & dial_codecs(b));
}

const char *join_meeting(struct call *c, struct leg *a, struct leg *b)
{
	struct sdp answer_a, answer_b;
	const uint8_t one = codecs_of_two(a, b);

	const char *why = answer_caller(c, a, one, &answer_a);
	if (!why)
		why = answer_caller(c, b, one, &answer_b);
	if (why)
		return why;
	begin_talk(c, b);
	call_relay_and_answer(c, a, &answer_a);
	call_relay_and_answer(c, b, &answer_b);
	return NULL;
}

const char *join_late(struct call *c, struct leg *party, struct leg *late)
{
	const uint64_t had = late->r.call;
	struct sdp ours, answer;

	leg_local(party, &ours);
	late->r.call = c->r.id;
	late->r.side = !party->r.side;
	const char *why = answer_caller(c, late, ended_codecs(&ours) & dial_codecs(party), &answer);
	if (why && ended_widen(party, &ours)) /* it is asked for that as soon as this is acknowledged */
		why = answer_caller(c, late, ended_codecs(&ours) & dial_codecs(party), &answer);
	if (why) {
		late->r.call = had;
		late->r.side = 0;
	}
	return why;
}

void join_late_stands(struct call *c, struct leg *late)
{
	(void)leg_set_text(late, LEG_LOCAL_USER, span_str(c->r.from));
	timer_cancel(&child_wheel, &c->ring);
	begin_talk(c, late);
	dialogue_holds(c);
}

void join_late_answer(struct call *c, struct leg *late)
{
	struct sdp answer;

	leg_local(late, &answer);
	call_relay_and_answer(c, late, &answer);
}

/* --- both --- */

/* It took this and not what passes from the caller. */
static void learn(const struct call *c, const struct leg *caller, const struct leg *callee, const struct sdp *answer)
{
	if (callee->tried >> RELAY_PASSING & 1)
		keys_refused(callee->r.device, dial_offered_keys(c, caller));
	keys_shown(callee->r.device, sdp_keys(answer));
}

const char *join_legs(struct call *c, struct leg *caller, struct leg *callee)
{
	struct sdp theirs, answer;

	const char *why = join_misfit(callee);

	c->r.callee = callee->r.id;
	if (why)
		return why;
	leg_remote(callee, &theirs);
	why = callee->r.ends == RELAY_PASSING ? join_passing(c, caller, callee, &theirs, &answer)
	                                      : join_ended(c, caller, callee, &answer);
	if (why)
		return why;
	learn(c, caller, callee, &theirs);
	c->r.answered_ms = child_now();
	c->best = REFUSE_NONE; /* what another phone said is no reason for this call's end */
	c->best_text = NULL;
	c->r.start_wall_ms = clock_wall_ms();
	callee->r.ice = theirs.audio.ice_ufrag[0] != 0;
	timer_cancel(&child_wheel, &c->ring);
	if (c->r.spoken)
		call_relay(c);
	else
		call_relay_and_answer(c, caller, &answer);
	call_save(c);
	leg_save(callee);
	return NULL;
}
