/* SPDX-License-Identifier: ISC */
/* A leg that ends in media changes the session: the exchange answers by itself, in a call and while it rings. */
#include "change_int.h"
#include "dialogue.h"
#include "ended.h"
#include "keys.h"
#include "late.h"
#include "leg_fork.h"
#include "leg_send.h"
#include "media.h"
#include "refer.h"
#include "renegotiate.h"
#include "session.h"
#include "trunk.h"
#include "wire/sdp_offer.h"

enum { SETTLE_MS = 500 };

void change_settled(struct call *c, struct leg *l)
{
	ended_settle(l);
	l->restores = l->stays = l->glares = 0;
	l->r.learn_epoch++;
	dialogue_hold(c, l);
	dialogue_follow(c, l);
	call_relay(c);
	call_save(c);
	renegotiate_soon(c, SETTLE_MS);
}

void change_take_ended(struct call *c, struct leg *l, const struct sdp *offer, struct sdp *answer)
{
	media_face(answer, c, l, offer->audio.rtcp_mux);
	leg_set_local(l, answer);
	leg_set_remote(l, offer);
	change_settled(c, l);
}

/* Without an offer it wants ours: what stands, both ways, under the same keys (RFC 3261 14.2, RFC 6337 5.3). */
static void offer_ended(struct call *c, struct leg *l)
{
	struct sdp ours;

	leg_local(l, &ours);
	ours.audio.direction = SDP_SENDRECV;
	media_face(&ours, c, l, ours.audio.rtcp_mux);
	leg_set_next(l, &ours);
	l->offers = 1;
}

const char *change_misfit(const struct leg *l, const struct sdp *ours, const struct sdp *answer)
{
	const char *why = ended_check_answer_to(l, ours, answer);

	return !why && l->r.trunk && !trunk_media_from(l->r.trunk, &answer->audio) ? ENDED_FOREIGN_MEDIA : why;
}

/* One that does not fit is of a session that the phone has by now, and we have not. */
void change_take_answer(struct call *c, struct leg *l, const struct sdp *ours, const struct sdp *answer)
{
	struct sdp meant;

	if (ended_keys_stand(l, ours, answer, &meant))
		answer = &meant;
	const char *why = change_misfit(l, ours, answer);
	if (why) {
		call_fail_media(c, REFUSE_OFFER, why);
		return;
	}
	leg_set_local(l, ours);
	leg_set_remote(l, answer);
	change_settled(c, l);
	leg_save(l);
}

/* Nothing changes without an answer. */
void change_answered_ended(struct call *c, struct leg *l, const struct sdp *answer)
{
	struct sdp ours;

	leg_next(l, &ours);
	l->offers = 0;
	leg_set_next(l, NULL);
	if (answer)
		change_take_answer(c, l, &ours, answer);
}

/* Without one there is no session at all. */
void change_answered_first(struct call *c, struct leg *l, const struct sdp *answer)
{
	struct sdp ours;

	leg_local(l, &ours);
	const char *why = answer ? change_misfit(l, &ours, answer) : "the ACK does not answer the offer of the 200";
	if (why && late_is(c, l)) {
		late_fails(c, REFUSE_OFFER);
		return;
	}
	if (why) {
		call_fail_media(c, REFUSE_OFFER, why);
		return;
	}
	l->r.ice = answer->audio.ice_ufrag[0] != 0;
	if (!l->r.trunk)
		keys_shown(l->r.device, sdp_keys(answer));
	leg_set_remote(l, answer);
	if (late_is(c, l) && !late_stands(c, l))
		return;
	change_settled(c, l);
	session_start(l);
	leg_save(l);
	refer_acknowledged(c);
}

