/* SPDX-License-Identifier: ISC */
#include "respond.h"
#include "base/log.h"
#include "base/rand.h"
#include "names.h"

enum { TAG_OCTETS = 8, WARNING_MISCELLANEOUS = 399, Q850_MAX = 127 };

#define OWN_TAG "rf-"

static uint8_t octets[SIP_MESSAGE_MAX];

static struct span own_tag(void)
{
	static char tag[sizeof OWN_TAG + (size_t)2 * TAG_OCTETS];

	memcpy(tag, OWN_TAG, sizeof OWN_TAG);
	rand_hex(tag + sizeof OWN_TAG - 1, TAG_OCTETS);
	return span_str(tag);
}

bool respond_is_own_tag(struct span tag)
{
	return span_starts(tag, SPAN(OWN_TAG));
}

static void put_warning(struct buf *b, unsigned code, struct span text)
{
	if (text.n)
		sip_put_warning(b, code ? code : WARNING_MISCELLANEOUS, name_domain(), text);
}

static void put_own(struct buf *b, const struct own_answer *a)
{
	if (a->code == 405 || a->code == 501)
		sip_put_allow(b, a->methods ? a->methods : OWN_METHODS);
	if (a->code == 489)
		sip_put_text(b, SIP_H_ALLOW_EVENTS, SPAN(OWN_EVENTS));
	if (a->tags)
		sip_put_unsupported(b, a->tags, OWN_TAGS);
	if (a->accept.n)
		sip_put_text(b, SIP_H_ACCEPT, a->accept);
	if (a->code == 500 || a->code == 503)
		sip_put_number(b, SIP_H_RETRY_AFTER, RETRY_AFTER_S);
	put_warning(b, 0, span_str(a->why ? a->why : ""));
	sip_put_no_body(b);
}

static struct span write_own(const struct way_back *from, const struct sip_msg *m, const struct own_answer *a)
{
	struct buf b = buf_of(octets, sizeof octets);

	sip_put_response(&b, m, a->code, NULL, a->code == 100 ? span_of(NULL, 0) : own_tag(), &from->source);
	put_own(&b, a);
	count.own_answers++;
	return b.full ? span_of(NULL, 0) : buf_span(&b);
}

void respond_stateless(struct conn *c, const struct sip_msg *m, const struct own_answer *a)
{
	struct way_back to = conn_way_back(c);
	struct span answer = write_own(&to, m, a);

	if (answer.n)
		conn_reply(c, &to.reply, answer);
}

void respond_trying(struct server_txn *t)
{
	t->said_100 = true;
	server_answer(t, write_own(&t->way, server_request(t), &(struct own_answer){.code = 100}), TXN_1XX);
}

void respond_own(struct server_txn *t, unsigned code, const char *why)
{
	server_answer(
	    t, write_own(&t->way, server_request(t), &(struct own_answer){.code = code, .why = why}), TXN_REFUSED);
}

/* --- what core says --- */

struct answer {
	const struct msg_respond *m;
	const struct ipc_view *v;
	struct server_txn *t;
	const struct conn *c;
};

static struct span str(const struct answer *a, struct str s)
{
	return ipc_str(a->v, s);
}

static uint32_t required_tags(const struct msg_respond *m)
{
	return m->required | (m->rseq ? SIP_TAG_100REL : 0u) | (m->flow_timer ? SIP_TAG_OUTBOUND : 0u);
}

static void put_dialog(struct buf *b, const struct answer *a)
{
	struct span routes = server_record_route(a->t);

	name_put_contact(b, a->c->listener, str(a, a->m->leg_token));
	if (a->m->leg_token.len && routes.n)
		sip_put_text(b, SIP_H_RECORD_ROUTE, routes);
	if (a->m->identity_user.len)
		name_put_user(b, SIP_H_P_ASSERTED_IDENTITY, a->c->trunk, str(a, a->m->identity_display),
		    str(a, a->m->identity_user), span_of(NULL, 0));
	if (a->m->rseq)
		sip_put_number(b, SIP_H_RSEQ, a->m->rseq);
	if (a->m->session_expires)
		sip_put_session_expires(b, a->m->session_expires, (enum sip_refresher)a->m->refresher);
	if (a->m->min_se)
		sip_put_number(b, SIP_H_MIN_SE, a->m->min_se);
}

/* The one binding that this phone asked for, never those of others. */
static void put_binding(struct buf *b, const struct answer *a)
{
	const struct msg_respond *m = a->m;
	struct sip_contact_out contact = {
	    .uri = str(a, m->contact),
	    .instance = str(a, m->instance),
	    .has_expires = true,
	    .expires_s = m->expires,
	    .reg_id = m->reg_id,
	};

	if (m->code == 423)
		sip_put_number(b, SIP_H_MIN_EXPIRES, m->expires);
	else if (m->contact.len)
		sip_put_contact(b, &contact);
	if (m->flow_timer)
		sip_put_number(b, SIP_H_FLOW_TIMER, m->flow_timer);
}

