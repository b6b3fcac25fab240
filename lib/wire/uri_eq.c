/* SPDX-License-Identifier: ISC */
/* Do two URIs name the same (RFC 3261 19.1.4, RFC 3966 4)? */
#include "wire/uri_int.h"

static bool find_param(struct span params, struct span name, struct uri_param *out)
{
	struct lex l = lex_of(params);

	while (uri_next_param(&l, out) == LEX_ONE)
		if (uri_escaped_eq(out->name, name, true))
			return true;
	return false;
}

/* Of these, one that stands in only one of two URIs makes them differ. */
static bool must_be_in_both(struct span name)
{
	static const char *const names[] = {"user", "ttl", "method", "maddr", "transport"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (uri_escaped_eq(name, span_str(names[i]), true))
			return true;
	return false;
}

static bool params_match(struct span a, struct span b)
{
	struct lex l = lex_of(a);
	struct uri_param p, other;

	while (uri_next_param(&l, &p) == LEX_ONE) {
		if (!find_param(b, p.name, &other)) {
			if (must_be_in_both(p.name))
				return false;
		} else if (p.has_value != other.has_value || !uri_escaped_eq(p.value, other.value, true)) {
			return false;
		}
	}
	return true;
}

static size_t headers_count(struct span s)
{
	size_t n = s.n ? 1 : 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '&';
	return n;
}

static bool header_in(struct span one, struct span all)
{
	struct span name = span_head(one, span_find(one, '='));

	while (all.n) {
		size_t n = span_find(all, '&');
		struct span other = span_head(all, n), other_name = span_head(other, span_find(other, '='));
		if (uri_escaped_eq(name, other_name, true) &&
		    uri_escaped_eq(span_skip(one, name.n), span_skip(other, other_name.n), false))
			return true;
		all = span_skip(all, n + 1);
	}
	return false;
}

/* All headers of each in the other; their order does not matter. */
static bool headers_match(struct span a, struct span b)
{
	if (headers_count(a) != headers_count(b))
		return false;
	while (a.n) {
		size_t n = span_find(a, '&');
		if (!header_in(span_head(a, n), b))
			return false;
		a = span_skip(a, n + 1);
	}
	return true;
}

static bool host_match(const struct uri *a, const struct uri *b)
{
	return a->host_kind == b->host_kind && a->port == b->port &&
	       (a->host_kind == URI_HOST_IP ? addr_same_ip(&a->addr, &b->addr) : lex_same(a->host, b->host));
}

/* RFC 3966 4: visual separators do not count */
static bool number_match(struct span a, struct span b)
{
	size_t i = 0, k = 0;

	for (;; i++, k++) {
		while (i < a.n && span_find(SPAN("-.()"), a.p[i]) < 4)
			i++;
		while (k < b.n && span_find(SPAN("-.()"), b.p[k]) < 4)
			k++;
		if (i == a.n || k == b.n)
			return i == a.n && k == b.n;
		if (ascii_lower(a.p[i]) != ascii_lower(b.p[k]))
			return false;
	}
}

static bool tel_params_match(struct span a, struct span b)
{
	struct lex l = lex_of(a);
	struct uri_param p, other;

	while (uri_next_param(&l, &p) == LEX_ONE)
		if (!find_param(b, p.name, &other) || !uri_escaped_eq(p.value, other.value, true))
			return false;
	return true;
}

bool uri_eq(const struct uri *a, const struct uri *b)
{
	if (a->scheme != b->scheme)
		return false;
	if (a->scheme == URI_TEL)
		return number_match(a->user, b->user) && tel_params_match(a->params, b->params) &&
		       tel_params_match(b->params, a->params);
	if (a->scheme != URI_SIP && a->scheme != URI_SIPS)
		return uri_escaped_eq(a->user, b->user, false);
	return uri_escaped_eq(a->user, b->user, false) && host_match(a, b) && params_match(a->params, b->params) &&
	       params_match(b->params, a->params) && headers_match(a->headers, b->headers) &&
	       headers_match(b->headers, a->headers);
}
