/* SPDX-License-Identifier: ISC */
#include "send.h"
#include "base/log.h"
#include "draft.h"
#include "names.h"
#include "orphan.h"
#include "place.h"
#include "response.h"
#include "trunk.h"

/* CSEQ_LEAP: what core asked in the early dialog is not known here, and CSeq must rise (RFC 3261 12.2.1.1) */
enum { MAX_FORWARDS = 70, Q850_MAX = 127, CSEQ_LEAP = 1 << 12 };

static uint8_t octets[SIP_MESSAGE_MAX];

/* What CANCEL and ACK repeat of their INVITE: its URI, and the lines From, To, Call-ID and Route as they were written. */
struct head {
	struct span uri, from, to, call_id, route;
};

struct kept {
	uint16_t uri, from, to, call_id, route;
	uint8_t bytes[];
};

static struct text *keep(const struct head *h, enum pool_claim claim)
{
	const struct span part[] = {h->uri, h->from, h->to, h->call_id, h->route};
	size_t n = sizeof(struct kept) + h->uri.n + h->from.n + h->to.n + h->call_id.n + h->route.n;
	struct text *t = text_take(n, claim);

	if (!t)
		return NULL;
	struct kept *k = (struct kept *)(void *)t->bytes;
	uint8_t *at = k->bytes;
	for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
		if (part[i].n)
			memcpy(at, part[i].p, part[i].n);
		at += part[i].n;
	}
	k->uri = (uint16_t)h->uri.n;
	k->from = (uint16_t)h->from.n;
	k->to = (uint16_t)h->to.n;
	k->call_id = (uint16_t)h->call_id.n;
	k->route = (uint16_t)h->route.n;
	return t;
}

static struct head head_of(const struct client_txn *t)
{
	const struct kept *k = (const struct kept *)(const void *)t->text->bytes;
	struct head h;

	h.uri = span_of(k->bytes, k->uri);
	h.from = span_of(h.uri.p + h.uri.n, k->from);
	h.to = span_of(h.from.p + h.from.n, k->to);
	h.call_id = span_of(h.to.p + h.to.n, k->call_id);
	h.route = span_of(h.call_id.p + h.call_id.n, k->route);
	return h;
}

static void put_start(struct buf *b, enum sip_method method, struct span uri, const struct conn *c, uint64_t branch)
{
	char mem[BRANCH_LEN + 1];

	sip_put_request(b, method, uri);
	name_put_via(b, c->listener, c->hop != TXN_HOP_UDP, client_branch(branch, mem));
	sip_put_number(b, SIP_H_MAX_FORWARDS, MAX_FORWARDS);
}

/* A registered Contact is kept as the phone wrote it. */
static struct span without_headers(struct span uri)
{
	const char *why;
	struct uri u;

	return uri_parse(uri, &u, &why) ? uri_bare(&u) : uri;
}

/* --- core's request --- */

struct order {
	const struct msg_send *m;
	const struct ipc_view *v;
	struct conn *c;
	struct span uri;
};

static struct span str(const struct order *o, struct str s)
{
	return ipc_str(o->v, s);
}

static struct span since(const struct buf *b, size_t mark)
{
	return span_of(b->p + mark, b->n - mark);
}

static struct head put_head(struct buf *b, const struct order *o)
{
	const struct msg_send *m = o->m;
	struct head h = {.uri = o->uri};
	size_t mark = b->n;

	if (o->c->trunk && m->privacy)
		name_put_nobody(b, SIP_H_FROM, str(o, m->from_tag));
	else
		name_put_user(
		    b, SIP_H_FROM, o->c->trunk, str(o, m->from_display), str(o, m->from_user), str(o, m->from_tag));
	h.from = since(b, mark);
	mark = b->n;
	name_put_user(b, SIP_H_TO, o->c->trunk, span_of(NULL, 0), str(o, m->to_user), str(o, m->to_tag));
	h.to = since(b, mark);
	mark = b->n;
	sip_put_text(b, SIP_H_CALL_ID, str(o, m->call_id));
	h.call_id = since(b, mark);
	mark = b->n;
	if (m->route_set.len)
		sip_put_text(b, SIP_H_ROUTE, str(o, m->route_set));
	h.route = since(b, mark);
	return h;
}

