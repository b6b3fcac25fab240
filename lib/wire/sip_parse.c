/* SPDX-License-Identifier: ISC */
#include "wire/sip_read.h"
#include <endian.h>

struct parse {
	uint8_t *p, *end; /* what is left to read */
	const uint8_t *base;
	struct sip_msg *m;
	struct sip_error *err;
	bool bad;
};

/* The first fault is the one that is answered. What follows is still read, for the answer needs Via and the
 * rest. */
static void fail(struct parse *s, unsigned code, const char *reason, const uint8_t *where)
{
	if (s->bad)
		return;
	s->bad = true;
	*s->err = (struct sip_error){(uint16_t)code, (uint32_t)(where - s->base), reason};
}

/* How each header is read, and whether it may stand only once. NULL: checked for its characters and dropped.
 */
static const struct {
	sip_reader *read;
	bool once;
} readers[SIP_HEADERS_N] = {
    [SIP_H_ACCEPT] = {sip_read_accept, false},
    [SIP_H_ALLOW] = {sip_read_allow, false},
    [SIP_H_ALLOW_EVENTS] = {sip_read_text, false},
    [SIP_H_AUTHORIZATION] = {sip_read_authorization, false},
    [SIP_H_CALL_ID] = {sip_read_call_id, true},
    [SIP_H_CONTACT] = {sip_read_contact, false},
    [SIP_H_CONTENT_DISPOSITION] = {sip_read_content_disposition, true},
    [SIP_H_CONTENT_ENCODING] = {sip_read_content_encoding, true},
    [SIP_H_CONTENT_LENGTH] = {sip_read_content_length, true},
    [SIP_H_CONTENT_TYPE] = {sip_read_content_type, true},
    [SIP_H_CSEQ] = {sip_read_cseq, true},
    [SIP_H_DATE] = {sip_read_text, true},
    [SIP_H_EVENT] = {sip_read_event, true},
    [SIP_H_EXPIRES] = {sip_read_expires, true},
    [SIP_H_FLOW_TIMER] = {sip_read_flow_timer, true},
    [SIP_H_FROM] = {sip_read_from, true},
    [SIP_H_IDENTITY] = {sip_read_signature, false},
    [SIP_H_MAX_FORWARDS] = {sip_read_max_forwards, true},
    [SIP_H_MIME_VERSION] = {sip_read_text, true},
    [SIP_H_MIN_EXPIRES] = {sip_read_min_expires, true},
    [SIP_H_MIN_SE] = {sip_read_min_se, true},
    [SIP_H_ORGANIZATION] = {sip_read_text, true},
    [SIP_H_P_ASSERTED_IDENTITY] = {sip_read_identity, false},
    [SIP_H_P_CALLED_PARTY_ID] = {sip_read_called_party, true},
    [SIP_H_PRIORITY] = {sip_read_text, true},
    [SIP_H_PRIVACY] = {sip_read_privacy, true},
    [SIP_H_PROXY_AUTHENTICATE] = {sip_read_proxy_authenticate, false},
    [SIP_H_PROXY_AUTHORIZATION] = {sip_read_proxy_authorization, false},
    [SIP_H_PROXY_REQUIRE] = {sip_read_proxy_require, false},
    [SIP_H_RACK] = {sip_read_rack, true},
    [SIP_H_REASON] = {sip_read_reason, false},
    [SIP_H_RECORD_ROUTE] = {sip_read_record_route, false},
    [SIP_H_REFER_TO] = {sip_read_refer_to, true},
    [SIP_H_REFERRED_BY] = {sip_read_referred_by, true},
    [SIP_H_REPLACES] = {sip_read_replaces, true},
    [SIP_H_REQUIRE] = {sip_read_require, false},
    [SIP_H_RETRY_AFTER] = {sip_read_retry_after, true},
    [SIP_H_ROUTE] = {sip_read_route, false},
    [SIP_H_RSEQ] = {sip_read_rseq, true},
    [SIP_H_SERVER] = {sip_read_text, true},
    [SIP_H_SESSION_EXPIRES] = {sip_read_session_expires, true},
    [SIP_H_SIP_ETAG] = {sip_read_sip_etag, true},
    [SIP_H_SIP_IF_MATCH] = {sip_read_sip_if_match, true},
    [SIP_H_SUBJECT] = {sip_read_text, true},
    [SIP_H_SUBSCRIPTION_STATE] = {sip_read_subscription_state, true},
    [SIP_H_SUPPORTED] = {sip_read_supported, false},
    [SIP_H_TIMESTAMP] = {sip_read_timestamp, true},
    [SIP_H_TO] = {sip_read_to, true},
    [SIP_H_UNSUPPORTED] = {sip_read_unsupported, false},
    [SIP_H_USER_AGENT] = {sip_read_user_agent, true},
    [SIP_H_VIA] = {sip_read_via, false},
    [SIP_H_WARNING] = {sip_read_warning, false},
    [SIP_H_WWW_AUTHENTICATE] = {sip_read_www_authenticate, false},
};

