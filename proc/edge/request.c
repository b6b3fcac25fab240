/* SPDX-License-Identifier: ISC */
#include "request.h"
#include "base/log.h"
#include "base/ratelimit.h"
#include "body.h"
#include "client.h"
#include "draft.h"
#include "held.h"
#include "names.h"
#include "respond.h"

static struct draft draft;

/* A call for help that ends here is none to core, which is to tell all the same (R16). 482: the other of the two went on. */
static void tell_of_help(struct conn *c, const struct sip_msg *m, unsigned code)
{
	struct draft_user target;

	if (m->method != SIP_INVITE || code == 482 || c->trunk || !c->announced || !draft_asks_help(&target, m) ||
	    !edge_may_tell_help(&holder_of(c)->told_help_ms))
		return;
	struct link *l = child_link(PROC_CORE, 0);
	struct msg_help_refused *out = l ? ipc_begin_as(l, MSG_HELP_REFUSED, CLASS_EMERGENCY) : NULL;
	if (!out)
		return;
	out->flow = c->id;
	out->code = (uint16_t)code;
	out->number = ipc_put(l, span_of(target.text, target.n));
	ipc_end(l);
}

static void refuse(struct conn *c, const struct sip_msg *m, const struct own_answer *a)
{
	tell_of_help(c, m, a->code);
	respond_stateless(c, m, a);
}

void request_refuse(struct conn *c, const struct sip_msg *m, unsigned code, const char *why)
{
	if (m->method != SIP_ACK) /* an ACK has no answer */
		refuse(c, m, &(struct own_answer){.code = code, .why = why});
}

/* --- checks that need no directory, in the order of RFC 3261 8.2; true: answered --- */

static bool check_method(struct conn *c, const struct sip_msg *m)
{
	uint32_t served = c->trunk ? TRUNK_METHODS : OWN_METHODS;

	if (m->method != SIP_UNKNOWN && served & 1u << m->method)
		return false;
	refuse(c, m, &(struct own_answer){.code = 405, .methods = served, .why = "method not served here"});
	return true;
}

static bool check_uri(struct conn *c, const struct sip_msg *m, enum msg_class class)
{
	const bool dials = m->uri.scheme == URI_TEL && m->method == SIP_INVITE && m->to.tag.n == 0;

	if (m->uri.scheme == URI_SIP || m->uri.scheme == URI_SIPS || dials || class == CLASS_EMERGENCY)
		return false;
	refuse(c, m, &(struct own_answer){.code = 416, .why = "only sip URIs are served, and tel URIs to be called"});
	return true;
}

/* Another exchange behind the same address as ours has branches of its own. */
static bool is_own_via(struct span text)
{
	struct sip_via via;

	return sip_via_of(text, &via) && name_wrote_via(&via) && client_wrote_branch(via.branch);
}

/* Max-Forwards counts where the request would go on to another phone; a loop is one that has our own Via behind it. */
static bool check_hops(struct conn *c, const struct sip_msg *m)
{
	bool goes_on = m->method == SIP_INVITE || m->method == SIP_MESSAGE;

	for (int i = 1; i < m->via_n; i++) {
		if (is_own_via(m->via_text[i])) {
			refuse(c, m, &(struct own_answer){.code = 482, .why = "the request came back"});
			return true;
		}
	}
	if (!goes_on || m->to.tag.n || !sip_has(m, SIP_H_MAX_FORWARDS) || m->max_forwards > 0)
		return false;
	refuse(c, m, &(struct own_answer){.code = 483, .why = "Max-Forwards is used up"});
	return true;
}

/* The same request by another way (RFC 3261 8.2.2.2). */
static bool check_merged(struct conn *c, const struct sip_msg *m)
{
	if (m->to.tag.n || !server_has_twin(c, m))
		return false;
	refuse(c, m, &(struct own_answer){.code = 482, .why = "the request came twice"});
	return true;
}

static bool unknown_tags(const struct sip_tags *t)
{
	return t->unknown_n > 0 || t->known & ~(uint32_t)OWN_TAGS;
}

/* Whoever is in need gets the call without the extension (R16). */
static bool check_extensions(struct conn *c, const struct sip_msg *m, enum msg_class class)
{
	const struct sip_tags *t = unknown_tags(&m->require) ? &m->require : &m->proxy_require;

	if (!unknown_tags(t) || class == CLASS_EMERGENCY)
		return false;
	refuse(c, m, &(struct own_answer){.code = 420, .why = "an extension that is not served", .tags = t});
	return true;
}

static bool takes_sdp(enum sip_method m)
{
	return m == SIP_INVITE || m == SIP_UPDATE || m == SIP_PRACK || m == SIP_ACK;
}