/* keeper made the response; core passes it on. The URI it is for is the one in the start line. */
static void put_credentials(struct buf *b, const struct order *o)
{
	const struct msg_send *m = o->m;
	struct digest_credentials_out k = {
	    .user = str(o, m->auth_user),
	    .realm = str(o, m->auth_realm),
	    .opaque = str(o, m->auth_opaque),
	    .in = {.alg = (enum digest_alg)m->auth_algorithm,
		.uri = o->uri,
		.nonce = str(o, m->auth_nonce),
		.cnonce = str(o, m->auth_cnonce),
		.nc = m->auth_nc,
		.no_qop = !m->auth_qop},
	    .response = str(o, m->auth_response),
	};

	sip_put_credentials(b, &k, m->auth_proxy);
}

static void put_session(struct buf *b, const struct order *o)
{
	const struct msg_send *m = o->m;

	name_put_contact(b, o->c->listener, str(o, m->leg_token));
	if (m->identity_user.len)
		name_put_user(b, SIP_H_P_ASSERTED_IDENTITY, o->c->trunk, str(o, m->identity_display),
		    str(o, m->identity_user), span_of(NULL, 0));
	if (o->c->trunk && m->privacy)
		sip_put_text(b, SIP_H_PRIVACY, SPAN("id"));
	if (o->c->trunk && m->auth_user.len)
		put_credentials(b, o);
	if (m->method == SIP_INVITE || m->method == SIP_UPDATE)
		sip_put_allow(b, o->c->trunk ? TRUNK_METHODS : OWN_METHODS & ~(1u << SIP_REGISTER));
	sip_put_tags(b, SIP_H_SUPPORTED, m->supported);
	sip_put_tags(b, SIP_H_REQUIRE, m->required);
	if (m->session_expires)
		sip_put_session_expires(b, m->session_expires, (enum sip_refresher)m->refresher);
	if (m->min_se)
		sip_put_number(b, SIP_H_MIN_SE, m->min_se);
	if (m->method == SIP_PRACK)
		sip_put_rack(b, m->rack_rseq, m->rack_cseq, (enum sip_method)m->rack_method);
	if (m->expires && m->expires != ABSENT && m->method != SIP_NOTIFY)
		sip_put_number(b, SIP_H_EXPIRES, m->expires);
}

/* --- transfers and events --- */

/* RFC 3515 2.4.7: an id where a phone may have sent several REFERs in one dialog. */
static void put_event(struct buf *b, const struct order *o)
{
	const struct msg_send *m = o->m;
	uint8_t mem[32];
	struct buf event = buf_of(mem, sizeof mem);
	bool over = m->substate == SIP_SUBSTATE_TERMINATED;

	if (m->package == PACKAGE_REFER) {
		BUF_LIT(&event, "refer");
		if (m->event_id) {
			BUF_LIT(&event, ";id=");
			buf_decimal(&event, m->event_id);
		}
	} else {
		BUF_LIT(&event, "message-summary");
	}
	sip_put_text(b, SIP_H_EVENT, buf_span(&event));
	sip_put_subscription_state(b, (enum sip_substate)m->substate, m->expires == ABSENT ? 0 : m->expires,
	    !over                         ? SPAN("")
	    : m->package == PACKAGE_REFER ? SPAN("noresource")
					  : SPAN("timeout"));
}

