/* SPDX-License-Identifier: ISC */
/* A phone changes the session (hold, resume, codec): its offer goes to the other phone, the answer comes back
 * (RFC 3261 14, RFC 3311). One change at a time in a call: the second is 491 or 500 (RFC 3261 14.2). */
#include "change_int.h"
#include "dial.h"
#include "leg_send.h"
#include "media.h"
#include "renegotiate.h"
#include "session.h"
#include "trunk_dialog.h"
#include "wire/sdp_offer.h"

enum {
	CHANGE_PATIENCE_MS = 32000,
	ENDED_PATIENCE_MS = 4000, /* whoever waits for its answer gives up an UPDATE after 64*T1 itself */
};

/* What is between a phone and us alone: where its packets come from, its ICE, its end of the DTLS that stands. */
static void blank_place(struct sdp *s)
{
	uint16_t declined = s->audio.at.port == 0;

	s->audio.at = s->audio.rtcp = (struct addr){.port = declined};
	s->audio.setup = s->audio.setup ? SDP_ACTPASS : SDP_SETUP_NONE;
	sdp_drop_ice(s);
}

/* The same session at another place, as ICE ends with (RFC 8839 4.4): the other phone need not hear of it. */
static bool same_but_place(const struct sdp *offer, const struct sdp *had)
{
	struct sdp a, b;

	memcpy(&a, offer, sizeof a);
	memcpy(&b, had, sizeof b);
	blank_place(&a);
	blank_place(&b);
	return sdp_same_session(&a, &b);
}

/* Our end of the DTLS towards this phone; whoever offered actpass has what the other chose. */
static uint8_t our_role(const struct leg *l)
{
	struct sdp ours, theirs;

	leg_local(l, &ours);
	leg_remote(l, &theirs);
	if (ours.audio.setup != SDP_ACTPASS)
		return ours.audio.setup;
	return theirs.audio.setup == SDP_ACTIVE ? SDP_PASSIVE : SDP_ACTIVE;
}

/* Another role is another association (RFC 8842 5.5), which is for both phones. */
bool change_role_stands(const struct leg *l, uint8_t offered)
{
	if (offered != SDP_ACTIVE && offered != SDP_PASSIVE)
		return true;
	return our_role(l) == (offered == SDP_ACTIVE ? SDP_PASSIVE : SDP_ACTIVE);
}

static bool says_the_same(const struct leg *l, const struct sdp *offer)
{
	struct sdp had;

	leg_remote(l, &had);
	return l->r.has_remote && same_but_place(offer, &had) && change_role_stands(l, offer->audio.setup);
}

/* What stands, as an answer. To a phone that was called we had made an offer: of that, what it chose. */
static void restate(struct leg *l, const struct sdp *offer)
{
	struct sdp local, remote;
	struct sdp_audio *a = &local.audio;
	const struct sdp_audio *theirs = &remote.audio;

	leg_local(l, &local);
	leg_remote(l, &remote);
	a->setup = our_role(l);
	for (uint8_t i = 0; i < a->crypto_n && theirs->crypto_n == 1; i++)
		if (a->crypto[i].tag == theirs->crypto[0].tag) {
			a->crypto[0] = a->crypto[i];
			a->crypto_n = 1;
		}
	sdp_answer_codecs(offer, &local);
	sdp_answer_lines(offer, &local);
	leg_set_local(l, &local);
}

/* Its packets come from elsewhere now: the relay learns of it, the other phone does not. */
void change_moved(struct call *c, struct leg *l, const struct sdp *offer)
{
	leg_set_remote(l, offer);
	l->r.learn_epoch++;
	call_relay(c);
	call_save(c);
}

void change_answer_refresh(struct leg *l, struct request *r, bool with_sdp)
{
	struct sdp local;

	session_start(l);
	leg_local(l, &local);
	if (r->m->method == SIP_INVITE) {
		l->invite = r->reply;
		leg_send_ok(l);
	} else {
		leg_send_plain_ok(l, r->reply, with_sdp ? &local : NULL);
	}
	leg_save(l);
}