/* RFC 6665 4.1.3, 8.2.1: an event that nobody here knows. Of a SUBSCRIBE, `refer` is one: a REFER subscribes by itself. */
static bool check_event(struct conn *c, const struct sip_msg *m)
{
	bool known = m->method == SIP_SUBSCRIBE ? draft.fields.package == PACKAGE_MESSAGE_SUMMARY
	                                        : m->method != SIP_NOTIFY || draft.fields.package != PACKAGE_NONE;

	if (known)
		return false;
	refuse(c, m, &(struct own_answer){.code = 489, .why = "an event that is not served"});
	return true;
}

static struct span accepted_by(enum sip_method m)
{
	static const char *const accept[SIP_METHODS_N] = {[SIP_MESSAGE] = "text/plain",
	    [SIP_INFO] = "application/dtmf-relay, application/dtmf",
	    [SIP_NOTIFY] = "message/sipfrag"};

	return span_str(accept[m] ? accept[m] : "application/sdp, multipart/mixed");
}

/* What was read out of the body already. */
static bool takes_feature(const struct sip_msg *m)
{
	if (m->method == SIP_INFO)
		return draft.fields.key != 0;
	return m->method == SIP_NOTIFY && m->content == SIP_MEDIA_SIPFRAG && draft.fields.frag != 0;
}

/* The body that this method may carry: 0, or the code that refuses it. */
static unsigned judge_body(const struct sip_msg *m)
{
	if (m->body.n == 0)
		return m->method == SIP_MESSAGE ? 415 : 0;
	if (m->content_encoding.n)
		return 415;
	if (m->content == SIP_MEDIA_NONE)
		return 400;
	if ((m->content == SIP_MEDIA_SDP || m->content == SIP_MEDIA_MULTIPART) && takes_sdp(m->method))
		return 0;
	if (m->content == SIP_MEDIA_TEXT && m->method == SIP_MESSAGE)
		return m->body.n > MESSAGE_TEXT_MAX ? 413 : 0;
	return takes_feature(m) || m->disposition_optional ? 0 : 415;
}

static const char *body_reason(unsigned code)
{
	return code == 400   ? "a body without a Content-Type"
	       : code == 413 ? "the text is too long"
	                     : "a body of a kind that is not served";
}

/* What is not understood of a place holds no call for help up; whoever sees to phones can find out why. */
static bool read_place(const struct conn *c, struct span document)
{
	enum { TOLD_MOST = 5, TOLD_AGAIN_MS = 10000 };
	static struct ratelimit told;
	const char *why;

	if (!document.n)
		return false;
	if (pidf_read(document, &draft.place, &why))
		return true;
	count.places_refused++;
	if (ratelimit_take(&told, TOLD_MOST, TOLD_AGAIN_MS, child_now()))
		log_info(
		    "flow %016llx: the place that its phone says is not passed on: %s", (unsigned long long)c->id, why);
	return false;
}

/* Where a caller says it is goes on with a call for help, and with no other (R8, R16). */
static bool check_body(struct conn *c, const struct sip_msg *m, enum msg_class class)
{
	unsigned code = judge_body(m);
	const char *why = code ? body_reason(code) : NULL;
	struct body body = {0};

	if (!code && takes_sdp(m->method))
		code = body_read(m, &body, &why);
	draft.sdp = body.sdp;
	draft.has_place = class == CLASS_EMERGENCY && read_place(c, body.location);
	draft.text = m->content == SIP_MEDIA_TEXT && m->method == SIP_MESSAGE ? m->body : span_of(NULL, 0);
	if (!code)
		return false;
	struct span accept = code == 415 ? accepted_by(m->method) : SPAN("");
	refuse(c, m, &(struct own_answer){.code = code, .why = why, .accept = accept});
	return true;
}

/* What an answer to this would have to be could not be accepted (RFC 3261 8.2.3 and 21.4.7). Whoever is in need says it
 * with an offer. */
static bool check_accept(struct conn *c, const struct sip_msg *m, enum msg_class class)
{
	if (m->method != SIP_INVITE || class == CLASS_EMERGENCY || !sip_has(m, SIP_H_ACCEPT) ||
	    m->accept & SIP_ACCEPT_SDP)
		return false;
	refuse(c, m, &(struct own_answer){.code = 406, .why = "the phone accepts no session description"});
	return true;
}

/* why: what the draft found. */
static bool check_dialog(struct conn *c, const struct sip_msg *m, const char *why)
{
	if (!why && (m->method == SIP_INVITE) && draft.fields.contact_form != CONTACT_ONE)
		why = "an INVITE needs one Contact";
	if (!why)
		return false;
	refuse(c, m, &(struct own_answer){.code = 400, .why = why});
	return true;
}

/* --- dispatch --- */