static void put_transfer(struct buf *b, const struct order *o)
{
	const struct msg_send *m = o->m;

	if (m->method == SIP_REFER)
		name_put_user(b, SIP_H_REFER_TO, 0, SPAN(""), str(o, m->refer_token), SPAN(""));
	if (m->referred_by.len && (m->method == SIP_REFER || m->method == SIP_INVITE))
		name_put_user(b, SIP_H_REFERRED_BY, 0, SPAN(""), str(o, m->referred_by), SPAN(""));
	if (m->method == SIP_NOTIFY)
		put_event(b, o);
}

/* RFC 3420: the status line alone. */
static void put_frag(struct buf *b, const struct order *o)
{
	size_t mark = sip_body_begin(b, SPAN("message/sipfrag;version=2.0"));

	sip_put_status(b, o->m->frag, NULL);
	sip_body_end(b, mark);
}

/* RFC 3842 3.5 */
static void put_summary(struct buf *b, const struct order *o)
{
	const struct msg_send *m = o->m;
	size_t mark = sip_body_begin(b, SPAN("application/simple-message-summary"));

	buf_str(b, m->messages_new ? "Messages-Waiting: yes\r\n" : "Messages-Waiting: no\r\n");
	BUF_LIT(b, "Voice-Message: ");
	buf_decimal(b, m->messages_new);
	BUF_LIT(b, "/");
	buf_decimal(b, m->messages_old);
	BUF_LIT(b, "\r\n");
	sip_body_end(b, mark);
}

static void put_reason(struct buf *b, uint16_t cause, struct span text)
{
	if (cause)
		sip_put_reason(b, cause <= Q850_MAX ? SIP_REASON_Q850 : SIP_REASON_SIP, cause, text);
}

static bool has_place(const struct msg_send *m)
{
	return m->civic.len || m->place.len;
}

static void put_body(struct buf *b, const struct order *o)
{
	const struct sdp *sdp = ipc_part(o->v, o->m->sdp);
	static struct place place;

	if (sdp && has_place(o->m) &&
	    place_init(
		&place, str(o, o->m->civic), o->m->doubt, ipc_part(o->v, o->m->place), str(o, o->m->from_user))) {
		place_put_body(b, &place, sdp);
	} else if (sdp) {
		size_t mark = sip_body_begin(b, SPAN("application/sdp"));
		if (!sdp_write(b, sdp))
			b->full = true;
		sip_body_end(b, mark);
	} else if (o->m->text.len) {
		sip_put_body(b, SPAN("text/plain;charset=UTF-8"), str(o, o->m->text));
	} else if (o->m->method == SIP_NOTIFY && o->m->package == PACKAGE_REFER) {
		put_frag(b, o);
	} else if (o->m->method == SIP_NOTIFY) {
		put_summary(b, o);
	} else {
		sip_put_no_body(b);
	}
}

static struct head put_order(struct buf *b, const struct order *o, uint64_t branch)
{
	const struct msg_send *m = o->m;
	char mem[BRANCH_LEN + 1];

	sip_put_request(b, (enum sip_method)m->method, o->uri);
	name_put_via(b, o->c->listener, o->c->hop != TXN_HOP_UDP, client_branch(branch, mem));
	sip_put_number(b, SIP_H_MAX_FORWARDS, m->max_forwards ? m->max_forwards : MAX_FORWARDS);
	struct head h = put_head(b, o);
	sip_put_cseq(b, m->cseq, (enum sip_method)m->method);
	put_session(b, o);
	put_transfer(b, o);
	put_reason(b, m->cause, str(o, m->cause_text));
	put_body(b, o);
	return h;
}

/* An ACK has no transaction and needs a branch that no other has: the flow's id with a count of its own. */
static void send_plain(const struct order *o)
{
	static uint32_t acks;
	struct buf b = buf_of(octets, sizeof octets);

	put_order(&b, o, UINT64_C(0xff) << 56 | (o->c->id & 0xffffff) << 32 | ++acks);
	if (b.full)
		log_error("flow %016llx: an ACK that no message can hold", (unsigned long long)o->c->id);
	else if (o->c->hop == TXN_HOP_UDP)
		client_say_ack(o->c, octets, b.n);
	else
		conn_send(o->c, buf_span(&b));
	orphan_acknowledged(o->c, str(o, o->m->to_tag));
}

