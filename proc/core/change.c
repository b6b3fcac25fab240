/* SPDX-License-Identifier: ISC */
/* A phone changes the session (hold, resume, codec; RFC 3261 14, RFC 3311): whether it passes on or is answered here, and how it is
 * over. One change at a time in a call: the second is 491 or 500 (RFC 3261 14.2). */
#include "change_int.h"
#include "leg_send.h"
#include "renegotiate.h"
#include "session.h"
#include "trunk_dialog.h"

enum {
	CHANGE_PATIENCE_MS = 32000,
	OFFERS_ASKED_MAX = 5,
	ENDED_PATIENCE_MS = 4000, /* whoever waits for its answer gives up an UPDATE after 64*T1 itself */
};

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
	if (r->m->method != SIP_INVITE && !with_sdp) { /* it says nothing of the session */
		leg_save(l);
		leg_send_plain_ok(l, r->reply, NULL);
		if (l->unsure && !change_is_open(l))
			session_ask_again(l);
		return;
	}
	leg_local(l, &local);
	l->unsure = true;
	leg_save(l);
	if (r->m->method == SIP_INVITE) {
		l->invite = r->reply;
		leg_send_ok(l);
	} else {
		leg_send_plain_ok(l, r->reply, &local);
		leg_be_unsure(l, false);
	}
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
	if (!other->unsure)
		c->change.marked |= (uint8_t)(1u << other->r.side);
	leg_be_unsure(other, true);
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

void change_over(struct call *c)
{
	struct leg *side[] = {leg_get(c->r.caller), leg_get(c->r.callee)};

	c->change.active = false;
	timer_cancel(&child_wheel, &c->patience);
	for (int i = 0; i < 2; i++) {
		if (side[i] && !offers_still(side[i])) {
			leg_set_next(side[i], NULL);
			side[i]->offers = 0;
		}
	}
}

void change_unmark(struct call *c)
{
	struct leg *side[] = {leg_get(c->r.caller), leg_get(c->r.callee)};

	for (int i = 0; i < 2; i++)
		if (side[i] && c->change.marked >> side[i]->r.side & 1 && !change_is_open(side[i]))
			leg_be_unsure(side[i], false);
}

void change_refused(struct call *c, struct leg *asker)
{
	struct leg *other = asker ? call_other(c, asker) : NULL;

	change_over(c);
	change_unmark(c);
	if (!asker)
		return;
	asker->r.session_s = c->change.session_s;
	asker->r.refresher_us = c->change.refresher_us;
	leg_save(asker);
	if (other)
		leg_save(other);
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

void change_on_request(struct leg *l, struct request *r)
{
	if (r->m->method == SIP_PRACK || (r->m->method == SIP_UPDATE && change_is_early(l)))
		change_early(l, r);
	else if (l->r.ends == RELAY_PASSING)
		change_passing(l, r);
	else
		change_ended(l, r);
}

/* Where it asked for an offer, its ACK is waited for as ever. */
void change_edge_lost(const struct leg *l, uint32_t edge)
{
	struct call *c = call_get(l->r.call);

	if (c && c->change.active && !c->change.unasked && !c->change.asks_offer && c->change.from_side == l->r.side &&
	    c->change.reply.edge == edge)
		c->change.reply.txn = 0;
}

void change_tell_asker(struct call *c, struct leg *asker, const struct sdp *out)
{
	leg_be_unsure(asker, true); /* until its ACK */
	if (!c->change.reply.txn) { /* it does not hear this, and is asked instead, once it is back */
		session_ask_again(asker);
		return;
	}
	if (c->change.is_update) {
		leg_send_plain_ok(asker, c->change.reply, out);
		leg_be_unsure(asker, false);
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

void change_on_ack(struct leg *l, struct request *r)
{
	struct call *c = call_get(l->r.call);
	const struct sdp *answer = ipc_part(r->v, r->m->sdp);
	const uint64_t id = l->r.id;
	bool taken = true;

	if (c && leg_owes_answer(l))
		change_answered_first(c, l, answer);
	else if (c && l->offers && l->r.ends == RELAY_PASSING)
		change_answered_back(c, l, answer);
	else if (c && l->offers)
		change_answered_ended(c, l, answer);
	else
		taken = !answer;
	if (taken && leg_get(id) && !change_is_open(l))
		leg_be_unsure(l, false);
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
		change_answered_back(c, asker, ipc_part(v, m->sdp));
	} else {
		call_fail_media(c, refusal_for(m->code), "the other phone does not take what this one changed");
	}
}

/* It said something new, and is asked for an offer of that. Not for ever: it is there, and is asked as ever. */
static void offers_nothing(struct leg *l, const struct msg_response *m)
{
	if (m->local)
		return;
	if (m->code != 491 && m->code < 500)
		leg_be_unsure(l, false);
	else if (++l->glares < OFFERS_ASKED_MAX)
		session_ask_again(l);
}

/* Edge answers for it, or is gone: it may have been asked all the same, and what it said is lost. */
static void heard_nothing(const struct ask *a, const struct msg_response *m)
{
	struct leg *l = m->local ? leg_get(a->owner) : NULL;

	if (l)
		leg_be_unsure(l, true);
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
		change_pass_back(c, asker, l, m, ipc_part(v, m->sdp));
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
	if (m->code == 487 && !m->local && l->change_cancelled && a->ref == l->change_ref && c && !c->change.active)
		change_unmark(c);
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
		heard_nothing(a, m);
		return;
	}
	if (m->code < 300) {
		change_answered(c, asker, l, m, ipc_part(v, m->sdp));
		return;
	}
	change_refused(c, asker);
	heard_nothing(a, m);
	if (c->change.unasked)
		offers_nothing(l, m);
	else
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