_Static_assert(SIP_HEADERS_N <= 64, "one bit of sip_msg.has for each");

struct line {
	uint8_t *from, *to;   /* without its CR LF */
	const uint8_t *fault; /* the first octet that may not stand in a line, or a fold where none may be */
	bool high;            /* has octets above 127 */
};

/* How many of the eight octets at p come before the first that needs a look: a control, DEL, or one above
 * 127. No octet below that one can borrow from it, so the lowest mark is exact. */
static size_t plain_of_eight(const uint8_t *p)
{
	const uint64_t ones = 0x0101010101010101;
	uint64_t v, marks;

	memcpy(&v, p, sizeof v);
	v = le64toh(v);
	marks = ((v - ones * 0x20) | v | ((v ^ ones * 0x7f) - ones)) & ones * 0x80;
	return marks ? (size_t)__builtin_ctzll(marks) / 8 : 8;
}

static const uint8_t *skip_plain(const uint8_t *p, const uint8_t *end)
{
	size_t n = 8;

	while (end - p >= 8 && n == 8) {
		n = plain_of_eight(p);
		p += n;
	}
	return p;
}

/* To the CR LF that ends the line; false at the end of the data. */
static bool find_crlf(uint8_t **at, uint8_t *end, struct line *line)
{
	uint8_t *p = *at;

	for (;; p++) {
		p += skip_plain(p, end) - p;
		if (end - p < 2)
			return false;
		if (p[0] == '\r' && p[1] == '\n')
			break;
		if (*p >= 0x80)
			line->high = true;
		else if (((*p < 0x20 && *p != '\t') || *p == 0x7f) && !line->fault)
			line->fault = p;
	}
	*at = p;
	return true;
}

static bool blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* The next line, its folds joined. HCOLON has no room for a fold, and a fold of nothing but white space looks
 * like the end of the head to a careless reader: both are refused, although the second is within the grammar.
 */
static bool next_line(struct parse *s, struct line *line)
{
	uint8_t *p = s->p, *part = p;
	bool named = false;

	*line = (struct line){.from = p};
	for (;; part = p) {
		if (!find_crlf(&p, s->end, line))
			return false;
		if (p == line->from || s->end - p < 3 || !blank(p[2]))
			break;
		struct lex after = {p + 2, s->end};
		lex_ws(&after);
		named = named || memchr(part, ':', (size_t)(p - part));
		if (!line->fault && (lex_at(&after, '\r') || !named))
			line->fault = p;
		p[0] = p[1] = ' ';
		p += 2;
	}
	line->to = p;
	s->p = p + 2;
	return true;
}

static bool line_ok(struct parse *s, const struct line *line, size_t max)
{
	struct span text = span_of(line->from, (size_t)(line->to - line->from));

	if (line->fault)
		fail(s, 400, "control character or misplaced fold", line->fault);
	else if (text.n > max)
		fail(s, max == SIP_START_LINE_MAX ? 414 : 400, "line too long", line->from);
	else if (line->high && !lex_utf8(text) && !lex_mend_utf8(line->from, line->to))
		fail(s, 400, "not UTF-8", line->from);
	else
		return true;
	return false;
}