static bool send_counted(const struct order *o)
{
	struct buf b = buf_of(octets, sizeof octets);
	const enum pool_claim claim = (enum pool_claim)o->m->emergency;
	struct client_txn *t = client_begin(o->c, o->m->ref, (enum sip_method)o->m->method, claim);

	if (!t)
		return false;
	t->cseq = o->m->cseq;
	if (t->method == SIP_INVITE && o->m->to_tag.len)
		orphan_is_inside(t, str(o, o->m->to_tag));
	struct head h = put_order(&b, o, t->id);
	if (!b.full && t->method == SIP_INVITE)
		t->text = keep(&h, claim);
	if (b.full || (t->method == SIP_INVITE && !t->text)) {
		log_error("flow %016llx: a request that no message can hold", (unsigned long long)o->c->id);
		client_drop(t);
		return false;
	}
	if (!client_keep(t, buf_span(&b), claim)) {
		client_drop(t);
		return false;
	}
	if (has_place(o->m))
		client_keep_bulky(t);
	client_say(t, buf_span(&b));
	return true;
}

static const char *check_notify(const struct msg_send *m)
{
	if (m->package == PACKAGE_NONE || m->substate == SIP_SUBSTATE_NONE || m->substate == SIP_SUBSTATE_OTHER)
		return "a NOTIFY of no event or no state";
	if (m->package == PACKAGE_REFER && (m->frag < 100 || m->frag > 699))
		return "a NOTIFY with an impossible code";
	return NULL;
}

static const char *check_order(const struct msg_send *m, bool to_trunk)
{
	if (m->method == SIP_UNKNOWN || m->method == SIP_CANCEL || (m->method == SIP_REGISTER && !to_trunk))
		return "a request that the exchange never makes";
	if ((m->ref == 0) != (m->method == SIP_ACK))
		return "a request with the wrong kind of reference";
	if (m->method == SIP_INVITE && client_of_ref(m->ref))
		return "two requests with one reference";
	if (m->method == SIP_REFER && !m->refer_token.len)
		return "a REFER to nowhere";
	return m->method == SIP_NOTIFY ? check_notify(m) : NULL;
}

/* Where it goes: to whom the far end said, or over a trunk to a number. */
static struct span uri_of(const struct order *o, struct buf b)
{
	if (!o->c->trunk || o->m->target.len)
		return without_headers(str(o, o->m->target));
	trunk_put_uri(&b, &child_site()->trunk[o->c->trunk - 1], str(o, o->m->number));
	return b.full ? span_of(NULL, 0) : buf_span(&b);
}

void send_on_send(struct link *from, const struct ipc_view *v)
{
	const struct msg_send *m = v->payload;
	struct order o = {.m = m, .v = v, .c = trunk_way_out(conn_of(m->flow))};
	uint8_t mem[URI_TEXT_MAX];
	/* a flow that is gone meanwhile was of a phone or of a trunk, who knows */
	const char *why = check_order(m, !o.c || o.c->trunk);

	if (why) {
		child_accuse(from, why, m->flow, 0);
		return;
	}
	if (o.c)
		o.uri = uri_of(&o, buf_of(mem, sizeof mem));
	if (o.c && m->ref == 0)
		send_plain(&o);
	else if (!o.c || !send_counted(&o))
		response_local(m->ref, m->flow, (enum sip_method)m->method, 503);
}

/* --- CANCEL, ACK, BYE --- */