static void put_challenge(struct buf *b, const struct answer *a)
{
	struct digest_challenge_out c = {
	    .realm = name_domain(),
	    .nonce = str(a, a->m->nonce),
	    .alg = a->m->challenge == CHALLENGE_MD5 ? DIGEST_MD5 : DIGEST_SHA256,
	    .stale = a->m->stale,
	};

	if (a->m->challenge != CHALLENGE_NONE)
		sip_put_challenge(b, &c);
}

static void put_abilities(struct buf *b, const struct answer *a)
{
	bool good = a->m->code / 100 == 2;

	if (a->m->code == 405 || (good && (a->t->method == SIP_INVITE || a->t->method == SIP_OPTIONS)))
		sip_put_allow(b, a->c->trunk ? TRUNK_METHODS : OWN_METHODS);
	if (a->m->code == 489)
		sip_put_text(b, SIP_H_ALLOW_EVENTS, SPAN(OWN_EVENTS));
	if (good && a->t->method != SIP_BYE && a->t->method != SIP_MESSAGE)
		sip_put_tags(b, SIP_H_SUPPORTED, OWN_TAGS);
	if (good && a->t->method == SIP_OPTIONS)
		sip_put_text(b, SIP_H_ACCEPT, SPAN("application/sdp, text/plain"));
	sip_put_tags(b, SIP_H_REQUIRE, required_tags(a->m));
}

static void put_reasons(struct buf *b, const struct answer *a)
{
	const struct msg_respond *m = a->m;

	if (m->cause)
		sip_put_reason(
		    b, m->cause <= Q850_MAX ? SIP_REASON_Q850 : SIP_REASON_SIP, m->cause, str(a, m->cause_text));
	put_warning(b, m->warning, str(a, m->warning_text));
	if (m->retry_after)
		sip_put_number(b, SIP_H_RETRY_AFTER, m->retry_after);
}

static void put_body(struct buf *b, const struct answer *a)
{
	const struct sdp *sdp = ipc_part(a->v, a->m->sdp);

	if (!sdp) {
		sip_put_no_body(b);
		return;
	}
	size_t mark = sip_body_begin(b, SPAN("application/sdp"));
	if (!sdp_write(b, sdp))
		b->full = true;
	sip_body_end(b, mark);
}

static void put_answer(struct buf *b, const struct answer *a)
{
	sip_put_response(b, server_request(a->t), a->m->code, NULL, str(a, a->m->to_tag), &a->t->way.source);
	put_dialog(b, a);
	if (a->t->method == SIP_REGISTER)
		put_binding(b, a);
	if (a->t->method == SIP_SUBSCRIBE && a->m->code / 100 == 2) /* RFC 6665 4.2.1.1 */
		sip_put_number(b, SIP_H_EXPIRES, a->m->expires);
	put_challenge(b, a);
	put_abilities(b, a);
	put_reasons(b, a);
	put_body(b, a);
}

static enum txn_event event_of(unsigned code)
{
	return code < 200 ? TXN_1XX : code < 300 ? TXN_2XX : TXN_REFUSED;
}

/* A final answer was given already, or it is a 100, which the edge itself gives. */
static bool too_late(const struct server_txn *t, unsigned code)
{
	if (t->state == TXN_TRYING || t->state == TXN_PROCEEDING)
		return false;
	return t->state != TXN_ACCEPTED || code / 100 != 2;
}

void respond_on_respond(struct link *from, const struct ipc_view *v)
{
	const struct msg_respond *m = v->payload;
	struct server_txn *t = server_of(m->txn);
	struct buf b = buf_of(octets, sizeof octets);

	if (m->code < 100 || m->code > 699) {
		child_accuse(from, "a response with an impossible code", 0, 0);
		return;
	}
	if (!t || too_late(t, m->code)) {
		count.strays++;
		return;
	}
	struct answer a = {m, v, t, server_conn(t)};
	if (m->code == 100) {
		if (!t->said_100)
			respond_trying(t);
		return;
	}
	put_answer(&b, &a);
	if (b.full) {
		log_error("flow %016llx: a response that no message can hold", (unsigned long long)a.c->id);
		if (m->code >= 200)
			respond_own(t, 500, "a response that could not be written");
		return;
	}
	t->said_100 = true;
	server_answer(t, buf_span(&b), event_of(m->code));
}