/* SIP-Version, "SIP/2.0" in any case */
static bool read_version(struct lex *l, bool *ours)
{
	const uint8_t *from = l->p;
	struct span name = lex_run(l, LEX_ALNUM);

	if (!lex_same(name, SPAN("SIP")) || !lex_char(l, '/') || !lex_run(l, LEX_DIGIT).n || !lex_char(l, '.') ||
	    !lex_run(l, LEX_DIGIT).n)
		return false;
	*ours = lex_same(lex_since(l, from), SPAN("SIP/2.0"));
	return true;
}

/* Status-Line = SIP-Version SP 3DIGIT SP Reason-Phrase; true when the line begins like one */
static bool read_status_line(struct parse *s, struct lex *l)
{
	uint32_t status;
	bool ours;

	if (l->end - l->p < 4 || !lex_same(span_of(l->p, 4), SPAN("SIP/")))
		return false;
	if (!read_version(l, &ours) || !ours || !lex_char(l, ' '))
		fail(s, 505, "version of the response", l->p);
	const uint8_t *from = l->p;
	if (!lex_u32(l, 699, &status) || l->p - from != 3 || status < 100 || !lex_char(l, ' '))
		fail(s, 400, "bad status code", l->p);
	else
		s->m->status = (uint16_t)status;
	s->m->reason_phrase = span_of(l->p, (size_t)(l->end - l->p));
	return true;
}

/* Request-Line = Method SP Request-URI SP SIP-Version */
static void read_request_line(struct parse *s, struct lex *l)
{
	struct sip_msg *m = s->m;
	const char *why;
	bool ours;

	m->is_request = true;
	m->method_name = lex_run(l, LEX_TOKEN);
	m->method = sip_method_find(m->method_name);
	const uint8_t *uri = l->p + 1;
	struct span rest = span_of(l->p, (size_t)(l->end - l->p));
	size_t n = rest.n ? span_find(span_skip(rest, 1), ' ') : 0;
	if (m->method_name.n == 0 || !lex_char(l, ' ') || n + 1 == rest.n) {
		fail(s, 400, "bad request line", l->p);
		return;
	}
	l->p += n + 1;
	if (!read_version(l, &ours) || !lex_end(l)) {
		fail(s, 400, "bad request line", l->p);
		return;
	}
	if (!ours)
		fail(s, 505, "version of the request", l->p);
	if (!uri_parse(span_of(uri, n), &m->uri, &why))
		fail(s, 400, why, uri);
	else if (m->uri.scheme == URI_OTHER && !uri_is_sos(&m->uri))
		fail(s, 416, "scheme of the Request-URI", uri);
	else if (m->uri.headers.n)
		fail(s, 400, "headers in the Request-URI", uri);
}

static bool read_start_line(struct parse *s)
{
	struct line line;

	if (!next_line(s, &line)) {
		fail(s, 400, "no start line", s->p);
		return false;
	}
	if (line_ok(s, &line, SIP_START_LINE_MAX)) {
		struct lex l = {line.from, line.to};
		if (!read_status_line(s, &l))
			read_request_line(s, &l);
		return true;
	}
	/* the answer still needs the method, above all to know an ACK */
	struct lex l = {line.from, line.to};
	s->m->is_request = true;
	s->m->method_name = lex_run(&l, LEX_TOKEN);
	s->m->method = sip_method_find(s->m->method_name);
	return lex_at(&l, ' ');
}

static void read_value(struct parse *s, enum sip_header h, struct lex *l)
{
	const uint8_t *from = l->p;
	const char *why;

	if (readers[h].once && sip_has(s->m, h)) {
		fail(s, 400, "header that may stand once stands twice", from);
		return;
	}
	s->m->has |= UINT64_C(1) << h;
	why = readers[h].read(s->m, l);
	if (why || !lex_end(l))
		fail(s, 400, why ? why : "something follows the value of a header", l->p);
}

/* header-name HCOLON header-value; HCOLON = *( SP / HTAB ) ":" SWS */
static void read_header(struct parse *s, const struct line *line)
{
	struct lex l = {line->from, line->to};
	struct span name = lex_run(&l, LEX_TOKEN);
	enum sip_header h;

	if (name.n == 0 || !lex_sep(&l, ':')) {
		fail(s, 400, "bad header name", l.p);
		return;
	}
	h = sip_header_find(name);
	if (h == SIP_H_NONE)
		return;
	while (l.end > l.p && blank(l.end[-1]))
		l.end--;
	read_value(s, h, &l);
}

