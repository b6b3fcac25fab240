/* SPDX-License-Identifier: ISC */
#include "draft.h"
#include "names.h"

enum { MAX_FORWARDS = 70 };

bool draft_text_ok(struct span s, size_t max)
{
	if (s.n > max)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return true;
}

bool draft_join_routes(const struct sip_msg *m, bool reversed, uint8_t *out, size_t *n)
{
	struct buf b = buf_of(out, ROUTE_SET_MAX);

	for (int i = 0; i < m->record_route_n; i++) {
		if (i)
			BUF_LIT(&b, ", ");
		buf_add(&b, m->record_route[reversed ? m->record_route_n - 1 - i : i]);
	}
	*n = b.n;
	return !b.full && draft_text_ok(buf_span(&b), ROUTE_SET_MAX);
}

/* A user part that is too long for us is nobody of ours. */
void draft_fill_user(struct draft_user *out, const struct uri *u)
{
	out->ours = name_is_ours(u);
	out->n = 0;
	if (u->scheme != URI_SIP && u->scheme != URI_SIPS)
		return;
	int n = uri_unescape(u->user, out->text, sizeof out->text);
	if (n < 0)
		out->ours = false;
	else
		out->n = (uint8_t)n;
	if (!draft_text_ok(span_of(out->text, out->n), USER_MAX)) {
		out->ours = false;
		out->n = 0;
	}
}

/* The number of a tel URI, with the context that makes it whole. */
static void fill_number(struct draft_user *out, const struct uri *u)
{
	struct buf b = buf_of(out->text, sizeof out->text);

	buf_add(&b, u->user);
	if (u->phone_context.n) {
		BUF_LIT(&b, ";phone-context=");
		buf_add(&b, u->phone_context);
	}
	out->ours = !b.full && draft_text_ok(buf_span(&b), USER_MAX);
	out->n = out->ours ? (uint8_t)b.n : 0;
}

void draft_fill_whom(struct draft_user *out, const struct uri *u)
{
	if (u->scheme == URI_TEL)
		fill_number(out, u);
	else
		draft_fill_user(out, u);
}

/* An emergency is one in each of its spellings (RFC 3966, RFC 5031). */
static void fill_target(struct draft_user *out, const struct sip_msg *m)
{
	struct span number = m->method == SIP_INVITE && m->to.tag.n == 0 ? name_emergency(&m->uri) : span_of(NULL, 0);

	if (m->uri.scheme == URI_TEL)
		fill_number(out, &m->uri);
	else
		draft_fill_user(out, &m->uri);
	if (number.n == 0)
		return;
	memcpy(out->text, number.p, number.n);
	out->n = (uint8_t)number.n;
	out->ours = true;
}

static enum target_kind kind_of(const struct draft_user *u)
{
	if (!u->ours)
		return TARGET_FOREIGN;
	struct span user = span_of(u->text, u->n);
	if (u->n == 0)
		return TARGET_SELF;
	if (span_starts(user, SPAN("xfer-")))
		return TARGET_TRANSFER;
	return span_starts(user, SPAN("leg-")) ? TARGET_LEG : TARGET_USER;
}

bool draft_is_help(const struct draft_user *target)
{
	return kind_of(target) == TARGET_USER && site_is_emergency(child_site(), span_of(target->text, target->n));
}

bool draft_asks_help(struct draft_user *out, const struct sip_msg *m)
{
	fill_target(out, m);
	return m->to.tag.n == 0 && draft_is_help(out);
}

/* --- transfers, digits and events --- */

static enum refer_kind refer_kind_of(const struct draft_user *u)
{
	static const uint8_t kind[TARGET_KINDS] = {[TARGET_USER] = REFER_USER,
	    [TARGET_LEG] = REFER_LEG,
	    [TARGET_SELF] = REFER_FOREIGN,
	    [TARGET_TRANSFER] = REFER_FOREIGN,
	    [TARGET_FOREIGN] = REFER_FOREIGN};

	return (enum refer_kind)kind[kind_of(u)];
}

static bool asks_for_other_method(const struct uri *u)
{
	return u->has_method && u->method != SIP_INVITE;
}

static const char *fill_refer(struct draft *d, const struct sip_msg *m)
{
	const struct uri *u = &m->refer_to.uri;

	if (asks_for_other_method(u))
		return "a Refer-To of another method than INVITE";
	draft_fill_whom(&d->refer, u);
	d->fields.refer_kind = (uint8_t)refer_kind_of(&d->refer);
	return sip_refer_headers(u->headers, d->replaces_text, &d->replaces);
}

/* RFC 3261 21.3: other addresses of whom was called. A 305 names a proxy, a 380 another service; and headers in a Contact ask for more than
 * to call somebody. */
void draft_fill_redirect(struct draft_user *out, const struct sip_msg *m)
{
	const bool moved = m->status >= 300 && m->status <= 302;

	for (int i = 0; moved && i < m->contact_n; i++) {
		const struct uri *u = &m->contact[i].addr.uri;
		if (u->headers.n || asks_for_other_method(u))
			continue;
		draft_fill_whom(out, u);
		if (kind_of(out) == TARGET_USER)
			return;
	}
	out->n = 0;
}