/* The offer as the other phone is to see it. */
static void make_offer(struct call *c, struct leg *l, struct leg *other, const struct sdp *offer, struct sdp *out)
{
	*out = *offer;
	sdp_keep_audio_only(out);
	sdp_keep_codecs(out, dial_codecs(l) & dial_codecs(other));
	media_face(out, c, other, offer->audio.rtcp_mux);
	out->audio.setup = out->audio.setup ? SDP_ACTPASS : SDP_SETUP_NONE;
}

bool change_pass_on(struct call *c, struct leg *other, const struct sdp *offer)
{
	struct link *edge;
	struct msg_send *m = leg_begin_request(other, SIP_INVITE, ASK_CHANGE, &edge);

	if (!m)
		return false;
	ask_done(other->change_ref);
	other->change_ref = m->ref;
	other->change_cancelled = 0;
	session_put_request(other, m);
	if (offer) {
		m->sdp = ipc_put_part(edge, offer, sizeof *offer);
		leg_set_next(other, offer);
	}
	ipc_end(edge);
	const bool ends = other->r.ends != RELAY_PASSING;
	timer_set(&child_wheel, &c->patience, child_now() + (ends ? ENDED_PATIENCE_MS : CHANGE_PATIENCE_MS));
	return true;
}

bool change_is_open(const struct leg *l)
{
	const struct ask *a = ask_get(l->change_ref);

	return a && !a->answered_ms;
}

/* On a leg that ends in media an offer of ours is another matter than the change: its ACK answers it, or a late 200. */
static bool offers_still(const struct leg *l)
{
	return l->r.ends != RELAY_PASSING && (l->offers || (l->change_cancelled && change_is_open(l)));
}

/* The change is over: nothing of it stands but what agree() wrote. */
void change_over(struct call *c)
{
	struct leg *side[] = {leg_get(c->r.caller), leg_get(c->r.callee)};

	c->change.active = false;
	timer_cancel(&child_wheel, &c->patience);
	for (int i = 0; i < 2; i++)
		if (side[i] && !offers_still(side[i])) {
			leg_set_next(side[i], NULL);
			side[i]->offers = 0;
		}
}

void change_refused(struct call *c, struct leg *asker)
{
	change_over(c);
	if (!asker)
		return;
	asker->r.session_s = c->change.session_s;
	asker->r.refresher_us = c->change.refresher_us;
}

/* offer NULL: the other phone is asked for one (RFC 3261 14.2). */
static void offer_to_other(struct call *c, struct leg *l, struct leg *other, struct request *r, const struct sdp *offer)
{
	struct sdp passed_on;

	c->change.active = true;
	c->change.unasked = c->change.told = false;
	c->change.asks_offer = !offer;
	c->change.is_update = r->m->method == SIP_UPDATE;
	c->change.from_side = l->r.side;
	c->change.reply = r->reply;
	if (offer) {
		leg_set_next(l, offer);
		make_offer(c, l, other, offer, &passed_on);
	}
	if (!change_pass_on(c, other, offer ? &passed_on : NULL)) {
		change_refused(c, l);
		reply_refuse(r->reply, REFUSE_PENDING);
	}
}

/* Why no change is possible in this state of the dialog. */
enum refusal change_not_now(const struct leg *l)
{
	switch ((enum leg_state)l->r.state) {
	case LEG_IN_CALLING: /* its own offer has no answer yet (RFC 3311 5.2) */
		return REFUSE_PENDING;
	case LEG_IN_ANSWERED: /* our answer is on its way; ours has none */
	case LEG_OUT_SENT:
	case LEG_OUT_EARLY:
	case LEG_UP: /* the other phone's ACK is missing still */
		return REFUSE_GLARE;
	case LEG_IN_CLOSING:
	case LEG_OUT_LEAVING:
	case LEG_LEAVING:
	case LEG_OWING:
	case LEG_GONE:
	case LEG_STATES:
		break;
	}
	return REFUSE_NO_DIALOG;
}