/* False when the blank line never comes. */
static bool read_headers(struct parse *s)
{
	struct line line;
	unsigned n = 0;

	for (;;) {
		if (!next_line(s, &line)) {
			fail(s, 400, "no end of the headers", s->p);
			return false;
		}
		if (line.from == line.to)
			break;
		if (n++ == SIP_HEADERS_MAX) {
			fail(s, 400, "too many headers", line.from);
			return false;
		}
		if (line_ok(s, &line, SIP_LINE_MAX))
			read_header(s, &line);
	}
	s->m->head = span_of(s->base, (size_t)(s->p - s->base));
	return true;
}

static void read_body(struct parse *s)
{
	struct sip_msg *m = s->m;
	size_t left = (size_t)(s->end - s->p);

	if (sip_has(m, SIP_H_CONTENT_LENGTH)) {
		if (m->content_length > SIP_BODY_MAX)
			fail(s, 413, "Content-Length above the limit", s->p);
		else if (m->content_length > left)
			fail(s, 400, "Content-Length above what is there", s->p);
		else
			left = m->content_length;
	}
	if (left > SIP_BODY_MAX)
		fail(s, 413, "body too large", s->p);
	m->body = span_of(s->p, left);
	if (left && !sip_has(m, SIP_H_CONTENT_TYPE))
		fail(s, 400, "body without Content-Type", s->p);
}

static const char *check_contacts(const struct sip_msg *m)
{
	if (m->contact_star &&
	    (m->method != SIP_REGISTER || !m->is_request || !sip_has(m, SIP_H_EXPIRES) || m->expires_s))
		return "Contact * without REGISTER and Expires: 0"; /* RFC 3261 10.2.2 */
	if (m->is_request)
		for (unsigned i = 0; i < m->contact_n; i++)
			if (m->contact[i].addr.uri.scheme != URI_SIP && m->contact[i].addr.uri.scheme != URI_SIPS)
				return "Contact that is neither sip nor sips";
	return NULL;
}

/* What must hold between headers (RFC 3261 8.1.1, 8.1.3.3). */
static const char *check(const struct sip_msg *m)
{
	static const uint64_t needed = UINT64_C(1) << SIP_H_VIA | UINT64_C(1) << SIP_H_FROM | UINT64_C(1) << SIP_H_TO |
	                               UINT64_C(1) << SIP_H_CALL_ID | UINT64_C(1) << SIP_H_CSEQ;

	if ((m->has & needed) != needed)
		return "Via, From, To, Call-ID or CSeq is missing";
	if (!m->is_request && m->via_n != 1)
		return "response that is not for us: more than one Via";
	if (m->is_request && m->method == SIP_PRACK && !sip_has(m, SIP_H_RACK))
		return "PRACK without RAck";
	if (m->is_request && m->method == SIP_REFER && !sip_has(m, SIP_H_REFER_TO))
		return "REFER without Refer-To";
	return check_contacts(m);
}

enum sip_verdict sip_parse(uint8_t *message, size_t n, struct sip_msg *out, struct sip_error *err)
{
	struct parse s = {.p = message, .end = message + n, .base = message, .m = out, .err = err};
	const char *why;

	*out = (struct sip_msg){0};
	if (n > SIP_MESSAGE_MAX) {
		fail(&s, 513, "message too large", message);
		return SIP_DISCARD;
	}
	if (!read_start_line(&s))
		return SIP_DISCARD;
	if (read_headers(&s)) {
		if (out->head.n > SIP_HEAD_MAX)
			fail(&s, 513, "headers too large", s.p);
		if ((why = check(out)))
			fail(&s, 400, why, s.p);
		read_body(&s);
	}
	if (!s.bad)
		return SIP_OK;
	return out->is_request && out->method != SIP_ACK && out->via_n && out->cseq_text.n ? SIP_ANSWER : SIP_DISCARD;
}