static enum msg_class class_of(const struct conn *c, const struct sip_msg *m)
{
	if (m->to.tag.n)
		return CLASS_DIALOG;
	return !c->trunk && m->method == SIP_INVITE && draft_is_help(&draft.target) ? CLASS_EMERGENCY : CLASS_NEW;
}

static uint64_t help_calls_back_until_ms;

void request_on_help_calls_back(struct link *from, const struct ipc_view *v)
{
	const struct msg_help_calls_back *m = v->payload;

	(void)from;
	help_calls_back_until_ms = m->until_ms;
}

static enum pool_claim claim_of(const struct conn *c, const struct sip_msg *m, enum msg_class class)
{
	if (class == CLASS_EMERGENCY)
		return POOL_HELP;
	return c->trunk && m->method == SIP_INVITE && class == CLASS_NEW && child_now() < help_calls_back_until_ms
	           ? POOL_BACK
	           : POOL_USUAL;
}

static void overload(struct conn *c, const struct sip_msg *m)
{
	count.overload++;
	refuse(c, m, &(struct own_answer){.code = 503, .why = "the exchange is busy"});
}

static void take_new(struct conn *c, const struct sip_msg *m, struct span whole)
{
	const char *why = draft_fill(&draft, c, m);
	enum msg_class class = class_of(c, m);

	if (check_method(c, m) || check_uri(c, m, class) || check_hops(c, m) || check_merged(c, m) ||
	    check_extensions(c, m, class) || check_accept(c, m, class) || check_dialog(c, m, why) ||
	    check_event(c, m) || check_body(c, m, class))
		return;
	struct server_txn *t = server_begin(c, m, claim_of(c, m, class));
	if (!t) {
		overload(c, m);
		return;
	}
	held_keep(t, m, whole, class);
	if ((!c->announced || held_back() || !child_link(PROC_CORE, 0)) && held_waits(t))
		return;
	if (!c->announced || !draft_send(&draft, m, t->id, class)) {
		count.overload++;
		tell_of_help(c, m, 503);
		respond_own(t, 503, "the exchange is busy");
	}
}

bool request_take_again(struct conn *c, struct server_txn *t, const struct sip_msg *m)
{
	const char *why = draft_fill(&draft, c, m);
	enum msg_class class = class_of(c, m);

	return !why && !check_body(c, m, class) && draft_send(&draft, m, t->id, class);
}

/* The ACK of a refusal ends here; that of a 2xx belongs to the dialog and is core's (RFC 3261 17). */
static void take_ack(struct conn *c, const struct sip_msg *m)
{
	struct server_txn *t = server_find(c, m, SIP_INVITE);
	struct body body = {0};
	const char *why;

	if (t && !(server_step(t, TXN_ACK) & TXN_DO_PASS))
		return;
	if (m->to.tag.n == 0 || respond_is_own_tag(m->to.tag) || !c->announced || draft_fill(&draft, c, m)) {
		count.strays++;
		return;
	}
	if (body_read(m, &body, &why)) /* an answer that can't be read is none */
		body.sdp = NULL;
	draft.text = span_of(NULL, 0);
	draft.has_place = false;
	draft.sdp = body.sdp;
	if (!draft_send(&draft, m, 0, CLASS_DIALOG))
		count.overload++;
}

static void tell_cancelled(struct server_txn *t, const struct sip_msg *m)
{
	struct link *l = child_link(PROC_CORE, 0);
	struct msg_cancelled *out = l ? ipc_begin(l, MSG_CANCELLED) : NULL;

	if (!out)
		return;
	out->txn = t->id;
	if (m->reason_n && m->reason[0].has_cause)
		out->cause = m->reason[0].cause;
	ipc_end(l);
}

/* RFC 3261 9.2. Core answers the INVITE; one CANCEL is enough for that. */
static void take_cancel(struct conn *c, const struct sip_msg *m)
{
	struct server_txn *t = server_find(c, m, SIP_INVITE);

	refuse(c, m, &(struct own_answer){.code = t ? 200 : 481, .why = t ? NULL : "there is no such request"});
	if (!t || t->state != TXN_PROCEEDING || t->cancelled)
		return;
	t->cancelled = true;
	if (t->held)
		respond_own(t, 487, "nobody has begun it");
	else
		tell_cancelled(t, m);
}

void request_take(struct conn *c, const struct sip_msg *m, struct span whole)
{
	if (m->method == SIP_ACK) {
		take_ack(c, m);
	} else if (m->method == SIP_CANCEL) {
		take_cancel(c, m);
	} else {
		struct server_txn *t = server_find(c, m, m->method);
		if (t)
			server_step(t, TXN_REQUEST); /* absorbed: a connection loses nothing */
		else
			take_new(c, m, whole);
	}
}
