/* SPDX-License-Identifier: ISC */
/* Two legs that pass: what a phone offers goes on to the other one, and the answer comes back (RFC 3261 14, RFC 3311). */
#include "change_int.h"
#include "dial.h"
#include "leg_send.h"
#include "media.h"
#include "session.h"
#include "wire/sdp_offer.h"

/* --- what stands --- */

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

/* Who answers actpass goes on in the role that stands: baresip 1.0.0 does, where that is what it once offered. */
static void meant_by(const struct leg *l, const struct sdp *answer, struct sdp *meant)
{
	struct sdp had;

	leg_remote(l, &had);
	*meant = *answer;
	if (l->r.has_remote && had.audio.fingerprint_n && answer->audio.setup == SDP_ACTPASS)
		meant->audio.setup = our_role(l) == SDP_ACTIVE ? SDP_PASSIVE : SDP_ACTIVE;
}

/* And who names no fingerprint where it is to be passive: Debian's linphone, as on a leg that ends here (ended_keys_stand()). */
void change_meant_by_same(const struct leg *l, const struct sdp *answer, struct sdp *meant)
{
	struct sdp_audio *a = &meant->audio;
	struct sdp had;

	meant_by(l, answer, meant);
	leg_remote(l, &had);
	if (!l->r.has_remote || !had.audio.fingerprint_n || !(a->proto == SDP_TLS_SAVP || a->proto == SDP_TLS_SAVPF) ||
	    a->fingerprint_n || a->crypto_n || a->zrtp || !change_role_stands(l, a->setup))
		return;
	a->fingerprint_n = had.audio.fingerprint_n;
	memcpy(a->fingerprint, had.audio.fingerprint, sizeof a->fingerprint);
	a->setup = our_role(l) == SDP_ACTIVE ? SDP_PASSIVE : SDP_ACTIVE;
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
	a->direction = sdp_direction_answer(offer->audio.direction, a->direction); /* it may have been asked for more */
	for (uint8_t i = 0; i < a->crypto_n && theirs->crypto_n == 1; i++)
		if (a->crypto[i].tag == theirs->crypto[0].tag) {
			a->crypto[0] = a->crypto[i];
			a->crypto_n = 1;
		}
	sdp_answer_codecs(offer, &local);
	sdp_answer_lines(offer, &local);
	leg_set_local(l, &local);
}

/* --- an offer --- */

/* The offer as the other phone is to see it. */
static void make_offer(struct call *c, struct leg *l, struct leg *other, const struct sdp *offer, struct sdp *out)
{
	*out = *offer;
	sdp_keep_audio_only(out);
	sdp_keep_codecs(out, dial_codecs(l) & dial_codecs(other));
	media_face(out, c, other, offer->audio.rtcp_mux);
	out->audio.setup = out->audio.setup ? SDP_ACTPASS : SDP_SETUP_NONE;
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
	c->change.marked = 0;
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

/* Offers do not overlap (RFC 3261 14.1, 14.2). */
static enum refusal busy(const struct call *c, const struct leg *l, const struct leg *other)
{
	if (c->change.active)
		return c->change.from_side == l->r.side ? REFUSE_PENDING : REFUSE_GLARE;
	return l->refreshing || other->refreshing ? REFUSE_GLARE : REFUSE_NONE;
}

void change_passing(struct leg *l, struct request *r)
{
	struct call *c = call_get(l->r.call);
	struct leg *other = c ? call_other(c, l) : NULL;
	const struct sdp *offer = ipc_part(r->v, r->m->sdp);
	bool again = offer ? says_the_same(l, offer) : r->m->method == SIP_UPDATE;
	struct sdp had;

	if (l->r.state != LEG_UP || !other || other->r.state != LEG_UP) {
		reply_refuse(r->reply, change_not_now(l));
		return;
	}
	enum refusal why = offer || r->m->method == SIP_INVITE ? busy(c, l, other) : REFUSE_NONE;
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

/* --- its answer --- */

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
	offerer->unsure = true; /* until it has heard this */
	answerer->unsure = false;
	offerer->glares = answerer->glares = 0;
	c->r.key = (uint8_t)media_key(answer);
	call_relay(c);
	session_start(offerer);
	session_start(answerer);
	leg_save(offerer);
	leg_save(answerer);
	call_save(c);
}

void change_answered(
    struct call *c, struct leg *asker, struct leg *l, const struct msg_response *m, const struct sdp *answer)
{
	struct change *ch = &c->change;
	struct sdp passed_on, meant, out;

	leg_next(l, &passed_on);
	if (answer)
		meant_by(l, answer, &meant);
	enum sdp_refusal bad = answer ? sdp_check_answer(&passed_on, &meant) : SDP_NO_AUDIO_OFFERED;
	if (bad) { /* l has made the change, and would be alone in it */
		change_refused(c, asker);
		reply_refuse_because(ch->reply, REFUSE_OFFER, sdp_refusal_text(bad));
		session_restore(l);
		return;
	}
	session_agreed(l, m);
	agree(c, asker, l, &meant, &out);
	change_tell_asker(c, asker, &out);
}

/* --- without an offer --- */

void change_pass_back(
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

void change_answered_back(struct call *c, struct leg *asker, const struct sdp *answer)
{
	struct leg *l = call_other(c, asker);
	struct sdp passed_on, meant, out;

	leg_next(asker, &passed_on);
	if (answer)
		meant_by(asker, answer, &meant);
	enum sdp_refusal bad = answer ? sdp_check_answer(&passed_on, &meant) : SDP_NO_AUDIO_OFFERED;
	if (bad || !l) {
		call_fail_media(c, REFUSE_OFFER, sdp_refusal_text(bad));
		return;
	}
	agree(c, l, asker, &meant, &out);
	leg_send_ack_with(l, &out);
	leg_be_unsure(l, false);
}
