/* SPDX-License-Identifier: ISC */
#include "wire/sip_write.h"
#include "wire/sip_lex.h"

/* The one gate for text that came from elsewhere: a line of valid UTF-8 without controls, or nothing at all.
 */
static void put_line_text(struct buf *b, struct span v)
{
	for (size_t i = 0; i < v.n; i++)
		if ((v.p[i] < 0x20 && v.p[i] != '\t') || v.p[i] == 0x7f)
			b->full = true;
	if (!lex_utf8(v))
		b->full = true;
	buf_add(b, v);
}

static void put_token(struct buf *b, struct span v)
{
	struct lex l = lex_of(v);

	if (v.n == 0 || v.n > SIP_TOKEN_MAX || !lex_run(&l, LEX_TOKEN).n || !lex_end(&l))
		b->full = true;
	buf_add(b, v);
}

static void put_crlf(struct buf *b)
{
	BUF_LIT(b, "\r\n");
}

static void put_name(struct buf *b, enum sip_header h)
{
	struct span name = sip_header_name(h);

	if (name.n == 0)
		b->full = true;
	buf_add(b, name);
	BUF_LIT(b, ": ");
}

static void put_method(struct buf *b, enum sip_method m)
{
	struct span name = sip_method_name(m);

	if (name.n == 0)
		b->full = true;
	buf_add(b, name);
}

static void put_uri(struct buf *b, struct span uri)
{
	const char *why;
	struct uri u;

	if (!uri_parse(uri, &u, &why))
		b->full = true;
	buf_add(b, uri);
}

void sip_put_request(struct buf *b, enum sip_method method, struct span uri)
{
	put_method(b, method);
	BUF_LIT(b, " ");
	put_uri(b, uri);
	BUF_LIT(b, " SIP/2.0\r\n");
}

void sip_put_status(struct buf *b, unsigned code, const char *phrase)
{
	if (code < 100 || code > 699)
		b->full = true;
	BUF_LIT(b, "SIP/2.0 ");
	buf_decimal(b, code);
	BUF_LIT(b, " ");
	put_line_text(b, phrase ? span_str(phrase) : sip_reason_phrase(code));
	put_crlf(b);
}

static bool is_via_param(struct span name)
{
	return lex_same(name, SPAN("rport")) || lex_same(name, SPAN("received"));
}

/* The parameters of our peer's Via but for the two that we set. */
static void echo_via_params(struct buf *b, struct span params)
{
	struct lex l = lex_of(params);
	struct lex_params seen = {0};
	struct lex_param p;

	while (lex_param(&l, &seen, &p) == LEX_ONE) {
		if (is_via_param(p.name))
			continue;
		BUF_LIT(b, ";");
		buf_add(b, p.name);
		if (!p.has_value)
			continue;
		BUF_LIT(b, "=");
		if (p.quoted)
			BUF_LIT(b, "\"");
		put_line_text(b, p.value);
		if (p.quoted)
			BUF_LIT(b, "\"");
	}
}

/* RFC 3261 18.2.1, RFC 3581 4: received when the source is not what sent-by says, or rport was asked for. */
static void echo_top_via(struct buf *b, const struct sip_msg *req, const struct addr *source)
{
	const struct sip_via *v = &req->via;
	struct span text = v->text;
	size_t params = span_find(text, ';');
	bool named = v->addr.family == 0 || !addr_same_ip(&v->addr, source);

	put_line_text(b, span_trim(span_head(text, params)));
	echo_via_params(b, span_skip(text, params));
	if (source->family && (named || v->rport)) {
		BUF_LIT(b, ";received=");
		addr_put_ip(b, source);
	}
	if (v->rport) {
		BUF_LIT(b, ";rport=");
		buf_decimal(b, source->port);
	}
}

static void put_text_line(struct buf *b, enum sip_header h, struct span v)
{
	put_name(b, h);
	put_line_text(b, v);
	put_crlf(b);
}

static void echo_vias(struct buf *b, const struct sip_msg *req, const struct addr *source)
{
	for (unsigned i = 0; i < req->via_n; i++) {
		put_name(b, SIP_H_VIA);
		if (i == 0)
			echo_top_via(b, req, source);
		else
			put_line_text(b, req->via_text[i]);
		put_crlf(b);
	}
}

static void echo_to(struct buf *b, const struct sip_msg *req, struct span tag)
{
	put_name(b, SIP_H_TO);
	put_line_text(b, req->to.text);
	if (tag.n && req->to.tag.n == 0 && req->to.uri.scheme != URI_NONE) {
		BUF_LIT(b, ";tag=");
		put_token(b, tag);
	}
	put_crlf(b);
}

void sip_put_response(struct buf *b, const struct sip_msg *req, unsigned code, const char *phrase, struct span to_tag,
    const struct addr *source)
{
	sip_put_status(b, code, phrase);
	echo_vias(b, req, source);
	if (req->from.text.n)
		put_text_line(b, SIP_H_FROM, req->from.text);
	if (req->to.text.n)
		echo_to(b, req, to_tag);
	if (req->call_id.n)
		put_text_line(b, SIP_H_CALL_ID, req->call_id);
	put_text_line(b, SIP_H_CSEQ, req->cseq_text);
	if (code == 100 && req->timestamp.n)
		put_text_line(b, SIP_H_TIMESTAMP, req->timestamp);
}