static void cancel_now(struct client_txn *t, uint16_t cause, struct span cause_text)
{
	struct buf b = buf_of(octets, sizeof octets);
	struct head h = head_of(t);

	put_start(&b, SIP_CANCEL, h.uri, client_conn(t), t->id);
	buf_add(&b, h.from);
	buf_add(&b, h.to);
	buf_add(&b, h.call_id);
	buf_add(&b, h.route);
	sip_put_cseq(&b, t->cseq, SIP_CANCEL);
	put_reason(&b, cause, cause_text);
	sip_put_no_body(&b);
	t->cancelled = true;
	t->cancel_wanted = false;
	client_step(t, TXN_CANCEL);
	if (!b.full)
		client_say_cancel(t, buf_span(&b));
}

void send_cancel(struct client_txn *t, uint16_t cause, struct span cause_text)
{
	if (t->cancelled || t->method != SIP_INVITE)
		return;
	if (t->state == TXN_PROCEEDING) {
		cancel_now(t, cause, cause_text);
	} else if (t->state == TXN_TRYING) {
		struct span kept = span_head(cause_text, CANCEL_TEXT_MAX);
		t->cancel_wanted = true;
		t->cancel_cause = cause;
		t->cancel_text_n = (uint8_t)kept.n;
		if (kept.n && kept.p != (const uint8_t *)t->cancel_text)
			memcpy(t->cancel_text, kept.p, kept.n);
	}
}

void send_on_cancel_sent(struct link *from, const struct ipc_view *v)
{
	const struct msg_cancel_sent *m = v->payload;
	struct client_txn *t = client_of_ref(m->ref);

	(void)from;
	if (t)
		send_cancel(t, m->cause, ipc_str(v, m->cause_text));
}

void send_ack(struct client_txn *t, const struct sip_msg *response)
{
	struct buf b = buf_of(octets, sizeof octets);
	struct head h = head_of(t);

	put_start(&b, SIP_ACK, h.uri, client_conn(t), t->id);
	buf_add(&b, h.from);
	sip_put_text(&b, SIP_H_TO, response->to.text);
	buf_add(&b, h.call_id);
	buf_add(&b, h.route);
	sip_put_cseq(&b, t->cseq, SIP_ACK);
	sip_put_no_body(&b);
	if (!b.full)
		conn_send(client_conn(t), buf_span(&b));
}

/* In the dialog that this 2xx made. */
static void put_in_dialog(struct buf *b, const struct client_txn *t, const struct sip_msg *response,
    enum sip_method method, uint64_t branch, uint32_t cseq)
{
	uint8_t routes[ROUTE_SET_MAX];
	size_t routes_n;
	struct head h = head_of(t);
	struct span uri = response->contact_n ? uri_bare(&response->contact[0].addr.uri) : h.uri;

	put_start(b, method, uri, client_conn(t), branch);
	buf_add(b, h.from);
	sip_put_text(b, SIP_H_TO, response->to.text);
	buf_add(b, h.call_id);
	if (draft_join_routes(response, true, routes, &routes_n) && routes_n)
		sip_put_text(b, SIP_H_ROUTE, span_of(routes, routes_n));
	else
		buf_add(b, h.route);
	sip_put_cseq(b, cseq, method);
	sip_put_no_body(b);
}

void send_ack_2xx(const struct client_txn *t, const struct sip_msg *response)
{
	struct buf b = buf_of(octets, sizeof octets);

	put_in_dialog(&b, t, response, SIP_ACK, t->id ^ (uint64_t)SIP_ACK << 56, t->cseq);
	if (!b.full)
		conn_send(client_conn(t), buf_span(&b));
}

bool send_hang_up(const struct client_txn *t, const struct sip_msg *response)
{
	struct buf b = buf_of(octets, sizeof octets);
	struct client_txn *bye = client_begin(client_conn(t), 0, SIP_BYE, false);

	if (!bye)
		return false;
	bye->orphan = true;
	bye->cseq = t->cseq + CSEQ_LEAP;
	put_in_dialog(&b, t, response, SIP_BYE, bye->id, bye->cseq);
	if (b.full || !client_keep(bye, buf_span(&b), false)) {
		client_drop(bye);
		return false;
	}
	client_say(bye, buf_span(&b));
	return true;
}
