/* SPDX-License-Identifier: ISC */
#include "session_int.h"
#include "base/rand.h"
#include "change.h"
#include "leg_send.h"
#include "trunk_dialog.h"
#include "wire/sdp_offer.h"

/* A phone that answered nothing for so long is gone, and its call with it. */
enum { UNANSWERED_MAX = 2, AGAIN_MS = 10000 };

/* One that may have another session than we is offered ours so often, should it have no time for that: for longer than what it was asked
 * before may take, 64*T1. */
enum { UNSURE_TRIES = 5 };

/* One that refuses a refresh is asked again after this, and each time twice as long (RFC 4028 10); GLARE_MS: RFC 3261 14.1. */
enum { GLARE_MS = 2500, REFUSED_MAX = 8 };

bool session_asked(struct leg *l, const struct msg_request *m)
{
	uint32_t ours = child_site()->session_expires_s;
	bool asks = m->session_expires != ABSENT && m->session_expires != 0;

	if (asks && m->session_expires < SESSION_MIN_S)
		return false;
	l->r.session_s = 0;
	l->r.refresher_us = 0;
	if (!asks) {
		/* the phone knows timers but asked for none: we ask, and refresh ourselves */
		if (m->supported & SIP_TAG_TIMER) {
			l->r.session_s = ours;
			l->r.refresher_us = 1;
		}
		return true;
	}
	uint32_t s = m->session_expires < ours ? m->session_expires : ours;
	if (m->min_se != ABSENT && s < m->min_se)
		s = m->min_se;
	if (s > SESSION_MAX_S) /* not before that, says the phone: then it has none, and is asked whether it is there */
		return true;
	l->r.session_s = s;
	l->r.refresher_us = m->refresher == REFRESHER_UAS || !(m->supported & SIP_TAG_TIMER);
	return true;
}

void session_agreed(struct leg *l, const struct msg_response *m)
{
	bool timer =
	    m->session_expires != ABSENT && m->session_expires >= SESSION_MIN_S && m->session_expires <= SESSION_MAX_S;

	l->r.session_s = timer ? m->session_expires : 0;
	l->r.refresher_us = timer && m->refresher != REFRESHER_UAS;
}

void session_put_request(struct leg *l, struct msg_send *m)
{
	uint32_t want = l->r.session_s ? l->r.session_s : child_site()->session_expires_s;

	m->supported |= SIP_TAG_TIMER;
	m->session_expires = want;
	m->min_se = SESSION_MIN_S;
	if (l->r.session_s)
		m->refresher = l->r.refresher_us ? REFRESHER_UAC : REFRESHER_UAS;
}

void session_put(struct leg *l, struct msg_respond *m)
{
	if (!l->r.session_s)
		return;
	m->session_expires = l->r.session_s;
	m->refresher = l->r.refresher_us ? REFRESHER_UAS : REFRESHER_UAC;
	m->required |= l->r.refresher_us ? 0 : SIP_TAG_TIMER;
}

static struct leg *leg_of(struct timer *t)
{
	return (struct leg *)(void *)((char *)t - offsetof(struct leg, session));
}

/* What it may have been offered meanwhile had the next version (RFC 3264 8). Whether it heard that its hold stands is not known either: only
 * who holds answers with less (RFC 6337 5.3). */
static void offer_to_unsure(struct leg *l, struct sdp *ours)
{
	struct sdp theirs;

	leg_remote(l, &theirs);
	ours->version += 2;
	if (sdp_holds(&theirs))
		ours->audio.direction = SDP_SENDRECV;
	leg_set_local(l, ours);
	leg_save(l);
}

static void refresh(struct leg *l)
{
	struct link *edge;
	struct sdp local;
	bool update = l->r.allow >> SIP_UPDATE & 1 && !leg_owes_answer(l) && !l->unsure;
	struct msg_send *m = leg_begin_request(l, update ? SIP_UPDATE : SIP_INVITE, ASK_REFRESH, &edge);

	if (!m)
		return;
	session_put_request(l, m);
	ask_done(l->refresh_ref);
	l->refresh_ref = m->ref;
	l->refreshing = !update;
	if (!update) {
		leg_local(l, &local);
		if (l->unsure)
			offer_to_unsure(l, &local);
		m->sdp = ipc_put_part(edge, &local, sizeof local);
	}
	ipc_end(edge);
}