void sip_put_via(struct buf *b, const struct sip_via_out *v)
{
	struct span transport = sip_transport_name(v->transport);

	if (transport.n == 0 || (v->host.n ? !lex_hostname(v->host) : v->addr.family != 4 && v->addr.family != 6))
		b->full = true;
	BUF_LIT(b, "Via: SIP/2.0/");
	buf_add(b, transport);
	BUF_LIT(b, " ");
	if (v->host.n)
		buf_add(b, v->host);
	else
		addr_put_host(b, &v->addr);
	if (v->port) {
		BUF_LIT(b, ":");
		buf_decimal(b, v->port);
	}
	BUF_LIT(b, ";branch=");
	put_token(b, v->branch);
	if (v->rport)
		BUF_LIT(b, ";rport");
	put_crlf(b);
}

/* Plain UTF-8 text between quotes, escaped. */
static void put_quoted(struct buf *b, struct span text)
{
	if (!lex_utf8(text))
		b->full = true;
	BUF_LIT(b, "\"");
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < 0x20 || text.p[i] == 0x7f)
			b->full = true;
		if (text.p[i] == '"' || text.p[i] == '\\')
			BUF_LIT(b, "\\");
		buf_u8(b, text.p[i]);
	}
	BUF_LIT(b, "\"");
}

static void put_display(struct buf *b, struct span display)
{
	if (display.n) {
		put_quoted(b, display);
		BUF_LIT(b, " ");
	}
}

static void put_name_addr(struct buf *b, struct span display, struct span uri)
{
	put_display(b, display);
	BUF_LIT(b, "<");
	put_uri(b, uri);
	BUF_LIT(b, ">");
}

void sip_put_addr(struct buf *b, enum sip_header h, const struct sip_addr_out *a)
{
	put_name(b, h);
	if (a->made) {
		put_display(b, a->display);
		BUF_LIT(b, "<");
		uri_put(b, a->made);
		BUF_LIT(b, ">");
	} else {
		put_name_addr(b, a->display, a->uri);
	}
	if (a->tag.n) {
		BUF_LIT(b, ";tag=");
		put_token(b, a->tag);
	}
	put_crlf(b);
}

static void put_q(struct buf *b, uint16_t q)
{
	if (q > 1000)
		b->full = true;
	if (q == 1000) {
		BUF_LIT(b, ";q=1.0");
		return;
	}
	BUF_LIT(b, ";q=0.");
	for (unsigned unit = 100; unit; unit /= 10)
		buf_u8(b, (uint8_t)('0' + q / unit % 10));
}

void sip_put_contact(struct buf *b, const struct sip_contact_out *c)
{
	put_name(b, SIP_H_CONTACT);
	put_name_addr(b, c->display, c->uri);
	if (c->instance.n) {
		BUF_LIT(b, ";+sip.instance=");
		put_quoted(b, c->instance);
	}
	if (c->reg_id) {
		BUF_LIT(b, ";reg-id=");
		buf_decimal(b, c->reg_id);
	}
	if (c->q)
		put_q(b, c->q);
	if (c->has_expires) {
		BUF_LIT(b, ";expires=");
		buf_decimal(b, c->expires_s);
	}
	put_crlf(b);
}

void sip_put_cseq(struct buf *b, uint32_t n, enum sip_method method)
{
	if (n > SIP_CSEQ_MAX)
		b->full = true;
	put_name(b, SIP_H_CSEQ);
	buf_decimal(b, n);
	BUF_LIT(b, " ");
	put_method(b, method);
	put_crlf(b);
}

void sip_put_number(struct buf *b, enum sip_header h, uint32_t v)
{
	put_name(b, h);
	buf_decimal(b, v);
	put_crlf(b);
}

void sip_put_text(struct buf *b, enum sip_header h, struct span v)
{
	put_text_line(b, h, v);
}

static void put_comma(struct buf *b, bool *first)
{
	if (!*first)
		BUF_LIT(b, ", ");
	*first = false;
}

static void put_tag_names(struct buf *b, uint32_t tags, bool *first)
{
	for (unsigned bit = 0; bit < 32; bit++) {
		if (!(tags >> bit & 1))
			continue;
		struct span name = sip_tag_name(bit);
		if (name.n == 0)
			b->full = true;
		put_comma(b, first);
		buf_add(b, name);
	}
}

void sip_put_tags(struct buf *b, enum sip_header h, uint32_t tags)
{
	bool first = true;

	if (tags == 0)
		return;
	put_name(b, h);
	put_tag_names(b, tags, &first);
	put_crlf(b);
}

