/* SPDX-License-Identifier: ISC */
#include "leg_send.h"
#include "call.h"
#include "session.h"
#include "trunk_auth.h"

enum { T1_MS = 500, T2_MS = 4000, T64_MS = 64 * T1_MS, REMIND_MS = 60000, REMIND_RELIABLY_MS = 150000 };

static void put_identity(struct leg *l, struct link *link, struct str *user, struct str *display)
{
	const struct user *u = directory_user(directory_find(leg_text(l, LEG_LOCAL_USER)));

	*user = ipc_put(link, leg_text(l, LEG_LOCAL_USER));
	*display = ipc_put(link, span_str(u ? u->display : ""));
}

static struct msg_send *begin_to(
    struct leg *l, const struct leg_far *to, enum sip_method method, enum ask_kind kind, struct link **link)
{
	struct flow *f = leg_flow(l);
	struct link *edge = f ? flow_link(f) : NULL;
	const enum pool_claim claim = (enum pool_claim)l->r.claim;
	enum msg_class class = claim == POOL_HELP                ? CLASS_EMERGENCY
	                       : to->tag.n || claim == POOL_BACK ? CLASS_DIALOG
	                                                         : CLASS_NEW;
	uint64_t ref = 0;

	if (!edge || (method != SIP_ACK && (ref = ask_new(kind, l->r.id, f->edge, claim)) == 0))
		return NULL;
	struct msg_send *m = ipc_begin_as(edge, MSG_SEND, class);
	if (!m) {
		ask_done(ref);
		return NULL;
	}
	if (method != SIP_ACK)
		l->r.local_cseq++;
	m->ref = ref;
	m->flow = f->id;
	m->method = (uint8_t)method;
	m->emergency = l->r.claim;
	m->target = ipc_put(edge, to->target);
	m->route_set = ipc_put(edge, to->route_set);
	m->from_user = ipc_put(edge, leg_text(l, LEG_LOCAL_USER));
	m->from_tag = ipc_put(edge, span_str(l->r.local_tag));
	m->to_user = ipc_put(edge, leg_text(l, LEG_REMOTE_USER));
	m->to_tag = ipc_put(edge, to->tag);
	m->call_id = ipc_put(edge, leg_text(l, LEG_CALL_ID));
	m->cseq = method == SIP_ACK ? l->r.invite_cseq : l->r.local_cseq;
	m->leg_token = ipc_put(edge, span_str(l->r.token));
	m->max_forwards = 70;
	put_identity(l, edge, &m->identity_user, &m->identity_display);
	/* RFC 3261 12.2.1.1: whoever was nobody in the INVITE stays nobody in the ACK and all that follows */
	m->privacy = l->r.trunk && leg_text(l, LEG_LOCAL_USER).n == 0;
	l->repeated &= (uint16_t) ~(1u << kind);
	if (l->r.trunk && l->credentials && method != SIP_ACK) {
		l->repeated |= (uint16_t)(1u << kind);
		trunk_auth_put(edge, m, l->credentials);
	}
	if (method == SIP_INVITE)
		l->r.invite_cseq = l->r.local_cseq;
	*link = edge;
	return m;
}

static struct leg_far far_of(const struct leg *l)
{
	return (struct leg_far){leg_text(l, LEG_REMOTE_TAG), leg_text(l, LEG_TARGET), leg_text(l, LEG_ROUTE_SET)};
}

struct msg_send *leg_begin_request(struct leg *l, enum sip_method method, enum ask_kind kind, struct link **link)
{
	const struct leg_far to = far_of(l);

	return begin_to(l, &to, method, kind, link);
}

void leg_send_ack_with(struct leg *l, const struct sdp *answer)
{
	struct link *edge;
	struct msg_send *m = leg_begin_request(l, SIP_ACK, ASK_KINDS, &edge);

	if (!m)
		return;
	if (answer)
		m->sdp = ipc_put_part(edge, answer, sizeof *answer);
	ipc_end(edge);
}

void leg_send_ack(struct leg *l)
{
	leg_send_ack_with(l, NULL);
}

static void put_reason(struct leg *l, struct link *edge, uint16_t *cause, struct str *text)
{
	const struct refusal_row *w = refusal_row((enum refusal)l->refusal);

	if (!w->cause)
		return;
	*cause = w->cause;
	*text = ipc_put(edge, span_str(l->refusal_text ? l->refusal_text : w->text));
}

