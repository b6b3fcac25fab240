/* SPDX-License-Identifier: ISC */
/* Headers that hold addresses, and the identifiers of dialogs. */
#include "wire/sip_read.h"

static const char too_long[] = "value too long";

static struct span rest(const struct lex *l)
{
	return span_of(l->p, (size_t)(l->end - l->p));
}

/* addr-spec without angle brackets ends at a semicolon, a comma or white space, and may hold no question mark
 * (20.10). */
static const char *read_bare_uri(struct lex *l, struct sip_addr *a)
{
	const uint8_t *from = l->p;
	const char *why;

	while (!lex_end(l) && !lex_at(l, ';') && !lex_at(l, ',') && !lex_at(l, ' ') && !lex_at(l, '\t')) {
		if (lex_at(l, '?'))
			return "URI with a question mark outside angle brackets";
		l->p++;
	}
	uri_parse(lex_since(l, from), &a->uri, &why);
	return why;
}

static const char *read_angle_uri(struct lex *l, struct sip_addr *a)
{
	const char *why;
	size_t n;

	if (!lex_char(l, '<'))
		return "address without <";
	n = span_find(rest(l), '>');
	if (n == rest(l).n)
		return "address without >";
	if (!uri_parse(span_of(l->p, n), &a->uri, &why))
		return why;
	l->p += n + 1;
	return NULL;
}

/* name-addr / addr-spec; a display name of tokens may touch the bracket (RFC 4475 3.1.1.6). */
static const char *read_uri(struct lex *l, struct sip_addr *a)
{
	const uint8_t *from = l->p;
	struct span word;

	if (lex_at(l, '"')) {
		if (!lex_quoted(l, &a->display))
			return "unterminated quoted string";
		lex_ws(l);
		return read_angle_uri(l, a);
	}
	if (lex_at(l, '<'))
		return read_angle_uri(l, a);
	if (lex_token(l, &word) && lex_at(l, ':')) {
		l->p = from;
		return read_bare_uri(l, a);
	}
	while (lex_ws(l) && lex_token(l, &word))
		;
	a->display = span_trim(lex_since(l, from));
	return a->display.n ? read_angle_uri(l, a) : "no address";
}

/* One address with its parameters; set() takes those that it knows. */
static const char *read_addr(
    struct lex *l, struct sip_addr *a, void *o, const char *(*set)(void *o, const struct lex_param *p))
{
	struct lex_params seen = {0};
	struct lex_param p;
	const uint8_t *from = l->p;
	const char *why = read_uri(l, a);
	enum lex_next next;

	if (why)
		return why;
	const uint8_t *params = l->p;
	while ((next = lex_param(l, &seen, &p)) == LEX_ONE)
		if (set && (why = set(o, &p)))
			return why;
	if (next == LEX_BAD)
		return "bad parameter, or one that stands twice";
	a->params = lex_since(l, params);
	a->text = lex_since(l, from);
	return NULL;
}

static bool is_sip(const struct uri *u)
{
	return u->scheme == URI_SIP || u->scheme == URI_SIPS;
}

static const char *set_tag(void *o, const struct lex_param *p)
{
	struct sip_addr *a = o;

	if (!lex_named(p, "tag"))
		return NULL;
	if (!p->has_value || p->quoted)
		return "bad tag";
	if (p->value.n > SIP_TOKEN_MAX)
		return too_long;
	a->tag = p->value;
	return NULL;
}

/* The text is kept even when it is bad, since the answer has to repeat it. */
static const char *read_party(struct lex *l, struct sip_addr *a)
{
	const char *why;

	a->text = rest(l);
	why = read_addr(l, a, a, set_tag);
	if (why)
		return why;
	if (!is_sip(&a->uri) && a->uri.scheme != URI_TEL && !uri_is_sos(&a->uri))
		return "From or To is neither sip, sips nor tel";
	return a->uri.headers.n ? "headers in the URI of From or To" : NULL;
}

const char *sip_read_from(struct sip_msg *m, struct lex *l)
{
	return read_party(l, &m->from);
}

const char *sip_read_to(struct sip_msg *m, struct lex *l)
{
	return read_party(l, &m->to);
}

/* qvalue = "0" [ "." 0*3DIGIT ] / "1" [ "." 0*3"0" ] */
static bool read_q(struct span s, uint16_t *q)
{
	uint64_t whole, part = 0;
	struct span digits = span_skip(s, 2);

	if (s.n == 0 || s.n > 5 || !span_decimal(span_head(s, 1), 1, &whole) || (s.n > 1 && s.p[1] != '.') ||
	    (digits.n && !span_decimal(digits, 999, &part)))
		return false;
	for (size_t i = digits.n; i < 3; i++)
		part *= 10;
	if (whole == 1 && part)
		return false;
	*q = (uint16_t)(whole * 1000 + part);
	return true;
}

