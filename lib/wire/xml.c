/* SPDX-License-Identifier: ISC */
#include "wire/xml.h"
#include "wire/sip_lex.h"

static enum xml_event bad(struct xml *x, const char *why)
{
	x->why = why;
	return XML_BAD;
}

static bool fail(struct xml *x, const char *why)
{
	x->why = why;
	return false;
}

static struct span rest(const struct xml *x)
{
	return span_of(x->p, (size_t)(x->end - x->p));
}

static struct span since(const struct xml *x, const uint8_t *from)
{
	return span_of(from, (size_t)(x->p - from));
}

static bool at(const struct xml *x, const char *text)
{
	return span_starts(rest(x), span_str(text));
}

static bool take(struct xml *x, const char *text)
{
	if (!at(x, text))
		return false;
	x->p += strlen(text);
	return true;
}

static bool is_white(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool white(struct xml *x)
{
	const uint8_t *from = x->p;

	while (x->p < x->end && is_white(*x->p))
		x->p++;
	return x->p != from;
}

/* Char (XML 1.0 2.2), of text that is UTF-8 */
static bool characters_ok(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 && !is_white(s.p[i]))
			return false;
	return !s.n || (!memmem(s.p, s.n, "\xef\xbf\xbe", 3) && !memmem(s.p, s.n, "\xef\xbf\xbf", 3));
}

struct xml xml_of(struct span document)
{
	if (!document.n)
		document = SPAN("");
	struct xml x = {.p = document.p, .end = document.p + document.n};
	if (!lex_utf8(document) || !characters_ok(document))
		x.why = "not UTF-8, or a character that XML does not have";
	(void)take(&x, "\xef\xbb\xbf");
	return x;
}

/* --- references --- */

static bool is_character(uint32_t c)
{
	return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c < 0xd800) || (c >= 0xe000 && c < 0xfffe) ||
	       (c >= 0x10000 && c < 0x110000);
}

static int digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* "#65" or "#x41" */
static bool number(struct span s, uint32_t *out)
{
	bool hex = s.n > 1 && s.p[1] == 'x';
	uint32_t base = hex ? 16 : 10, c = 0;
	struct span digits = span_skip(s, hex ? 2 : 1);

	for (size_t i = 0; i < digits.n; i++) {
		uint32_t d = (uint32_t)digit(digits.p[i]);
		if (d >= base || c > 0x10ffff)
			return false;
		c = c * base + d;
	}
	*out = c;
	return digits.n > 0 && is_character(c);
}

/* What is between & and ; */
static bool reference(struct span s, uint32_t *out)
{
	static const struct {
		const char *name;
		uint8_t is;
	} known[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};

	if (s.n && s.p[0] == '#')
		return number(s, out);
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (span_eq(s, span_str(known[i].name))) {
			*out = known[i].is;
			return true;
		}
	return false;
}