static void ask_alive(struct leg *l)
{
	struct link *edge;

	if (leg_begin_request(l, SIP_OPTIONS, ASK_ALIVE, &edge))
		ipc_end(edge);
}

/* Who sends is there, whatever it answers: many a gateway answers nothing inside a dialog that it has no rule for. */
static void look_at_media(struct leg *l)
{
	const struct call *c = call_get(l->r.call);
	const uint64_t heard = c->packets[l->r.side];

	if (l->r.id != c->r.caller && l->r.id != c->r.callee) /* another has that side of the relay */
		return;
	if (heard != l->heard_then && !l->r.session_s)
		l->unanswered = 0;
	l->heard_then = heard;
}

/* Whoever refuses each refresh is there, and a call for help is hung up on by nobody here (R16). */
static bool is_over(struct leg *l, uint64_t now_ms)
{
	if (l->refused < 2 || !l->r.session_s || now_ms < l->session_end_ms)
		return false;
	if (l->r.claim == POOL_HELP)
		session_start(l);
	else
		call_leg_not_refreshed(l);
	return true;
}

/* RFC 4028 10: the one who refreshes does so at half time; the other ends the call shortly before the end */
static void on_half(struct timer *t, uint64_t now_ms)
{
	struct leg *l = leg_of(t);
	uint32_t seconds = l->r.session_s ? l->r.session_s : child_site()->session_expires_s;

	if (!call_get(l->r.call)) {
		leg_hang_up(l, REFUSE_NONE);
		return;
	}
	look_at_media(l);
	if (l->unanswered >= UNANSWERED_MAX) {
		call_leg_silent(l);
		return;
	}
	if (is_over(l, now_ms))
		return;
	const bool owes = leg_owes_answer(l);
	if (!call_may_refresh(l)) { /* something else is under way */
		session_ask_again(l);
		return;
	}
	if (l->came_back && !l->refused && !l->unanswered && !session_back_asks(l) && !l->unsure)
		return;
	l->unanswered++;
	if (l->r.session_s || owes || l->came_back || l->unsure)
		refresh(l);
	else
		ask_alive(l);
	session_ask_at(
	    l, now_ms + (owes ? AGAIN_MS : seconds * 500ull)); /* as session_back_asks() may have begun anew */
}

static void on_end(struct timer *t, uint64_t now_ms)
{
	(void)now_ms;
	call_leg_silent(leg_of(t));
}

void session_start(struct leg *l)
{
	uint32_t s = l->r.session_s ? l->r.session_s : child_site()->session_expires_s;
	bool wait_for_it = l->r.session_s && !l->r.refresher_us;

	l->unanswered = l->refused = 0;
	l->came_back = false;
	l->session_end_ms = child_now() + (s - (s / 3 < 32 ? s / 3 : 32)) * 1000ull;
	l->session.fire = wait_for_it ? on_end : on_half;
	timer_set(&child_wheel, &l->session, wait_for_it ? l->session_end_ms : child_now() + s * 500ull);
}

void session_adopt(struct leg *l, uint32_t soon_ms)
{
	session_start(l);
	if (leg_owes_answer(l)) {
		session_ask_at(l, child_now() + soon_ms);
	} else if (l->unsure) {
		session_ask_unsure(l, child_now() + soon_ms);
	} else if (l->session.fire == on_half) {
		/* or all that stood are asked in the same moment, now and ever after */
		const uint64_t half_ms = l->session.due_ms - child_now();
		timer_set(&child_wheel, &l->session, l->session.due_ms - rand_u32() % (half_ms / 2));
	}
}

void session_stop(struct leg *l)
{
	timer_cancel(&child_wheel, &l->session);
}

