/* SPDX-License-Identifier: ISC */
#include "wire/sip_multipart.h"
#include "wire/sip_read.h"
#include "wire/sip_write.h"

struct reader {
	struct span body;
	uint8_t needle[SIP_BOUNDARY_MAX + 4]; /* CR LF - - boundary */
	size_t needle_n;
	struct sip_error *err;
};

static bool fail(struct reader *r, uint16_t code, const char *reason, const uint8_t *at)
{
	*r->err = (struct sip_error){code, (uint32_t)(at - r->body.p), reason};
	return false;
}

static const uint8_t *end_of(struct span s)
{
	return s.p + s.n;
}

static struct span from_to(const uint8_t *from, const uint8_t *to)
{
	return span_of(from, (size_t)(to - from));
}

/* bchars (RFC 2046 5.1.1) */
static bool boundary_ok(struct span b)
{
	for (size_t i = 0; i < b.n; i++)
		if (!lex_is(b.p[i], LEX_ALNUM) && (b.p[i] == 0 || !strchr("'()+_,-./:=? ", b.p[i])))
			return false;
	return b.n > 0 && b.n <= SIP_BOUNDARY_MAX && b.p[b.n - 1] != ' ';
}

/* --- lines of the boundary --- */

/* The next one at or after `at`, which begins a line; NULL: none. */
static const uint8_t *find_boundary(const struct reader *r, const uint8_t *at)
{
	struct span rest = from_to(at, end_of(r->body));

	return rest.n ? memmem(rest.p, rest.n, r->needle, r->needle_n) : NULL;
}

/* What follows the boundary on its line; *after: the next line. */
static bool read_boundary(struct reader *r, const uint8_t *at, bool *closing, const uint8_t **after)
{
	struct lex l = lex_of(from_to(at, end_of(r->body)));

	*closing = l.end - l.p >= 2 && l.p[0] == '-' && l.p[1] == '-';
	if (*closing)
		l.p += 2;
	lex_ws(&l);
	if (*closing && lex_end(&l)) {
		*after = l.p;
		return true;
	}
	if (!lex_char(&l, '\r') || !lex_char(&l, '\n'))
		return fail(r, 400, "a boundary line that goes on", l.p);
	*after = l.p;
	return true;
}

/* Behind the first boundary; what stands before it is for readers that know no parts. */
static bool enter(struct reader *r, const uint8_t **at)
{
	struct span first = span_of(r->needle + 2, r->needle_n - 2);
	bool closing;

	if (span_starts(r->body, first)) {
		*at = r->body.p + first.n;
	} else {
		const uint8_t *found = find_boundary(r, r->body.p);
		if (!found)
			return fail(r, 400, "a multipart without its boundary", r->body.p);
		*at = found + r->needle_n;
	}
	const uint8_t *from = *at;
	if (!read_boundary(r, from, &closing, at))
		return false;
	return closing ? fail(r, 400, "a multipart without parts", from) : true;
}

/* --- one part --- */

struct part {
	bool has_type, has_encoding, has_disposition;
	enum sip_media media;
	bool encoded, is_session;
	struct span content;
};

static const char *read_type(struct part *p, struct lex *l)
{
	struct span text, boundary;

	if (p->has_type)
		return "a part of two types";
	p->has_type = true;
	return sip_media_type(l, &p->media, &text, &boundary);
}

static const char *read_encoding(struct part *p, struct lex *l)
{
	struct span coding;

	if (p->has_encoding || !lex_token(l, &coding))
		return "bad Content-Transfer-Encoding of a part";
	p->has_encoding = true;
	p->encoded =
	    !lex_same(coding, SPAN("binary")) && !lex_same(coding, SPAN("8bit")) && !lex_same(coding, SPAN("7bit"));
	return NULL;
}

static const char *read_disposition(struct part *p, struct lex *l)
{
	struct lex_params seen = {0};
	struct lex_param param;
	struct span disposition;
	enum lex_next next;

	if (p->has_disposition || !lex_token(l, &disposition))
		return "bad Content-Disposition of a part";
	p->has_disposition = true;
	p->is_session = lex_same(disposition, SPAN("session"));
	while ((next = lex_param(l, &seen, &param)) == LEX_ONE)
		;
	return next == LEX_BAD ? "bad Content-Disposition of a part" : NULL;
}

static const struct {
	const char *name;
	const char *(*read)(struct part *p, struct lex *l);
} header[] = {{"Content-Type", read_type}, {"Content-Transfer-Encoding", read_encoding},
    {"Content-Disposition", read_disposition}};

static bool text_ok(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] < 0x20 && s.p[i] != '\t') || s.p[i] == 0x7f)
			return false;
	return lex_utf8(s);
}

static const char *read_header(struct part *p, struct lex *l)
{
	struct span name;

	if (!text_ok(from_to(l->p, l->end)))
		return "control character in a header of a part";
	if (lex_at(l, ' ') || lex_at(l, '\t'))
		return "folded header of a part";
	if (!lex_token(l, &name) || !lex_sep(l, ':'))
		return "bad header of a part";
	for (size_t i = 0; i < sizeof header / sizeof *header; i++) {
		if (!lex_same(name, span_str(header[i].name)))
			continue;
		const char *why = header[i].read(p, l);
		lex_ws(l);
		return why ? why : lex_end(l) ? NULL : "bad header of a part";
	}
	return NULL;
}

