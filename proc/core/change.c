/* SPDX-License-Identifier: ISC */
/* A phone changes the session (hold, resume, codec): its offer goes to the other phone, the answer comes back
 * (RFC 3261 14, RFC 3311). One change at a time in a call: the second is 491 or 500 (RFC 3261 14.2). */
#include "change.h"
#include "leg_send.h"
#include "media.h"
#include "session.h"
#include "wire/sdp_offer.h"

/* An offer that says again what is agreed already: a refresh, answered from what stands. */
static bool same_session(const struct sdp *a, const struct sdp *b)
{
	struct sdp x = *a, y = *b;

	x.id = y.id = x.version = y.version = 0;
	return memcmp(&x, &y, sizeof x) == 0;
}

static void answer_refresh(struct leg *l, struct request *r, bool with_sdp)
{
	session_start(l);
	if (r->m->method == SIP_INVITE) {
		l->invite = r->reply;
		leg_send_ok(l);
	} else {
		leg_send_plain_ok(l, r->reply, with_sdp ? &l->r.local : NULL);
	}
	leg_save(l);
}

static bool pass_on(struct call *c, struct leg *other, const struct sdp *offer)
{
	struct link *edge;
	struct msg_send *m = leg_begin_request(other, SIP_INVITE, ASK_CHANGE, &edge);

	if (!m)
		return false;
	ask_done(other->change_ref);
	other->change_ref = m->ref;
	struct sdp out = *offer;
	sdp_keep_audio_only(&out);
	media_face(&out, c, other, offer->audio.rtcp_mux);
	out.audio.setup = out.audio.setup ? SDP_ACTPASS : SDP_SETUP_NONE;
	other->r.local = out;
	session_put_request(other, m);
	m->sdp = ipc_put_part(edge, &out, sizeof out);
	ipc_end(edge);
	return true;
}

static void offer_to_other(struct call *c, struct leg *l, struct leg *other, struct request *r, const struct sdp *offer)
{
	enum sdp_refusal bad = sdp_check_offer(offer);

	if (bad) {
		reply_refuse_because(r->reply, REFUSE_OFFER, sdp_refusal_text(bad));
		return;
	}
	if (c->change.active) {
		reply_refuse(r->reply, c->change.from_side == l->r.side ? REFUSE_PENDING : REFUSE_GLARE);
		return;
	}
	c->change = (struct change){.active = true,
	    .is_update = r->m->method == SIP_UPDATE,
	    .from_side = l->r.side,
	    .reply = r->reply,
	    .offer = *offer};
	if (!pass_on(c, other, offer)) {
		c->change.active = false;
		reply_refuse(r->reply, REFUSE_PENDING);
	}
}

void change_on_request(struct leg *l, struct request *r)
{
	struct call *c = call_get(l->r.call);
	struct leg *other = c ? call_other(c, l) : NULL;
	const struct sdp *offer = ipc_part(r->v, r->m->sdp);

	if (l->r.state != LEG_UP || !other || other->r.state != LEG_UP) {
		/* an early change, or one that crosses the answer (RFC 3311 5.2) */
		reply_refuse(r->reply, l->r.state == LEG_UP ? REFUSE_PENDING : REFUSE_GLARE);
		return;
	}
	if (!session_asked(l, r->m)) {
		reply_refuse(r->reply, REFUSE_INTERVAL);
		return;
	}
	if (r->m->contact.len && !span_cstr(REQUEST_STR(r, contact), l->r.target, sizeof l->r.target)) {
		reply_refuse(r->reply, REFUSE_TOO_LONG);
		return;
	}
	if (!offer || (l->r.has_remote && same_session(offer, &l->r.remote)))
		answer_refresh(l, r, offer != NULL);
	else
		offer_to_other(c, l, other, r, offer);
}

/* Both sides agreed: what the relay does follows, and then the one who asked hears it. */
static void agree(struct call *c, struct leg *asker, struct leg *other, const struct sdp *answer)
{
	struct change *ch = &c->change;
	struct sdp out = *answer;

	asker->r.remote = ch->offer;
	asker->r.learn_epoch++;
	other->r.remote = *answer;
	other->r.has_remote = 1;
	other->r.learn_epoch++;
	sdp_answer_codecs(&ch->offer, &out);
	sdp_answer_lines(&ch->offer, &out);
	media_face(&out, c, asker, answer->audio.rtcp_mux && ch->offer.audio.rtcp_mux);
	if (out.audio.setup == SDP_ACTIVE && other->r.local.audio.setup == SDP_ACTIVE)
		out.audio.setup = SDP_PASSIVE;
	asker->r.local = out;
	c->r.key = (uint8_t)media_key(answer);
	media_relay(c);
	session_start(asker);
	session_start(other);
	leg_save(asker);
	leg_save(other);
	call_save(c);
	if (ch->is_update) {
		leg_send_plain_ok(asker, ch->reply, &asker->r.local);
	} else {
		asker->invite = ch->reply;
		leg_send_ok(asker);
	}
}

static const struct {
	uint16_t code;
	enum refusal why;
} passed_on[] = {{488, REFUSE_OFFER}, {491, REFUSE_GLARE}, {606, REFUSE_OFFER}, {415, REFUSE_OFFER}};

static enum refusal refusal_for(uint16_t code)
{
	for (size_t i = 0; i < sizeof passed_on / sizeof *passed_on; i++)
		if (passed_on[i].code == code)
			return passed_on[i].why;
	return REFUSE_PENDING;
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
	if (m->code < 300 && m->method == SIP_INVITE)
		leg_send_ack(l);
	if (!asker || !c->change.active || a->ref != l->change_ref)
		return;
	c->change.active = false;
	const struct sdp *answer = ipc_part(v, m->sdp);
	enum sdp_refusal bad =
	    m->code >= 300 ? SDP_ACCEPTABLE : answer ? sdp_check_answer(&l->r.local, answer) : SDP_NO_AUDIO_OFFERED;
	if (m->code < 300 && !bad) {
		session_agreed(l, m);
		agree(c, asker, l, answer);
	} else if (m->code < 300) {
		reply_refuse_because(c->change.reply, REFUSE_OFFER, sdp_refusal_text(bad));
	} else {
		reply_refuse(c->change.reply, refusal_for(m->code));
		if ((m->code == 481 || m->code == 408) && !m->local)
			call_leg_silent(l);
	}
}