static const char *set_contact(void *o, const struct lex_param *p)
{
	struct sip_contact *c = o;
	uint64_t v;

	if (lex_named(p, "expires")) {
		if (!span_decimal(p->value, UINT32_MAX, &v))
			return "bad expires parameter";
		c->has_expires = true;
		c->expires_s = (uint32_t)v;
	} else if (lex_named(p, "q")) {
		if (!read_q(p->value, &c->q))
			return "bad q parameter";
		c->has_q = true;
	} else if (lex_named(p, "reg-id")) { /* RFC 5626 4.2: 1 to 2^31 - 1 */
		if (!span_decimal(p->value, INT32_MAX, &v) || v == 0)
			return "bad reg-id";
		c->has_reg_id = true;
		c->reg_id = (uint32_t)v;
	} else if (lex_named(p, "+sip.instance")) {
		if (!p->quoted || p->value.n < 3 || p->value.p[0] != '<' || p->value.p[p->value.n - 1] != '>')
			return "bad +sip.instance";
		if (p->value.n > SIP_TOKEN_MAX)
			return too_long;
		c->instance = p->value;
	}
	return NULL;
}

const char *sip_read_contact(struct sip_msg *m, struct lex *l)
{
	if (rest(l).n == 1 && *l->p == '*') {
		l->p++;
		if (m->contact_n || m->contact_star)
			return "Contact * beside another";
		m->contact_star = true;
		return NULL;
	}
	if (m->contact_star)
		return "Contact * beside another";
	do {
		if (m->contact_n == SIP_CONTACT_MAX)
			return "too many contacts";
		struct sip_contact *c = &m->contact[m->contact_n];
		const char *why = read_addr(l, &c->addr, c, set_contact);
		if (why)
			return why;
		m->contact_n++;
	} while (lex_sep(l, ','));
	return NULL;
}

/* route-param = name-addr, so the brackets must be there */
static const char *read_routes(struct lex *l, struct span *route, uint8_t *n, struct uri *top)
{
	do {
		struct sip_addr a = {0};
		const uint8_t *from = l->p;
		const char *why;
		if (*n == SIP_ROUTE_MAX)
			return "too many routes";
		why = read_addr(l, &a, NULL, NULL);
		if (why)
			return why;
		if (!is_sip(&a.uri) || a.uri.headers.n || a.uri.text.p == from)
			return "route that is no sip address in brackets";
		if (*n == 0 && top)
			*top = a.uri;
		route[(*n)++] = lex_since(l, from);
	} while (lex_sep(l, ','));
	return NULL;
}

const char *sip_read_route(struct sip_msg *m, struct lex *l)
{
	return read_routes(l, m->route, &m->route_n, &m->route_top);
}

const char *sip_read_record_route(struct sip_msg *m, struct lex *l)
{
	return read_routes(l, m->record_route, &m->record_route_n, NULL);
}

const char *sip_read_refer_to(struct sip_msg *m, struct lex *l)
{
	return read_addr(l, &m->refer_to, NULL, NULL);
}

const char *sip_read_referred_by(struct sip_msg *m, struct lex *l)
{
	return read_addr(l, &m->referred_by, NULL, NULL);
}

const char *sip_read_identity(struct sip_msg *m, struct lex *l)
{
	do {
		if (m->identity_n == SIP_IDENTITIES_MAX)
			return "more identities than one sip and one tel";
		struct sip_addr *a = &m->identity[m->identity_n];
		const char *why = read_addr(l, a, NULL, NULL);
		if (why)
			return why;
		if (!is_sip(&a->uri) && a->uri.scheme != URI_TEL)
			return "identity that is neither sip, sips nor tel";
		m->identity_n++;
	} while (lex_sep(l, ','));
	return NULL;
}

/* callid = word [ "@" word ] */
static bool read_callid(struct lex *l, struct span *out)
{
	const uint8_t *from = l->p;

	if (lex_run(l, LEX_WORD).n == 0 || (lex_char(l, '@') && lex_run(l, LEX_WORD).n == 0))
		return false;
	*out = lex_since(l, from);
	return out->n <= SIP_TOKEN_MAX;
}