static enum event_package package_of(struct span name)
{
	if (span_eq_case(name, SPAN("refer")))
		return PACKAGE_REFER;
	return span_eq_case(name, SPAN("message-summary")) ? PACKAGE_MESSAGE_SUMMARY : PACKAGE_NONE;
}

/* What only some methods carry; the others' is not looked at. */
static const char *fill_feature(struct draft *d, const struct sip_msg *m)
{
	struct msg_request *f = &d->fields;

	d->refer.n = 0;
	d->replaces = (struct sip_replaces){0};
	if (m->method == SIP_REFER) {
		const char *why = fill_refer(d, m);
		if (why)
			return why;
	} else if (m->method == SIP_INVITE && sip_has(m, SIP_H_REPLACES)) {
		d->replaces = m->replaces;
	} else if (m->method == SIP_INFO) {
		f->key = (uint8_t)sip_info_key(m->content, m->body);
	} else if (m->method == SIP_NOTIFY || m->method == SIP_SUBSCRIBE) {
		f->package = (uint8_t)package_of(m->event);
		f->substate = m->method == SIP_NOTIFY ? (uint8_t)m->substate : 0;
		f->frag = m->content == SIP_MEDIA_SIPFRAG ? (uint16_t)sip_frag_status(m->body) : 0;
	}
	f->replaces_early = d->replaces.early_only;
	return draft_text_ok(d->replaces.call_id, CALL_ID_MAX) && draft_text_ok(d->replaces.to_tag, TAG_MAX) &&
	               draft_text_ok(d->replaces.from_tag, TAG_MAX)
	           ? NULL
	           : "Replaces too long";
}

/* --- all --- */

/* A phone has one binding here: the first Contact that stays; beside it a REGISTER may name those that it takes back (RFC 3261 10.2). */
static const struct sip_contact *contact_of(const struct sip_msg *m)
{
	const bool ends = sip_has(m, SIP_H_EXPIRES) && m->expires_s == 0;

	if (m->contact_n == 1)
		return m->contact;
	for (int i = 0; i < m->contact_n && m->method == SIP_REGISTER; i++)
		if (m->contact[i].has_expires ? m->contact[i].expires_s != 0 : !ends)
			return &m->contact[i];
	return NULL;
}

/* The remote target of a dialog is what its requests go to, and what a digest over their URI is made of. */
static const char *fill_contact(struct draft *d, const struct sip_msg *m)
{
	const struct sip_contact *k = contact_of(m);

	d->fields.contact_expires = ABSENT;
	d->contact = d->instance = span_of(NULL, 0);
	d->fields.contact_form = m->contact_star     ? CONTACT_STAR
	                         : m->contact_n == 0 ? CONTACT_NONE
	                         : k                 ? CONTACT_ONE
	                                             : CONTACT_SEVERAL;
	if (d->fields.contact_form != CONTACT_ONE)
		return NULL;
	d->contact = m->method == SIP_REGISTER ? k->addr.uri.text : uri_bare(&k->addr.uri);
	if (!draft_text_ok(d->contact, URI_TEXT_MAX))
		return "Contact too long";
	if (k->has_expires)
		d->fields.contact_expires = k->expires_s;
	/* an instance that we could not give back makes it a phone without one */
	if (k->instance.n && draft_text_ok(k->instance, INSTANCE_MAX)) {
		d->instance = k->instance;
		d->fields.reg_id = k->has_reg_id ? k->reg_id : 0;
	}
	return NULL;
}

static uint8_t from_kind(const struct draft *d, const struct sip_msg *m)
{
	return name_is_nobody(&m->from.uri) ? FROM_NOBODY : d->from.ours ? FROM_OURS : FROM_FOREIGN;
}

static bool credentials_ok(const struct sip_credentials *k)
{
	return !k->proxy && !k->userhash && span_eq(k->realm, name_domain()) && draft_text_ok(k->username, USER_MAX) &&
	       draft_text_ok(k->nonce, NONCE_MAX) && draft_text_ok(k->uri, URI_TEXT_MAX) &&
	       draft_text_ok(k->response, 64) && draft_text_ok(k->cnonce, 128);
}

static bool same_uri(struct span text, const struct uri *u)
{
	const char *why;
	struct uri other;

	return span_eq(text, u->text) || (uri_parse(text, &other, &why) && uri_eq(&other, u));
}

/* Credentials for another realm, or that could not be ours, are not there: core then asks for better ones. */
static void fill_auth(struct draft *d, const struct sip_msg *m)
{
	for (int i = 0; i < m->credentials_n && !d->auth; i++)
		if (credentials_ok(&m->credentials[i]))
			d->auth = &m->credentials[i];
	if (!d->auth)
		return;
	d->fields.has_auth = 1;
	d->fields.auth_algorithm = (uint8_t)d->auth->alg;
	d->fields.auth_qop = d->auth->qop == DIGEST_QOP_AUTH;
	d->fields.auth_nc = d->auth->nc;
	d->fields.auth_uri_matches = same_uri(d->auth->uri, &m->uri);
}