/* all: with the CR LF that belongs to the boundary behind it, which may also be the part's blank line */
static bool read_part(struct reader *r, struct span all, struct part *p)
{
	struct span rest = all;
	unsigned n = 0;

	*p = (struct part){.media = SIP_MEDIA_TEXT, .is_session = true}; /* RFC 2046 5.1: text without a type */
	for (;;) {
		const uint8_t *end = memmem(rest.p, rest.n, "\r\n", 2);
		if (!end)
			return fail(r, 400, "a part without a blank line", rest.p);
		struct lex l = lex_of(from_to(rest.p, end));
		rest = from_to(end + 2, end_of(all));
		if (lex_end(&l))
			break;
		const char *why = n++ == SIP_PART_HEADERS_MAX ? "too many headers of a part" : read_header(p, &l);
		if (why)
			return fail(r, 400, why, l.p);
	}
	p->content = span_head(rest, rest.n ? rest.n - 2 : 0);
	return true;
}

static bool take_part(struct reader *r, const struct part *p, struct sip_multipart *out)
{
	if (p->media == SIP_MEDIA_MULTIPART || p->media == SIP_MEDIA_MULTIPART_OTHER)
		return fail(r, 415, "a multipart inside a multipart", p->content.p);
	if (p->media == SIP_MEDIA_PIDF && !p->encoded && p->content.n <= SIP_LOCATION_MAX && !out->location.p)
		out->location = p->content;
	if (p->media != SIP_MEDIA_SDP || !p->is_session)
		return true;
	if (p->encoded)
		return fail(r, 415, "an encoded session description", p->content.p);
	if (out->sdp.p)
		return fail(r, 400, "two session descriptions", p->content.p);
	out->sdp = p->content;
	return true;
}

/* From behind one boundary to behind the next. */
static bool next_part(struct reader *r, const uint8_t **at, struct sip_multipart *out, bool *closing)
{
	const uint8_t *end = find_boundary(r, *at);
	struct part p;

	if (!end)
		return fail(r, 400, "no closing boundary", *at);
	return read_part(r, from_to(*at, end + 2), &p) && take_part(r, &p, out) &&
	       read_boundary(r, end + r->needle_n, closing, at);
}

bool sip_multipart_read(struct span body, struct span boundary, struct sip_multipart *out, struct sip_error *err)
{
	struct reader r = {.body = body, .err = err};
	struct buf needle = buf_of(r.needle, sizeof r.needle);
	const uint8_t *at = body.p;
	bool closing = false;

	*out = (struct sip_multipart){0};
	if (!boundary_ok(boundary))
		return fail(&r, 400, "a boundary of other characters than RFC 2046 allows", at);
	BUF_LIT(&needle, "\r\n--");
	buf_add(&needle, boundary);
	r.needle_n = needle.n;
	if (!enter(&r, &at))
		return false;
	for (unsigned n = 0; !closing; n++) {
		if (n == SIP_PARTS_MAX)
			return fail(&r, 400, "too many parts", at);
		if (!next_part(&r, &at, out, &closing))
			return false;
	}
	return out->sdp.p ? true : fail(&r, 400, "no session description in the multipart", at);
}

/* --- writing --- */

static void put_boundary(struct buf *b, struct span boundary)
{
	if (!boundary_ok(boundary))
		b->full = true;
	BUF_LIT(b, "--");
	buf_add(b, boundary);
}

size_t sip_body_multipart_begin(struct buf *b, struct span boundary)
{
	char type[SIP_BOUNDARY_MAX + 40];
	struct buf t = buf_of(type, sizeof type);

	BUF_LIT(&t, "multipart/mixed;boundary=\"");
	buf_add(&t, boundary);
	BUF_LIT(&t, "\"");
	b->full |= t.full;
	return sip_body_begin(b, buf_span(&t));
}

/* A Content-ID is an addr-spec of letters, digits, dots and hyphens here. */
static void put_content_id(struct buf *b, struct span id)
{
	for (size_t i = 0; i < id.n; i++)
		if (!lex_is(id.p[i], LEX_ALNUM) && (id.p[i] == 0 || !strchr(".-@", id.p[i])))
			b->full = true;
	if (span_find(id, '@') == id.n)
		b->full = true;
	buf_add(b, id);
}

void sip_body_multipart_part(
    struct buf *b, struct span boundary, struct span content_type, struct span content_id, struct span part)
{
	put_boundary(b, boundary);
	BUF_LIT(b, "\r\nContent-Type: ");
	if (!text_ok(content_type))
		b->full = true;
	buf_add(b, content_type);
	if (content_id.n) {
		BUF_LIT(b, "\r\nContent-ID: <");
		put_content_id(b, content_id);
		BUF_LIT(b, ">");
	}
	BUF_LIT(b, "\r\n\r\n");
	if (part.n && boundary.n && memmem(part.p, part.n, boundary.p, boundary.n))
		b->full = true;
	buf_add(b, part);
	BUF_LIT(b, "\r\n");
}

void sip_body_multipart_end(struct buf *b, size_t mark, struct span boundary)
{
	put_boundary(b, boundary);
	BUF_LIT(b, "--\r\n");
	sip_body_end(b, mark);
}

void sip_put_geolocation(struct buf *b, const struct sip_geolocation *at, size_t n)
{
	BUF_LIT(b, "Geolocation: ");
	for (size_t i = 0; i < n; i++) {
		buf_str(b, i ? ", <cid:" : "<cid:");
		put_content_id(b, at[i].content_id);
		BUF_LIT(b, ">");
		if (lex_hostname(at[i].source)) {
			BUF_LIT(b, ";loc-src=");
			buf_add(b, at[i].source);
		}
	}
	BUF_LIT(b, "\r\nGeolocation-Routing: yes\r\n");
}