static bool dialog_is_gone(uint16_t code)
{
	return code == 481 || code == 408;
}

void session_ask_at(struct leg *l, uint64_t due_ms)
{
	l->session.fire = on_half;
	timer_set(&child_wheel, &l->session, due_ms);
}

void session_ask_again(struct leg *l)
{
	session_ask_at(l, child_now() + AGAIN_MS);
}

void session_restore(struct leg *l)
{
	l->refused = 0; /* what it refused before was another matter */
	leg_be_unsure(l, true);
	refresh(l);
	if (!l->refreshing)
		session_ask_again(l);
}

/* Without a session timer there is nothing that ends: it is asked by OPTIONS again. */
static void is_refused(struct leg *l, uint16_t code)
{
	uint64_t due_ms = child_now() + ((uint64_t)(code == 491 ? GLARE_MS : AGAIN_MS) << l->refused);

	if (leg_owes_answer(l)) { /* what it does not answer is counted */
		session_ask_again(l);
		return;
	}
	l->unanswered = 0;
	const bool later = code == 491 || code == 422 || code >= 500;
	if (!later || l->refused >= UNSURE_TRIES)
		leg_be_unsure(l, false);
	if (l->refused < REFUSED_MAX) {
		l->refused++;
	} else if (!l->r.session_s) {
		session_start(l);
		return;
	}
	if (l->refused > 1 && l->r.session_s && due_ms > l->session_end_ms)
		due_ms = l->session_end_ms;
	session_ask_at(l, due_ms);
}

/* RFC 4028 7.4 leaves the method to us: what it said in Allow does not count against what it does. */
static bool takes_no_update(const struct msg_response *m)
{
	return m->method == SIP_UPDATE && (m->code == 405 || m->code == 488 || m->code == 501);
}

static void refreshed(struct leg *l, const struct msg_response *m)
{
	if (m->code < 300) {
		session_agreed(l, m);
		session_start(l);
		leg_save(l);
	} else if (takes_no_update(m)) {
		l->r.allow &= ~(1u << SIP_UPDATE);
		refresh(l);
	} else if (dialog_is_gone(m->code)) {
		call_leg_silent(l);
	} else { /* it is there, and wants it otherwise or later */
		if (m->code == 422 && m->min_se != ABSENT && m->min_se > l->r.session_s && m->min_se <= SESSION_MAX_S)
			l->r.session_s = m->min_se;
		is_refused(l, m->code);
	}
}

void session_refresh_again(struct leg *l)
{
	l->refreshing = 0;
	if (l->r.state != LEG_UP)
		return;
	if (l->credentials) {
		refresh(l);
	} else { /* as if it wanted it otherwise */
		is_refused(l, 401);
	}
}

void session_on_refresh_answer(const struct ask *a, const struct msg_response *m, const struct ipc_view *v)
{
	struct leg *l = leg_get(a->owner);

	if (m->code < 200)
		return;
	if (!l) {
		ask_done(a->ref);
		return;
	}
	if (l->r.state == LEG_UP && a->ref == l->refresh_ref && trunk_dialog_challenged(l, a, m, v))
		return;
	const bool first = l->refreshing && a->ref == l->refresh_ref;
	l->refreshing = 0;
	/* a 2xx to INVITE may come again: that ask is let go with the next, or with the leg */
	if (m->code < 300 && m->method == SIP_INVITE)
		leg_send_ack(l);
	else
		ask_done(a->ref);
	if (l->r.state != LEG_UP || m->local)
		return;
	refreshed(l, m);
	if (first && m->code < 300)
		change_on_refreshed(l, ipc_part(v, m->sdp));
}

void session_on_alive_answer(const struct ask *a, const struct msg_response *m, const struct ipc_view *v)
{
	struct leg *l = leg_get(a->owner);

	(void)v;
	if (!l || m->local || m->code < 200)
		return;
	l->unanswered = 0;
	if (dialog_is_gone(m->code))
		call_leg_silent(l);
}