/* Offers do not overlap (RFC 3261 14.1, 14.2). */
static enum refusal busy(const struct call *c, const struct leg *l, const struct leg *other)
{
	if (c->change.active)
		return c->change.from_side == l->r.side ? REFUSE_PENDING : REFUSE_GLARE;
	return l->refreshing || other->refreshing ? REFUSE_GLARE : REFUSE_NONE;
}

/* --- a passing one --- */

static void change_passing(struct leg *l, struct request *r)
{
	struct call *c = call_get(l->r.call);
	struct leg *other = c ? call_other(c, l) : NULL;
	const struct sdp *offer = ipc_part(r->v, r->m->sdp);
	bool again = offer ? says_the_same(l, offer) : r->m->method == SIP_UPDATE;
	struct sdp had;
	enum refusal why = REFUSE_NONE;

	if (l->r.state != LEG_UP || !other || other->r.state != LEG_UP)
		why = change_not_now(l);
	else if (offer || r->m->method == SIP_INVITE)
		why = busy(c, l, other);
	if (why) {
		reply_refuse(r->reply, why);
		return;
	}
	enum sdp_refusal bad = again || !offer ? SDP_ACCEPTABLE : sdp_check_offer(offer);
	if (bad) {
		reply_refuse_because(r->reply, REFUSE_OFFER, sdp_refusal_text(bad));
		return;
	}
	uint32_t session_s = l->r.session_s;
	uint8_t refresher_us = l->r.refresher_us;
	if (!session_asked(l, r->m)) {
		reply_refuse(r->reply, REFUSE_INTERVAL);
		return;
	}
	if (r->m->contact.len)
		(void)leg_set_text(l, LEG_TARGET, REQUEST_STR(r, contact));
	if (again) {
		if (offer)
			restate(l, offer);
		leg_remote(l, &had);
		if (offer && !sdp_same_session(offer, &had))
			change_moved(c, l, offer);
		change_answer_refresh(l, r, offer != NULL);
		return;
	}
	c->change.session_s = session_s;
	c->change.refresher_us = refresher_us;
	offer_to_other(c, l, other, r, offer);
}

void change_on_request(struct leg *l, struct request *r)
{
	if (r->m->method == SIP_PRACK || (r->m->method == SIP_UPDATE && change_is_early(l)))
		change_early(l, r);
	else if (l->r.ends == RELAY_PASSING)
		change_passing(l, r);
	else
		change_ended(l, r);
}

/* Both sides agreed, and what the relay does follows. `out` is what the one who offered is to hear. */
static void agree(struct call *c, struct leg *offerer, struct leg *answerer, const struct sdp *answer, struct sdp *out)
{
	struct sdp offer, passed_on;

	*out = *answer;
	leg_next(offerer, &offer);
	leg_next(answerer, &passed_on);
	change_over(c);
	leg_set_remote(offerer, &offer);
	offerer->r.learn_epoch++;
	leg_set_local(answerer, &passed_on);
	leg_set_remote(answerer, answer);
	answerer->r.learn_epoch++;
	sdp_answer_codecs(&offer, out);
	sdp_answer_lines(&offer, out);
	media_face(out, c, offerer, answer->audio.rtcp_mux && offer.audio.rtcp_mux);
	if (out->audio.setup == SDP_ACTIVE && passed_on.audio.setup == SDP_ACTIVE)
		out->audio.setup = SDP_PASSIVE;
	leg_set_local(offerer, out);
	c->r.key = (uint8_t)media_key(answer);
	call_relay(c);
	session_start(offerer);
	session_start(answerer);
	leg_save(offerer);
	leg_save(answerer);
	call_save(c);
}

