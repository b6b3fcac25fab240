/* SPDX-License-Identifier: ISC */
#include "response.h"
#include "body.h"
#include "client.h"
#include "draft.h"
#include "names.h"
#include "orphan.h"
#include "send.h"

void response_local(uint64_t ref, uint64_t flow, enum sip_method method, uint16_t code)
{
	struct link *l = child_link(PROC_CORE, 0);
	struct msg_response *m = l && ref ? ipc_begin(l, MSG_RESPONSE) : NULL;

	if (!m)
		return;
	m->ref = ref;
	m->flow = flow;
	m->method = (uint8_t)method;
	m->code = code;
	m->local = 1;
	ipc_end(l);
}

static void fill_numbers(struct msg_response *r, const struct sip_msg *m)
{
	r->code = m->status;
	r->cseq = m->cseq;
	r->rseq = sip_has(m, SIP_H_RSEQ) ? m->rseq : 0;
	r->supported = m->supported;
	r->required = m->require.known;
	r->allow = m->allow;
	if (sip_has(m, SIP_H_SESSION_EXPIRES)) {
		r->session_expires = m->session_expires_s;
		r->refresher = (uint8_t)m->refresher;
	}
	r->min_se = sip_has(m, SIP_H_MIN_SE) ? m->min_se_s : 0;
	r->retry_after = sip_has(m, SIP_H_RETRY_AFTER) ? m->retry_after_s : 0;
	if (m->reason_n && m->reason[0].has_cause)
		r->cause = m->reason[0].cause;
}

static struct span contact_of(const struct sip_msg *m)
{
	struct span target = m->contact_n == 1 ? uri_bare(&m->contact[0].addr.uri) : span_of(NULL, 0);

	return m->status < 300 && draft_text_ok(target, URI_TEXT_MAX) ? target : span_of(NULL, 0);
}

/* Nobody outside says where a call goes on: a phone alone. */
static struct span redirect_of(const struct sip_msg *m, bool trunk, struct draft_user *to)
{
	draft_fill_redirect(to, m);
	return trunk ? span_of(NULL, 0) : span_of(to->text, to->n);
}

/* The strongest challenge that could be answered (RFC 8760 2.4). */
static const struct sip_challenge *challenge_of(const struct sip_msg *m)
{
	const struct sip_challenge *best = NULL;

	for (int i = 0; i < m->challenge_n; i++) {
		const struct sip_challenge *k = &m->challenge[i];
		if (k->alg > DIGEST_SHA256 || !draft_text_ok(k->realm, SITE_NAME_MAX) ||
		    !draft_text_ok(k->nonce, TRUNK_NONCE_MAX) || !draft_text_ok(k->opaque, TRUNK_NONCE_MAX))
			continue;
		if (!best || k->alg > best->alg)
			best = k;
	}
	return m->status == 401 || m->status == 407 ? best : NULL;
}

static void put_challenge(struct link *l, struct msg_response *r, const struct sip_challenge *k)
{
	r->has_challenge = 1;
	r->auth_algorithm = (uint8_t)k->alg;
	r->auth_qop = k->qop_auth;
	r->auth_stale = k->stale;
	r->auth_proxy = k->proxy;
	r->auth_realm = ipc_put(l, k->realm);
	r->auth_nonce = ipc_put(l, k->nonce);
	r->auth_opaque = ipc_put(l, k->opaque);
}

/* Of our own binding, among those that a registrar may name (RFC 3261 10.2.4). One behind which an address was changed on the way is not
 * known as ours: the first that ends is taken for it. */
static uint32_t expires_of(const struct sip_msg *m)
{
	uint32_t least = ABSENT;

	for (int i = 0; i < m->contact_n; i++) {
		if (!m->contact[i].has_expires)
			continue;
		if (name_is_ours(&m->contact[i].addr.uri))
			return m->contact[i].expires_s;
		if (m->contact[i].expires_s < least)
			least = m->contact[i].expires_s;
	}
	if (sip_has(m, SIP_H_EXPIRES) && m->expires_s < least)
		least = m->expires_s;
	return least;
}