static void fill_numbers(struct draft *d, const struct conn *c, const struct sip_msg *m)
{
	struct msg_request *f = &d->fields;

	f->flow = c->id;
	f->device = c->device;
	f->method = (uint8_t)m->method;
	f->cseq = m->cseq;
	f->max_forwards = sip_has(m, SIP_H_MAX_FORWARDS) ? m->max_forwards : MAX_FORWARDS;
	f->expires = sip_has(m, SIP_H_EXPIRES) ? m->expires_s : ABSENT;
	f->supported = m->supported;
	f->required = m->require.known;
	f->allow = m->allow;
	if (sip_has(m, SIP_H_SESSION_EXPIRES)) {
		f->session_expires = m->session_expires_s;
		f->refresher = (uint8_t)m->refresher;
	}
	if (sip_has(m, SIP_H_MIN_SE))
		f->min_se = m->min_se_s;
	if (sip_has(m, SIP_H_RACK)) {
		f->rack_rseq = m->rack.rseq;
		f->rack_cseq = m->rack.cseq;
		f->rack_method = (uint8_t)m->rack.method;
	}
	if (m->reason_n && m->reason[0].has_cause)
		f->cause = m->reason[0].cause;
}

const char *draft_fill(struct draft *d, const struct conn *c, const struct sip_msg *m)
{
	d->fields = (struct msg_request){0};
	d->auth = NULL;
	fill_numbers(d, c, m);
	if (c->trunk) /* no trunk calls for help here */
		draft_fill_whom(&d->target, &m->uri);
	else
		fill_target(&d->target, m);
	draft_fill_user(&d->from, &m->from.uri);
	draft_fill_user(&d->to, &m->to.uri);
	draft_fill_trunk(d, c, m);
	d->fields.target_kind = (uint8_t)kind_of(&d->target);
	d->fields.from_kind = from_kind(d, m);
	d->fields.to_ours = d->to.ours;
	if (!c->trunk)
		fill_auth(d, m);
	if (!draft_text_ok(m->from.tag, TAG_MAX) || !draft_text_ok(m->to.tag, TAG_MAX) ||
	    !draft_text_ok(m->call_id, CALL_ID_MAX))
		return "tag or Call-ID too long";
	if (!draft_join_routes(m, false, d->route_set, &d->route_set_n))
		return "Record-Route too long";
	const char *why = fill_feature(d, m);
	return why ? why : fill_contact(d, m);
}

static struct str put_user(struct link *l, const struct draft_user *u)
{
	return ipc_put(l, span_of(u->text, u->n));
}

static void put_auth(struct link *l, struct msg_request *r, const struct sip_credentials *k)
{
	r->auth_user = ipc_put(l, k->username);
	r->auth_realm = ipc_put(l, k->realm);
	r->auth_nonce = ipc_put(l, k->nonce);
	r->auth_uri = ipc_put(l, k->uri);
	r->auth_response = ipc_put(l, k->response);
	r->auth_cnonce = ipc_put(l, k->cnonce);
}

bool draft_send(const struct draft *d, const struct sip_msg *m, uint64_t txn, enum msg_class class)
{
	struct link *l = child_link(PROC_CORE, 0);
	struct msg_request *r = l ? ipc_begin_as(l, MSG_REQUEST, class) : NULL;

	if (!r)
		return false;
	*r = d->fields;
	r->txn = txn;
	r->emergency = class == CLASS_EMERGENCY;
	r->sdp = ipc_put_part(l, d->sdp, sizeof *d->sdp);
	r->target_user = put_user(l, &d->target);
	r->from_user = put_user(l, &d->from);
	r->from_tag = ipc_put(l, m->from.tag);
	r->to_user = put_user(l, &d->to);
	r->to_tag = ipc_put(l, m->to.tag);
	r->call_id = ipc_put(l, m->call_id);
	r->contact = ipc_put(l, d->contact);
	r->instance = ipc_put(l, d->instance);
	r->route_set = ipc_put(l, span_of(d->route_set, d->route_set_n));
	if (d->auth)
		put_auth(l, r, d->auth);
	r->text = ipc_put(l, d->text);
	if (d->has_place)
		r->place = ipc_put_part(l, &d->place, sizeof d->place);
	r->asserted_user = put_user(l, &d->asserted);
	r->called_user = put_user(l, &d->called);
	r->from_display = ipc_put(l, span_of(d->display, d->display_n));
	if (d->passport.kind)
		r->passport = ipc_put_part(l, &d->passport, sizeof d->passport);
	r->refer_user = put_user(l, &d->refer);
	r->replaces_call_id = ipc_put(l, d->replaces.call_id);
	r->replaces_to_tag = ipc_put(l, d->replaces.to_tag);
	r->replaces_from_tag = ipc_put(l, d->replaces.from_tag);
	/* an ACK without an answer in it says that nothing more is to be done */
	if (m->method == SIP_ACK && !d->sdp)
		ipc_end_late(l);
	else
		ipc_end(l);
	return true;
}