void change_tell_asker(struct call *c, struct leg *asker, const struct sdp *out)
{
	if (c->change.is_update) {
		leg_send_plain_ok(asker, c->change.reply, out);
		return;
	}
	asker->invite = c->change.reply;
	leg_send_ok(asker);
}

static const struct {
	uint16_t code;
	enum refusal why;
} heard[] = {{488, REFUSE_OFFER}, {491, REFUSE_GLARE}, {606, REFUSE_OFFER}, {415, REFUSE_OFFER}};

static enum refusal refusal_for(uint16_t code)
{
	for (size_t i = 0; i < sizeof heard / sizeof *heard; i++)
		if (heard[i].code == code)
			return heard[i].why;
	return REFUSE_PENDING;
}

/* It was asked to forget the change and made it all the same: the two phones do not fit together any more. */
static void made_too_late(struct call *c, struct leg *l)
{
	l->change_cancelled = 0;
	call_fail(c, REFUSE_CALLEE_FAILED, "a change of the call was answered too late");
}

static void judge(
    struct call *c, struct leg *asker, struct leg *l, const struct msg_response *m, const struct sdp *answer)
{
	struct change *ch = &c->change;
	struct sdp passed_on, out;

	leg_next(l, &passed_on);
	enum sdp_refusal bad = answer ? sdp_check_answer(&passed_on, answer) : SDP_NO_AUDIO_OFFERED;
	if (bad) {
		change_refused(c, asker);
		reply_refuse_because(ch->reply, REFUSE_OFFER, sdp_refusal_text(bad));
		return;
	}
	session_agreed(l, m);
	agree(c, asker, l, answer, &out);
	change_tell_asker(c, asker, &out);
}

/* --- without an offer: the other phone makes it, and waits for its ACK until the one who asked has answered --- */

static void pass_offer_back(
    struct call *c, struct leg *asker, struct leg *l, const struct msg_response *m, const struct sdp *offer)
{
	struct sdp passed_on;
	enum sdp_refusal bad = offer ? sdp_check_offer(offer) : SDP_NO_AUDIO_OFFERED;

	if (c->change.told) /* its 200 once more */
		return;
	if (bad) { /* it changed its session to one that can't be */
		leg_send_ack(l);
		call_fail_media(c, REFUSE_OFFER, sdp_refusal_text(bad));
		return;
	}
	timer_cancel(&child_wheel, &c->patience);
	session_agreed(l, m);
	leg_set_next(l, offer);
	make_offer(c, l, asker, offer, &passed_on);
	leg_set_next(asker, &passed_on);
	c->change.told = true;
	if (c->change.unasked) {
		if (!change_pass_on(c, asker, &passed_on))
			call_fail_media(c, REFUSE_CALLEE_FAILED, NULL);
		return;
	}
	asker->offers = 1;
	change_tell_asker(c, asker, &passed_on);
}

static void answered_passing(struct call *c, struct leg *asker, const struct sdp *answer)
{
	struct leg *l = call_other(c, asker);
	struct sdp passed_on, out;

	leg_next(asker, &passed_on);
	enum sdp_refusal bad = answer ? sdp_check_answer(&passed_on, answer) : SDP_NO_AUDIO_OFFERED;
	if (bad || !l) {
		call_fail_media(c, REFUSE_OFFER, sdp_refusal_text(bad));
		return;
	}
	agree(c, l, asker, answer, &out);
	leg_send_ack_with(l, &out);
}

void change_on_ack(struct leg *l, struct request *r)
{
	struct call *c = call_get(l->r.call);
	const struct sdp *answer = ipc_part(r->v, r->m->sdp);

	if (c && leg_owes_answer(l))
		change_answered_first(c, l, answer);
	else if (c && l->r.ends == RELAY_PASSING)
		answered_passing(c, l, answer);
	else if (c)
		change_answered_ended(c, l, answer);
}