/* Of a phone, or in words of its own, it says nothing: it does not cost anybody a call. */
const char *sip_read_called_party(struct sip_msg *m, struct lex *l)
{
	const struct lex from = *l;

	if (read_addr(l, &m->called_party, NULL, NULL) || !lex_end(l)) {
		m->called_party = (struct sip_addr){0};
		*l = from;
		l->p = l->end;
	}
	return NULL;
}

const char *sip_read_call_id(struct sip_msg *m, struct lex *l)
{
	return read_callid(l, &m->call_id) ? NULL : "bad Call-ID";
}

/* RFC 3891 6.1 */
const char *sip_read_replaces(struct sip_msg *m, struct lex *l)
{
	struct sip_replaces *r = &m->replaces;
	struct lex_params seen = {0};
	struct lex_param p;
	enum lex_next next;

	if (!read_callid(l, &r->call_id))
		return "bad Replaces";
	while ((next = lex_param(l, &seen, &p)) == LEX_ONE) {
		if (lex_named(&p, "to-tag"))
			r->to_tag = p.value;
		else if (lex_named(&p, "from-tag"))
			r->from_tag = p.value;
		else if (lex_named(&p, "early-only"))
			r->early_only = true;
		if (p.quoted || p.value.n > SIP_TOKEN_MAX)
			return "bad Replaces";
	}
	return next == LEX_BAD || !r->to_tag.n || !r->from_tag.n ? "bad Replaces" : NULL;
}

static const char *set_via_param(struct sip_via *v, const struct lex_param *p)
{
	struct addr ignored;
	uint64_t n = 0;

	if (lex_named(p, "branch")) {
		v->branch = p->value;
		v->cookie = p->value.n > 7 && span_starts_case(p->value, SPAN("z9hG4bK"));
		return !p->has_value || p->quoted || p->value.n > SIP_TOKEN_MAX ? "bad branch" : NULL;
	}
	if (lex_named(p, "rport")) { /* RFC 3581 */
		v->rport = true;
		if (p->has_value && (!span_decimal(p->value, 65535, &n) || n == 0))
			return "bad rport";
		v->rport_port = (uint16_t)n;
	} else if (lex_named(p, "received")) {
		return addr_parse_ip(p->value, &v->received) ? NULL : "bad received";
	} else if (lex_named(p, "maddr")) {
		return lex_hostname(p->value) || addr_parse_ip(p->value, &ignored) ? NULL : "bad maddr";
	} else if (lex_named(p, "ttl")) {
		return span_decimal(p->value, 255, &n) ? NULL : "bad ttl";
	}
	return NULL;
}

/* via-parm. Another version than ours is read to its end first, so that 505 finds its way back. */
static const char *read_via(struct lex *l, struct sip_via *v)
{
	struct span name, version, transport;
	struct lex_params seen = {0};
	struct lex_param p;
	const uint8_t *from = l->p;
	const char *why;
	enum lex_next next;

	if (!lex_token(l, &name) || !lex_sep(l, '/') || !lex_token(l, &version) || !lex_sep(l, '/') ||
	    !lex_token(l, &transport) || !lex_ws(l))
		return "bad protocol in Via";
	if (!lex_host(l, &v->host, &v->addr) || (lex_sep(l, ':') && !lex_port(l, &v->port)))
		return "bad sent-by in Via";
	v->addr.port = v->port;
	v->transport = sip_transport_find(transport);
	while ((next = lex_param(l, &seen, &p)) == LEX_ONE)
		if ((why = set_via_param(v, &p)))
			return why;
	if (next == LEX_BAD)
		return "bad parameter in Via, or one that stands twice";
	v->text = lex_since(l, from);
	return lex_same(name, SPAN("SIP")) && span_eq(version, SPAN("2.0")) ? NULL : "version in Via";
}

bool sip_via_of(struct span text, struct sip_via *out)
{
	struct lex l = lex_of(text);
	struct sip_via v = {0};

	if (read_via(&l, &v) != NULL || !lex_end(&l))
		return false;
	*out = v;
	return true;
}

const char *sip_read_via(struct sip_msg *m, struct lex *l)
{
	do {
		struct sip_via v = {0};
		const char *why;
		if (m->via_n == SIP_VIA_MAX)
			return "too many Via";
		why = read_via(l, &v);
		if (v.text.n == 0)
			return why;
		if (m->via_n == 0)
			m->via = v;
		m->via_text[m->via_n++] = v.text;
		if (why)
			return why;
	} while (lex_sep(l, ','));
	return NULL;
}