void leg_send_bye(struct leg *l)
{
	struct link *edge;
	struct msg_send *m = leg_begin_request(l, SIP_BYE, ASK_BYE, &edge);

	if (!m) {
		leg_event_later(l, LEG_LOST, 0);
		return;
	}
	l->bye_flow = m->flow;
	put_reason(l, edge, &m->cause, &m->cause_text);
	ipc_end(edge);
	leg_event_later(l, LEG_LOST, LEG_PATIENCE_MS);
}

void leg_bye_again(struct leg *l)
{
	if (l->r.state != LEG_LEAVING)
		return;
	if (l->credentials)
		leg_send_bye(l);
	else
		leg_event(l, LEG_BYE_ENDS);
}

static bool cancel(struct leg *l, uint64_t ref)
{
	const struct ask *a = ask_get(ref);
	struct link *edge = a ? child_link(PROC_EDGE, a->edge) : NULL;
	struct msg_cancel_sent *m = edge ? ipc_begin(edge, MSG_CANCEL_SENT) : NULL;

	if (!m)
		return false;
	m->ref = ref;
	put_reason(l, edge, &m->cause, &m->cause_text);
	ipc_end(edge);
	return true;
}

void leg_cancel_change(struct leg *l)
{
	cancel(l, l->change_ref);
}

void leg_send_cancel(struct leg *l)
{
	if (!cancel(l, l->invite_ref)) {
		leg_event_later(l, LEG_LOST, 0);
		return;
	}
	/* RFC 3261 9.1: without a final answer the INVITE counts as cancelled */
	leg_event_later(l, LEG_LOST, LEG_PATIENCE_MS);
}

uint64_t leg_send_prack(struct leg *l, const struct leg_far *to, uint32_t rseq)
{
	struct link *edge;
	uint32_t invite_cseq = l->r.invite_cseq;
	struct msg_send *m = begin_to(l, to, SIP_PRACK, ASK_PRACK, &edge);

	if (!m)
		return 0;
	const uint64_t ref = m->ref;
	m->rack_rseq = rseq;
	m->rack_cseq = invite_cseq;
	m->rack_method = SIP_INVITE;
	ipc_end(edge);
	return ref;
}

static bool send_prack(struct leg *l, uint32_t rseq)
{
	const struct leg_far to = far_of(l);
	const uint64_t ref = leg_send_prack(l, &to, rseq);

	if (!ref)
		return false;
	l->prack_ref = ref;
	l->prack_rseq = rseq;
	return true;
}

void leg_acknowledge(struct leg *l)
{
	bool rings = l->r.state == LEG_OUT_SENT || l->r.state == LEG_OUT_EARLY;

	if (rings && !l->prack_ref && !l->prack_waits && l->prack_rseq != l->rseq)
		(void)send_prack(l, l->prack_rseq + 1);
}

/* Without credentials nothing more is said of it: what rings ends its INVITE by itself (RFC 3262 3). */
void leg_prack_again(struct leg *l)
{
	if (!l->prack_waits) /* of a dialog that is not followed any more */
		return;
	l->prack_waits = 0;
	if (l->credentials && l->r.state == LEG_OUT_EARLY && !send_prack(l, l->prack_rseq))
		l->prack_rseq--; /* and challenged again */
	else
		leg_acknowledge(l);
}

static void send_ok_once(struct leg *l)
{
	struct msg_respond *m = reply_begin(l->invite, 200);
	struct link *edge = reply_link(l->invite);
	struct sdp local;

	if (!m)
		return;
	m->to_tag = ipc_put(edge, span_str(l->r.local_tag));
	m->leg_token = ipc_put(edge, span_str(l->r.token));
	put_identity(l, edge, &m->identity_user, &m->identity_display);
	session_put(l, m);
	if (l->offers)
		leg_next(l, &local);
	else
		leg_local(l, &local);
	m->sdp = ipc_put_part(edge, &local, sizeof local);
	reply_end(l->invite);
}

void leg_send_ok(struct leg *l)
{
	send_ok_once(l);
	l->repeat.fire = leg_repeat_ok;
	l->repeat_ms = T1_MS;
	l->repeat_end_ms = child_now() + T64_MS;
	timer_set(&child_wheel, &l->repeat, child_now() + l->repeat_ms);
}

/* After repeat_ms, but not later than the end. */
static void repeat_again(struct leg *l, uint64_t now_ms)
{
	uint64_t due = now_ms + l->repeat_ms;
	timer_set(&child_wheel, &l->repeat, due < l->repeat_end_ms ? due : l->repeat_end_ms);
}