/* What only a trunk says: a phone is never answered when it asks for a password (T34). */
static void fill_trunk(struct link *l, struct msg_response *r, const struct sip_msg *m)
{
	const struct sip_challenge *k = challenge_of(m);

	r->expires = expires_of(m);
	r->min_expires = sip_has(m, SIP_H_MIN_EXPIRES) ? m->min_expires_s : 0;
	if (k)
		put_challenge(l, r, k);
}

/* flow: that core named. */
static void pass(uint64_t ref, uint64_t flow, bool trunk, const struct sip_msg *m)
{
	struct link *l = child_link(PROC_CORE, 0);
	uint8_t routes[ROUTE_SET_MAX];
	size_t routes_n = 0;
	struct draft_user to;
	struct body body;
	const char *why;
	bool read = body_read(m, &body, &why) == 0 && body.sdp;
	struct msg_response *r = l ? ipc_begin(l, MSG_RESPONSE) : NULL;

	if (!r)
		return;
	if (!draft_join_routes(m, true, routes, &routes_n))
		routes_n = 0;
	fill_numbers(r, m);
	r->ref = ref;
	r->flow = flow;
	r->method = (uint8_t)m->method;
	if (trunk)
		fill_trunk(l, r, m);
	r->sdp = ipc_put_part(l, read ? body.sdp : NULL, sizeof *body.sdp);
	r->to_tag = ipc_put(l, draft_text_ok(m->to.tag, TAG_MAX) ? m->to.tag : span_of(NULL, 0));
	r->contact = ipc_put(l, contact_of(m));
	r->redirect = ipc_put(l, redirect_of(m, trunk, &to));
	r->route_set = ipc_put(l, span_of(routes, routes_n));
	if (m->method == SIP_BYE && m->status < 300) /* the leg is over, and nothing hangs on this */
		ipc_end_late(l);
	else
		ipc_end(l);
}

static enum txn_event event_of(unsigned code)
{
	return code < 200 ? TXN_1XX : code < 300 ? TXN_2XX : TXN_REFUSED;
}

/* No 1xx ends a transaction, so t stays. */
static void take_provisional(struct client_txn *t, const struct sip_msg *m)
{
	unsigned effects = client_step(t, TXN_1XX);

	if (effects & TXN_DO_PASS && !t->orphan && m->status != 100 && t->provisionals < PROVISIONALS_MAX) {
		t->provisionals++;
		pass(t->ref, t->flow, client_conn(t)->trunk, m);
	}
	/* RFC 3261 9.1: a CANCEL waits for the first provisional response */
	if (t->cancel_wanted)
		send_cancel(t, t->cancel_cause, span_of(t->cancel_text, t->cancel_text_n));
}

static void take_final(struct client_txn *t, const struct sip_msg *m)
{
	bool first = t->state == TXN_TRYING || t->state == TXN_PROCEEDING, orphan = t->orphan;
	bool trunk = client_conn(t)->trunk != 0;
	uint64_t ref = t->ref, flow = t->flow;

	/* both repeat text that goes with the transaction */
	if (t->method == SIP_INVITE && (first || t->state == TXN_COMPLETED) && m->status >= 300)
		send_ack(t, m);
	else if (t->method == SIP_INVITE && m->status < 300 && orphan)
		orphan_answered(t, m);
	else if (t->method == SIP_INVITE && m->status < 300 && first)
		orphan_may_be(t, m);
	if (client_step(t, event_of(m->status)) & TXN_DO_PASS && !orphan)
		pass(ref, flow, trunk, m);
}

void response_take(struct conn *c, const struct sip_msg *m)
{
	enum sip_method of = m->method == SIP_CANCEL ? SIP_INVITE : m->method;
	struct client_txn *t = m->via_n == 1 ? client_find(c, m->via.branch, of) : NULL;

	if (t && client_conn(t) != c)
		client_follow(t, c);
	if (t && m->method == SIP_CANCEL)
		client_cancel_heard(t);
	else if (!t)
		count.strays++; /* of a CANCEL of ours, or too late */
	else if (m->status < 200)
		take_provisional(t, m);
	else
		take_final(t, m);
}