void sip_put_unsupported(struct buf *b, const struct sip_tags *t, uint32_t understood)
{
	bool first = true;

	if ((t->known & ~understood) == 0 && t->unknown_n == 0)
		return;
	put_name(b, SIP_H_UNSUPPORTED);
	put_tag_names(b, t->known & ~understood, &first);
	for (unsigned i = 0; i < t->unknown_n; i++) {
		put_comma(b, &first);
		put_token(b, t->unknown[i]);
	}
	put_crlf(b);
}

void sip_put_allow(struct buf *b, uint32_t methods)
{
	bool first = true;

	put_name(b, SIP_H_ALLOW);
	for (unsigned m = SIP_UNKNOWN + 1; m < SIP_METHODS_N; m++) {
		if (!(methods >> m & 1))
			continue;
		put_comma(b, &first);
		put_method(b, (enum sip_method)m);
	}
	put_crlf(b);
}

void sip_put_session_expires(struct buf *b, uint32_t s, enum sip_refresher r)
{
	put_name(b, SIP_H_SESSION_EXPIRES);
	buf_decimal(b, s);
	if (r != SIP_REFRESHER_NONE)
		buf_str(b, r == SIP_REFRESHER_UAC ? ";refresher=uac" : ";refresher=uas");
	put_crlf(b);
}

void sip_put_rack(struct buf *b, uint32_t rseq, uint32_t cseq, enum sip_method method)
{
	put_name(b, SIP_H_RACK);
	buf_decimal(b, rseq);
	BUF_LIT(b, " ");
	buf_decimal(b, cseq);
	BUF_LIT(b, " ");
	put_method(b, method);
	put_crlf(b);
}

void sip_put_reason(struct buf *b, enum sip_reason_protocol p, unsigned cause, struct span text)
{
	if (p == SIP_REASON_NONE)
		b->full = true;
	put_name(b, SIP_H_REASON);
	buf_str(b, p == SIP_REASON_Q850 ? "Q.850" : "SIP");
	BUF_LIT(b, ";cause=");
	buf_decimal(b, cause);
	if (text.n) {
		BUF_LIT(b, ";text=");
		put_quoted(b, text);
	}
	put_crlf(b);
}

void sip_put_warning(struct buf *b, unsigned code, struct span agent, struct span text)
{
	struct lex l = lex_of(agent);

	if (code < 100 || code > 999 || lex_run(&l, LEX_VALUE).n == 0 || !lex_end(&l))
		b->full = true;
	put_name(b, SIP_H_WARNING);
	buf_decimal(b, code);
	BUF_LIT(b, " ");
	buf_add(b, agent);
	BUF_LIT(b, " ");
	put_quoted(b, text);
	put_crlf(b);
}

void sip_put_subscription_state(struct buf *b, enum sip_substate s, uint32_t expires_s, struct span reason)
{
	static const char *const names[] = {[SIP_SUBSTATE_ACTIVE] = "active",
	    [SIP_SUBSTATE_PENDING] = "pending",
	    [SIP_SUBSTATE_TERMINATED] = "terminated"};

	if (s == SIP_SUBSTATE_NONE || s == SIP_SUBSTATE_OTHER) {
		b->full = true;
		return;
	}
	put_name(b, SIP_H_SUBSCRIPTION_STATE);
	buf_str(b, names[s]);
	if (s != SIP_SUBSTATE_TERMINATED) {
		BUF_LIT(b, ";expires=");
		buf_decimal(b, expires_s);
	}
	if (reason.n) {
		BUF_LIT(b, ";reason=");
		put_token(b, reason);
	}
	put_crlf(b);
}

void sip_put_challenge(struct buf *b, const struct digest_challenge_out *c)
{
	put_name(b, SIP_H_WWW_AUTHENTICATE);
	digest_put_challenge(b, c);
	put_crlf(b);
}

void sip_put_credentials(struct buf *b, const struct digest_credentials_out *c, bool proxy)
{
	put_name(b, proxy ? SIP_H_PROXY_AUTHORIZATION : SIP_H_AUTHORIZATION);
	digest_put_credentials(b, c);
	put_crlf(b);
}

void sip_put_no_body(struct buf *b)
{
	BUF_LIT(b, "Content-Length: 0\r\n\r\n");
}

void sip_put_body(struct buf *b, struct span content_type, struct span body)
{
	size_t mark = sip_body_begin(b, content_type);

	buf_add(b, body);
	sip_body_end(b, mark);
}

/* Room for the largest length; white space fills what is left of it, which LWS after the colon allows. */
enum { LENGTH_WIDTH = 5 };
_Static_assert(SIP_BODY_MAX <= 99999, "fits LENGTH_WIDTH");

size_t sip_body_begin(struct buf *b, struct span content_type)
{
	put_text_line(b, SIP_H_CONTENT_TYPE, content_type);
	BUF_LIT(b, "Content-Length:      \r\n\r\n");
	return b->n;
}

void sip_body_end(struct buf *b, size_t mark)
{
	uint8_t *digit = b->p + mark - 4;
	size_t n = b->n - mark;

	if (b->full || mark < LENGTH_WIDTH + 4 || n > SIP_BODY_MAX) {
		b->full = true;
		return;
	}
	do
		*--digit = (uint8_t)('0' + n % 10);
	while (n /= 10);
}
