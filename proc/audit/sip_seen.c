/* SPDX-License-Identifier: ISC */
#include "audit/sip_seen.h"

enum { LINES_MAX = 200, BODY_MAX = 65535 };

static struct span before(struct span s, uint8_t c)
{
	return span_head(s, span_find(s, c));
}

static struct span after(struct span s, uint8_t c)
{
	return span_skip(s, span_find(s, c) + 1);
}

/* The next line without its end; false at the end of the text. */
static bool next_line(struct span *rest, struct span *line)
{
	if (rest->n == 0)
		return false;
	size_t n = span_find(*rest, '\n');
	*line = span_head(*rest, n);
	*rest = span_skip(*rest, n + 1);
	if (line->n && line->p[line->n - 1] == '\r')
		line->n--;
	return true;
}

/* The value of ";name=" in parameters, without quotes. */
static struct span param(struct span params, struct span name)
{
	while (params.n) {
		struct span one = span_trim(before(params, ';'));
		params = after(params, ';');
		if (span_eq_case(span_trim(before(one, '=')), name))
			return span_trim(after(one, '='));
	}
	return span_of(NULL, 0);
}

static struct span unquoted(struct span s)
{
	return s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"' ? span_of(s.p + 1, s.n - 2) : s;
}

/* "sip:user@host:port;params" in parts; the user is empty when there is none. */
static void read_uri(struct span uri, struct span *user, struct span *host)
{
	struct span rest = after(uri, ':');
	size_t at = span_find(rest, '@');
	bool tel = span_starts_case(uri, SPAN("tel:"));

	*user = at < rest.n ? before(before(span_head(rest, at), ':'), ';')
	        : tel       ? before(rest, ';')
	                    : span_of(NULL, 0);
	*host = before(before(at < rest.n ? span_skip(rest, at + 1) : rest, ';'), '?');
}

static void read_host(struct span s, struct addr *out)
{
	struct span ip = s.n && s.p[0] == '[' ? span_head(s, span_find(s, ']') + 1) : before(s, ':');

	if (out->family == 0 && !addr_parse_ip(ip, out))
		out->family = 0;
}

/* name-addr or addr-spec, with the parameters behind it. */
static void read_party(struct span v, struct seen_party *out, struct span *host)
{
	struct span params, uri;
	size_t quote = 0;

	if (v.n && v.p[0] == '"') {
		quote = span_find(span_skip(v, 1), '"') + 2;
		out->name = unquoted(span_head(v, quote));
	}
	struct span rest = span_skip(v, quote);
	size_t open = span_find(rest, '<');
	if (open < rest.n) {
		if (!quote)
			out->name = span_trim(span_head(rest, open));
		uri = before(span_skip(rest, open + 1), '>');
		params = after(span_skip(rest, open + 1), '>');
	} else {
		uri = before(rest, ';');
		params = after(rest, ';');
	}
	read_uri(span_trim(uri), &out->user, host);
	out->tag = param(params, SPAN("tag"));
}

/* Digest credentials; commas inside quotes are rare enough in what is looked for here. */
static void read_digest(struct span v, struct sip_seen *out)
{
	struct span alg = SPAN("MD5");

	if (!span_starts_case(v, SPAN("Digest ")))
		return;
	out->digest = true;
	for (struct span rest = span_skip(v, 7); rest.n;) {
		struct span one = span_trim(before(rest, ','));
		rest = after(rest, ',');
		struct span name = span_trim(before(one, '=')), value = unquoted(span_trim(after(one, '=')));
		if (span_eq_case(name, SPAN("algorithm")))
			alg = value;
		else if (span_eq_case(name, SPAN("username")))
			out->login = value;
	}
	out->alg = digest_alg_find(alg);
}

static void read_via(struct span v, struct sip_seen *out)
{
	struct span sent_by = span_trim(after(span_trim(v), ' '));

	for (struct span rest = v; rest.n; rest = after(rest, ','))
		out->vias++;
	read_host(span_trim(before(before(sent_by, ';'), ',')), &out->via);
}

static void read_contact(struct span v, struct sip_seen *out)
{
	struct seen_party contact = {.tag = {0}};
	struct span host = {0};

	read_party(v, &contact, &host);
	read_host(host, &out->contact);
}

static void read_field(enum sip_header h, struct span v, struct sip_seen *out)
{
	struct span host;

	switch ((int)h) {
	case SIP_H_CALL_ID:
		out->call_id = v;
		break;
	case SIP_H_FROM:
		read_party(v, &out->from, &host);
		break;
	case SIP_H_TO:
		read_party(v, &out->to, &host);
		break;
	case SIP_H_VIA:
		read_via(v, out);
		break;
	case SIP_H_CONTACT:
		read_contact(v, out);
		break;
	case SIP_H_CSEQ:
		out->method = sip_method_find(span_trim(after(v, ' ')));
		break;
	case SIP_H_USER_AGENT:
	case SIP_H_SERVER:
		out->device = v;
		break;
	case SIP_H_CONTENT_TYPE: /* of a multipart: its lines of other parts are passed over */
		out->sdp = span_starts_case(v, SPAN("application/sdp")) || span_starts_case(v, SPAN("multipart/"));
		break;
	case SIP_H_AUTHORIZATION:
	case SIP_H_PROXY_AUTHORIZATION:
		read_digest(v, out);
		break;
	case SIP_H_IDENTITY:
		out->identity = true;
		break;
	default:
		break;
	}
}

static bool read_start(struct span line, struct sip_seen *out)
{
	uint64_t code;

	if (span_starts(line, SPAN("SIP/2.0 "))) {
		if (!span_decimal(before(span_skip(line, 8), ' '), 699, &code) || code < 100)
			return false;
		out->status = (uint16_t)code;
		return true;
	}
	out->request = true;
	out->method = sip_method_find(before(line, ' '));
	return true;
}

static void read_line(struct span line, struct sip_seen *out)
{
	struct span name = span_trim(before(line, ':')), v = span_trim(after(line, ':'));
	enum sip_header h = sip_header_find(name);
	enum sip_method method = out->method;

	if (h != SIP_H_NONE)
		read_field(h, v, out);
	else if (span_eq_case(name, SPAN("Session-ID")))
		out->session = span_trim(before(v, ';'));
	if (out->request && method != SIP_UNKNOWN)
		out->method = method;
}

bool sip_seen(struct span message, struct sip_seen *out)
{
	struct span rest = message, line;

	*out = (struct sip_seen){.alg = DIGEST_OTHER};
	if (!next_line(&rest, &line) || !read_start(line, out))
		return false;
	for (int i = 0; i < LINES_MAX && next_line(&rest, &line) && line.n; i++)
		if (line.p[0] != ' ' && line.p[0] != '\t') /* folds hold nothing that is needed here */
			read_line(line, out);
	out->body = rest;
	return out->call_id.n > 0;
}

size_t sip_seen_length(struct span s)
{
	struct span rest = s, line;
	uint64_t body = 0;

	for (int i = 0; next_line(&rest, &line); i++) {
		if (i == LINES_MAX) /* no head; it would be gone through again with every segment */
			return (size_t)(line.p - s.p);
		if (rest.p == NULL || rest.p > s.p + s.n || (rest.n == 0 && s.p[s.n - 1] != '\n'))
			return 0;
		if (line.n == 0)
			return (size_t)(rest.p - s.p) + (size_t)body;
		if (sip_header_find(span_trim(before(line, ':'))) == SIP_H_CONTENT_LENGTH)
			(void)span_decimal(span_trim(after(line, ':')), BODY_MAX, &body);
	}
	return 0;
}