static void put_utf8(struct buf *b, uint32_t c)
{
	if (c < 0x80) {
		buf_u8(b, (uint8_t)c);
		return;
	}
	if (c < 0x800) {
		buf_u8(b, (uint8_t)(0xc0 | c >> 6));
	} else if (c < 0x10000) {
		buf_u8(b, (uint8_t)(0xe0 | c >> 12));
		buf_u8(b, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
	} else {
		buf_u8(b, (uint8_t)(0xf0 | c >> 18));
		buf_u8(b, (uint8_t)(0x80 | (c >> 12 & 0x3f)));
		buf_u8(b, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
	}
	buf_u8(b, (uint8_t)(0x80 | (c & 0x3f)));
}

/* b: NULL, to judge alone */
static bool decode(struct span raw, struct buf *b)
{
	while (raw.n) {
		size_t n = span_find(raw, '&');
		if (b)
			buf_add(b, span_head(raw, n));
		raw = span_skip(raw, n);
		if (!raw.n)
			break;
		struct span name = span_head(span_skip(raw, 1), span_find(span_skip(raw, 1), ';'));
		uint32_t c;
		if (raw.n < name.n + 2 || !reference(name, &c))
			return false;
		if (b)
			put_utf8(b, c);
		raw = span_skip(raw, name.n + 2);
	}
	return true;
}

/* --- names --- */

static bool begins_name(uint8_t c)
{
	return (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || c == '_' || c >= 0x80;
}

static bool in_name(uint8_t c)
{
	return begins_name(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

static bool part(struct xml *x, struct span *out)
{
	const uint8_t *from = x->p;

	if (x->p < x->end && begins_name(*x->p))
		while (x->p < x->end && in_name(*x->p))
			x->p++;
	*out = since(x, from);
	return out->n != 0;
}

/* prefix:local or local */
static bool qualified(struct xml *x, struct span *prefix, struct span *local)
{
	*prefix = span_of(NULL, 0);
	if (!part(x, local))
		return fail(x, "a name is missing");
	if (x->p < x->end && *x->p == ':') {
		x->p++;
		*prefix = *local;
		if (!part(x, local))
			return fail(x, "a name is missing");
	}
	return true;
}

/* The last that was declared; without a prefix and a declaration: none. */
static bool resolve(struct xml *x, struct span prefix, struct span *uri)
{
	*uri = span_of(NULL, 0);
	if (span_eq(prefix, SPAN("xml"))) {
		*uri = SPAN("http://www.w3.org/XML/1998/namespace");
		return true;
	}
	for (unsigned i = x->spaces; i-- > 0;)
		if (span_eq(x->space[i].prefix, prefix)) {
			*uri = x->space[i].uri;
			return true;
		}
	return prefix.n ? fail(x, "a prefix of no namespace") : true;
}

/* --- tags --- */

static bool attribute_value(struct xml *x, struct span *out)
{
	uint8_t quote = x->p < x->end ? *x->p : 0;

	if (quote != '"' && quote != '\'')
		return fail(x, "an attribute without quotes");
	x->p++;
	size_t n = span_find(rest(x), quote);
	*out = span_head(rest(x), n);
	if (n == rest(x).n)
		return fail(x, "ends too early");
	x->p += n + 1;
	if (span_find(*out, '<') < n || !decode(*out, NULL))
		return fail(x, "a < or an unknown entity in an attribute");
	return true;
}

static bool read_attribute(struct xml *x)
{
	struct xml_attribute *a = &x->attribute[x->attributes];

	if (x->attributes == XML_ATTRIBUTES_MAX)
		return fail(x, "too many attributes");
	if (!qualified(x, &a->prefix, &a->name.local))
		return false;
	white(x);
	if (!take(x, "="))
		return fail(x, "an attribute without a value");
	white(x);
	x->attributes++;
	return attribute_value(x, &a->raw);
}

static bool declare(struct xml *x, struct span prefix, struct span uri)
{
	if (span_eq(prefix, SPAN("xml")) || span_eq(prefix, SPAN("xmlns")) || (prefix.n && !uri.n) ||
	    span_find(uri, '&') < uri.n)
		return fail(x, "a namespace that can't be");
	for (unsigned i = x->spaces; i-- > 0 && x->space[i].depth == x->depth;)
		if (span_eq(x->space[i].prefix, prefix))
			return fail(x, "an attribute stands twice");
	if (x->spaces == XML_SPACES_MAX)
		return fail(x, "too many namespaces");
	x->space[x->spaces++] = (struct xml_space){prefix, uri, x->depth};
	return true;
}

/* Namespaces in XML 6.3 */
static bool is_new(struct xml *x, unsigned i)
{
	const struct xml_name *a = &x->attribute[i].name;

	for (unsigned k = 0; k < i; k++) {
		const struct xml_name *b = &x->attribute[k].name;
		if (span_eq(a->local, b->local) && span_eq(a->space, b->space))
			return fail(x, "an attribute stands twice");
	}
	return true;
}

/* Declarations first, for they count for the element that holds them; then they are no attributes any more. */
static bool name_attributes(struct xml *x)
{
	unsigned n = 0;

	for (unsigned i = 0; i < x->attributes; i++) {
		const struct xml_attribute a = x->attribute[i];
		bool prefixed = span_eq(a.prefix, SPAN("xmlns"));
		if (!prefixed && !(a.prefix.n == 0 && span_eq(a.name.local, SPAN("xmlns"))))
			x->attribute[n++] = a;
		else if (!declare(x, prefixed ? a.name.local : span_of(NULL, 0), a.raw))
			return false;
	}
	x->attributes = n;
	for (unsigned i = 0; i < n; i++) {
		struct xml_attribute *a = &x->attribute[i];
		if (a->prefix.n && !resolve(x, a->prefix, &a->name.space))
			return false;
		if (!is_new(x, i))
			return false;
	}
	return true;
}

static enum xml_event open_element(struct xml *x)
{
	const uint8_t *from = ++x->p;
	struct span prefix;

	if (x->depth == XML_DEPTH_MAX)
		return bad(x, "too deep");
	if (x->depth == 0 && x->rooted)
		return bad(x, "two documents");
	if (!qualified(x, &prefix, &x->name.local))
		return XML_BAD;
	x->rooted = true;
	x->open[x->depth++] = since(x, from);
	x->attributes = 0;
	memset(x->attribute, 0, sizeof x->attribute);
	for (;;) {
		bool apart = white(x);
		if (take(x, ">"))
			break;
		if (take(x, "/>")) {
			x->closes = true;
			break;
		}
		if (!apart)
			return bad(x, "a tag that does not end");
		if (!read_attribute(x))
			return XML_BAD;
	}
	return name_attributes(x) && resolve(x, prefix, &x->name.space) ? XML_OPEN : XML_BAD;
}

static enum xml_event leave(struct xml *x)
{
	while (x->spaces && x->space[x->spaces - 1].depth == x->depth)
		x->spaces--;
	x->depth--;
	return XML_CLOSE;
}

static enum xml_event close_element(struct xml *x)
{
	struct span prefix, local;
	const uint8_t *from = x->p += 2;

	if (!qualified(x, &prefix, &local))
		return XML_BAD;
	struct span name = since(x, from);
	white(x);
	if (!take(x, ">") || !x->depth || !span_eq(name, x->open[x->depth - 1]))
		return bad(x, "an end that is not that of its element");
	return leave(x);
}

/* --- what is between tags --- */

/* XML 1.0 2.5: no -- within */
static bool skip_comment(struct xml *x)
{
	x->p += sizeof "<!--" - 1;
	const uint8_t *dashes = rest(x).n ? memmem(x->p, rest(x).n, "--", 2) : NULL;

	if (!dashes)
		return fail(x, "ends too early");
	x->p = dashes + 2;
	return take(x, ">") ? true : fail(x, "a comment with -- in it");
}

static enum xml_event read_text(struct xml *x)
{
	x->text = span_head(rest(x), span_find(rest(x), '<'));
	x->p += x->text.n;
	if (memmem(x->text.p, x->text.n, "]]>", 3) || !decode(x->text, NULL))
		return bad(x, "]]> or an unknown entity in text");
	return XML_TEXT;
}

/* XML 1.0 2.8: at the very beginning alone, and of the one encoding */
static bool declaration(struct xml *x)
{
	size_t n = span_find(rest(x), '>');
	struct span text = span_head(rest(x), n);
	size_t says = 0;

	if (n == rest(x).n || n < 2 || x->p[n - 1] != '?')
		return fail(x, "ends too early");
	x->p += n + 1;
	const uint8_t *encoding = memmem(text.p, text.n, "encoding", sizeof "encoding" - 1);
	if (!encoding)
		return true;
	struct span after = span_skip(text, (size_t)(encoding - text.p) + sizeof "encoding" - 1);
	while (says < after.n && (is_white(after.p[says]) || strchr("='\"", after.p[says])))
		says++;
	return span_starts_case(span_skip(after, says), SPAN("utf-8")) ||
	               span_starts_case(span_skip(after, says), SPAN("us-ascii"))
	           ? true
	           : fail(x, "another encoding than UTF-8");
}

/* White space, comments and the declaration around the one element. */
static enum xml_event outside(struct xml *x)
{
	if (!x->rooted && at(x, "<?xml ") && !declaration(x))
		return XML_BAD;
	for (;;) {
		white(x);
		if (!at(x, "<!--"))
			break;
		if (!skip_comment(x))
			return XML_BAD;
	}
	if (x->p == x->end)
		return x->rooted ? XML_DONE : bad(x, "ends too early");
	return *x->p == '<' ? XML_OPEN : bad(x, "text around the document");
}

enum xml_event xml_next(struct xml *x)
{
	if (x->why)
		return XML_BAD;
	if (x->closes) {
		x->closes = false;
		return leave(x);
	}
	if (!x->depth) {
		enum xml_event e = outside(x);
		if (e != XML_OPEN)
			return e;
	}
	while (at(x, "<!--"))
		if (!skip_comment(x))
			return XML_BAD;
	if (x->p == x->end)
		return bad(x, "ends too early");
	if (*x->p != '<')
		return read_text(x);
	if (at(x, "</"))
		return close_element(x);
	if (at(x, "<!") || at(x, "<?"))
		return bad(x, "a DTD, CDATA or a processing instruction");
	return open_element(x);
}

/* --- helps --- */

bool xml_attribute(const struct xml *x, const char *local, struct span *raw)
{
	for (unsigned i = 0; i < x->attributes; i++)
		if (!x->attribute[i].name.space.n && span_eq(x->attribute[i].name.local, span_str(local))) {
			*raw = x->attribute[i].raw;
			return true;
		}
	return false;
}

bool xml_skip(struct xml *x)
{
	unsigned outer = x->depth - 1;
	enum xml_event e;

	do
		e = xml_next(x);
	while (e != XML_BAD && !(e == XML_CLOSE && x->depth == outer));
	return e == XML_CLOSE;
}

bool xml_text(struct xml *x, struct buf *b)
{
	enum xml_event e;

	while ((e = xml_next(x)) == XML_TEXT)
		(void)decode(x->text, b);
	return e == XML_CLOSE ? true : e == XML_OPEN ? fail(x, "an element where text should be") : false;
}