void change_abandon(struct call *c)
{
	struct leg *l = leg_get(c->change.from_side ? c->r.caller : c->r.callee);

	if (!c->change.active)
		return;
	if (!c->change.told && !c->change.unasked) /* RFC 3261 15.1.2 */
		reply_refuse(c->change.reply, REFUSE_CANCELLED);
	else if (l && c->change.told)
		leg_send_ack(l);
}

/* The answer of the one who did not ask, for which the other waits. */
static void told_unasked(struct call *c, struct leg *asker, const struct msg_response *m, const struct ipc_view *v)
{
	if (m->code < 300) {
		leg_send_ack(asker);
		session_agreed(asker, m);
		answered_passing(c, asker, ipc_part(v, m->sdp));
	} else {
		call_fail_media(c, refusal_for(m->code), "the other phone does not take what this one changed");
	}
}

void change_on_answer(const struct ask *a, const struct msg_response *m, const struct ipc_view *v)
{
	struct leg *l = leg_get(a->owner);
	struct call *c = l ? call_get(l->r.call) : NULL;
	struct leg *asker = c ? call_other(c, l) : NULL;

	if (m->code < 200)
		return;
	if (!l) {
		ask_done(a->ref);
		return;
	}
	bool waits =
	    asker && c->change.active && c->change.asks_offer && a->ref == l->change_ref && !l->change_cancelled;
	if (waits && c->change.unasked && l->r.side == c->change.from_side) {
		told_unasked(c, l, m, v);
		return;
	}
	if (l->r.ends != RELAY_PASSING && c && a->ref == l->change_ref && !l->change_cancelled &&
	    trunk_dialog_challenged(l, a, m, v))
		return;
	if (m->code < 300 && waits) {
		pass_offer_back(c, asker, l, m, ipc_part(v, m->sdp));
		return;
	}
	if (m->code < 300)
		leg_send_ack(l);
	if (m->code < 300 && l->change_cancelled && c) {
		if (l->r.ends == RELAY_PASSING)
			made_too_late(c, l);
		else
			renegotiate_on_late(c, l, m, ipc_part(v, m->sdp));
		return;
	}
	if (l->r.ends != RELAY_PASSING && l->change_cancelled && a->ref == l->change_ref) {
		l->change_cancelled = 0;
		leg_set_next(l, NULL);
		return;
	}
	if (!asker || !c->change.active || a->ref != l->change_ref)
		return;
	if (l->r.ends != RELAY_PASSING) {
		if (l->r.side != c->change.from_side) /* or it is its last 200 once more */
			renegotiate_on_answer(c, l, asker, m, ipc_part(v, m->sdp));
		return;
	}
	if (m->code < 300) {
		judge(c, asker, l, m, ipc_part(v, m->sdp));
		return;
	}
	change_refused(c, asker);
	if (!c->change.unasked)
		reply_refuse(c->change.reply, refusal_for(m->code));
	if ((m->code == 481 || m->code == 408) && !m->local)
		call_leg_silent(l);
}

void change_timed_out(struct call *c)
{
	struct leg *caller = leg_get(c->r.caller), *callee = leg_get(c->r.callee);
	const bool callers = caller && caller->r.side == c->change.from_side;
	struct leg *asker = callers ? caller : callee, *l = callers ? callee : caller;

	if (!c->change.active) {
		renegotiate_rest(c);
		return;
	}
	if (c->r.ended) {
		renegotiate_timed_out(c, asker, l);
		return;
	}
	if (c->change.unasked && c->change.told) { /* l has made its offer, and there is no answer */
		call_fail_media(c, REFUSE_CALLEE_FAILED, NULL);
		return;
	}
	change_refused(c, asker);
	if (!c->change.unasked)
		reply_refuse(c->change.reply, REFUSE_CALLEE_FAILED);
	if (l) {
		l->change_cancelled = 1;
		leg_cancel_change(l);
	}
}