/* RFC 3261 13.3.1.4: over reliable transports too */
void leg_repeat_ok(struct timer *t, uint64_t now_ms)
{
	struct leg *l = (struct leg *)(void *)((char *)t - offsetof(struct leg, repeat));

	if (now_ms >= l->repeat_end_ms) {
		l->refusal = REFUSE_NO_ACK;
		leg_event(l, LEG_NO_ACK);
		return;
	}
	send_ok_once(l);
	l->repeat_ms = l->repeat_ms * 2 > T2_MS ? T2_MS : l->repeat_ms * 2;
	repeat_again(l, now_ms);
}

void leg_stop_repeat(struct leg *l)
{
	timer_cancel(&child_wheel, &l->repeat);
}

static void send_provisional_once(struct leg *l, uint16_t code)
{
	struct msg_respond *m = reply_begin(l->invite, code);
	struct link *edge = reply_link(l->invite);

	if (!m)
		return;
	m->to_tag = ipc_put(edge, span_str(l->r.local_tag));
	m->leg_token = ipc_put(edge, span_str(l->r.token));
	put_identity(l, edge, &m->identity_user, &m->identity_display);
	if (l->reliable) {
		m->required = SIP_TAG_100REL;
		m->rseq = l->rseq;
	}
	/* acknowledged once, a description would be an offer (RFC 3262 5) */
	if (l->early && !(l->reliable && l->reminds)) {
		struct sdp local;
		leg_local(l, &local);
		m->sdp = ipc_put_part(edge, &local, sizeof local);
	}
	reply_end(l->invite);
}

/* RFC 3262 3 */
static void repeat_provisional(struct timer *t, uint64_t now_ms)
{
	struct leg *l = (struct leg *)(void *)((char *)t - offsetof(struct leg, repeat));

	if (now_ms >= l->repeat_end_ms) {
		if (l->r.claim == POOL_HELP) /* whoever is in need is not hung up on for that (R16) */
			leg_acknowledged(l);
		else
			call_leg_unheard(l);
		return;
	}
	send_provisional_once(l, l->ringing);
	l->repeat_ms *= 2;
	repeat_again(l, now_ms);
}

static void say_provisional(struct leg *l, uint16_t code);

/* A proxy on the way ends what it heard nothing of for three minutes (RFC 3261 13.3.1.1). */
static void remind(struct timer *t, uint64_t now_ms)
{
	struct leg *l = (struct leg *)(void *)((char *)t - offsetof(struct leg, repeat));

	(void)now_ms;
	l->reminds = true;
	say_provisional(l, l->rang);
}

/* What was acknowledged was heard (RFC 3262 3). */
static void remind_later(struct leg *l)
{
	l->repeat.fire = remind;
	timer_set(&child_wheel, &l->repeat, child_now() + (l->reliable ? REMIND_RELIABLY_MS : REMIND_MS));
}

void leg_acknowledged(struct leg *l)
{
	const uint16_t next = l->ring_next;

	leg_stop_repeat(l);
	l->ringing = l->ring_next = 0;
	if (l->answers)
		leg_event(l, LEG_ANSWER);
	else if (next)
		leg_send_provisional(l, next);
	else
		remind_later(l);
}

static void say_provisional(struct leg *l, uint16_t code)
{
	if (l->reliable) {
		l->rseq++;
		l->ringing = code;
		l->repeat.fire = repeat_provisional;
		l->repeat_ms = T1_MS;
		l->repeat_end_ms = child_now() + T64_MS;
		timer_set(&child_wheel, &l->repeat, child_now() + l->repeat_ms);
	} else {
		remind_later(l);
	}
	send_provisional_once(l, code);
}

void leg_send_provisional(struct leg *l, uint16_t code)
{
	if (l->ringing) { /* the last one must be acknowledged before the next */
		l->ring_next = code;
		return;
	}
	l->rang = code;
	l->reminds = false;
	say_provisional(l, code);
}

void leg_send_plain_ok(struct leg *l, struct reply to, const struct sdp *sdp)
{
	struct msg_respond *m = reply_begin(to, 200);
	struct link *edge = reply_link(to);

	if (!m)
		return;
	m->to_tag = ipc_put(edge, span_str(l->r.local_tag));
	m->leg_token = ipc_put(edge, span_str(l->r.token));
	if (l->r.state == LEG_UP) /* before, it has no session timer */
		session_put(l, m);
	m->sdp = ipc_put_part(edge, sdp, sizeof *sdp);
	reply_end(to);
}