void change_ended(struct leg *l, struct request *r)
{
	struct call *c = call_get(l->r.call);
	const struct sdp *offer = ipc_part(r->v, r->m->sdp);
	struct sdp answer;

	const bool is_invite = r->m->method == SIP_INVITE, open = (is_invite || offer) && change_is_open(l);
	const bool ours = l->offers || open || (l->refreshing && is_invite); /* an offer that has no answer yet */
	const bool busy = c && (ours || (c->change.active && !renegotiate_is_beside(c, l)));
	const enum refusal no =
	    c && c->change.active && c->change.from_side == l->r.side ? REFUSE_PENDING : REFUSE_GLARE;
	if (!c || l->r.state != LEG_UP || busy) {
		reply_refuse(r->reply, !c ? REFUSE_NO_DIALOG : busy ? no : change_not_now(l));
		return;
	}
	const char *why = offer ? ended_check_offer(l->r.trunk, l->r.clear, offer) : NULL;
	const bool asks = offer && !why && renegotiate_is_due(c, l, offer);
	if (offer && !why)
		why = ended_change(l, offer, asks ? UINT8_MAX : renegotiate_codecs(c, l), &answer);
	if (why) {
		reply_refuse_because(r->reply, REFUSE_OFFER, why);
		return;
	}
	if (asks && !renegotiate_may_ask(c, l)) {
		reply_refuse(r->reply, no);
		return;
	}
	const uint32_t session_s = l->r.session_s;
	const uint8_t refresher_us = l->r.refresher_us;
	if (!session_asked(l, r->m)) {
		reply_refuse(r->reply, REFUSE_INTERVAL);
		return;
	}
	if (r->m->contact.len)
		(void)leg_set_text(l, LEG_TARGET, REQUEST_STR(r, contact));
	if (asks) {
		c->change = (struct change){.is_update = r->m->method == SIP_UPDATE,
		    .from_side = l->r.side,
		    .reply = r->reply,
		    .session_s = session_s,
		    .refresher_us = refresher_us};
		renegotiate(c, l, offer);
		return;
	}
	if (offer)
		change_take_ended(c, l, offer, &answer);
	else if (is_invite)
		offer_ended(c, l);
	change_answer_refresh(l, r, offer != NULL);
}

/* --- while it rings (RFC 3311 5.2) --- */

bool change_is_early(const struct leg *l)
{
	return l->r.state == LEG_IN_CALLING || l->r.state == LEG_IN_ANSWERED || l->r.state == LEG_OUT_EARLY;
}

static const char *agree_early(struct call *c, struct leg *l, const struct sdp *offer, struct sdp *answer)
{
	struct sdp ours, theirs;
	const char *why = ended_check_offer(l->r.trunk, l->r.clear, offer);

	if (why)
		return why;
	if (l->r.state == LEG_OUT_EARLY)
		leg_fork_keep_offer(l);
	leg_local(l, &ours);
	leg_remote(l, &theirs);
	sdp_keep_codecs(&ours, ended_codecs(&theirs)); /* the caller may be answered with those alone */
	leg_set_local(l, &ours);
	if ((why = ended_change(l, offer, ended_codecs(&ours), answer)))
		return why;
	l->updated = 1;
	media_face(answer, c, l, offer->audio.rtcp_mux);
	leg_set_local(l, answer);
	leg_set_remote(l, offer);
	ended_settle(l);
	l->r.learn_epoch++;
	if (c->r.callee == l->r.id || l->r.state == LEG_IN_CALLING)
		call_relay(c);
	return NULL;
}

/* What was offered first was answered reliably, and that was acknowledged (RFC 3262 5, RFC 3311 5.1). */
static bool may_offer_early(const struct leg *l)
{
	const bool heard = l->early && l->reliable && !l->ringing && !l->ring_next;

	return l->r.ends != RELAY_PASSING &&
	       ((l->r.state == LEG_OUT_EARLY && l->agreed) || (l->r.state == LEG_IN_CALLING && heard));
}

void change_early(struct leg *l, struct request *r)
{
	struct call *c = call_get(l->r.call);
	const struct sdp *offer = ipc_part(r->v, r->m->sdp);
	struct sdp answer;

	if (offer && r->m->method == SIP_PRACK && !(c && may_offer_early(l))) {
		reply_refuse_because(
		    r->reply, REFUSE_OFFER, "an offer in a PRACK, and the first one has no answer yet");
		return;
	}
	if (offer && !(c && may_offer_early(l))) {
		reply_refuse(r->reply, c ? change_not_now(l) : REFUSE_NO_DIALOG);
		return;
	}
	const char *why = offer ? agree_early(c, l, offer, &answer) : NULL;
	if (why) {
		reply_refuse_because(r->reply, REFUSE_OFFER, why);
		return;
	}
	if (r->m->contact.len)
		(void)leg_set_text(l, LEG_TARGET, REQUEST_STR(r, contact));
	leg_send_plain_ok(l, r->reply, offer ? &answer : NULL);
}
