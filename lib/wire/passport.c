/* SPDX-License-Identifier: ISC */
#include "wire/passport.h"
#include "wire/passport_json.h"
#include <nettle/sha2.h>

static void sha256(struct span s, uint8_t out[PASSPORT_HASH])
{
	struct sha256_ctx h;

	sha256_init(&h);
	sha256_update(&h, s.n, s.p);
	sha256_digest(&h, PASSPORT_HASH, out);
}

void passport_url_hash(struct span url, uint8_t out[PASSPORT_HASH])
{
	sha256(url, out);
}

bool passport_url_ok(struct span url)
{
	if (url.n > PASSPORT_URL_MAX || !span_starts(url, SPAN("https://")) || url.n == 8 || url.p[8] == '/')
		return false;
	for (size_t i = 0; i < url.n; i++)
		if (url.p[i] <= 0x20 || url.p[i] >= 0x7f || strchr("\"\\<>@#", url.p[i]))
			return false;
	return true;
}

/* RFC 7515 2: the letters of base64url, without padding. Length written, or -1. */
static int unbase64url(struct span s, uint8_t *out, size_t cap)
{
	uint8_t mem[PASSPORT_TEXT_MAX];

	if (s.n > sizeof mem)
		return -1;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '+' || s.p[i] == '/' || s.p[i] == '=')
			return -1;
		mem[i] = s.p[i] == '-' ? '+' : s.p[i] == '_' ? '/' : s.p[i];
	}
	return span_unbase64(span_of(mem, s.n), out, cap);
}

/* --- the parameters of the header: RFC 8224 4 --- */

struct parameters {
	struct span info, alg, ppt;
	bool twice;
};

static struct span unquoted(struct span v)
{
	return v.n >= 2 && v.p[0] == '"' && v.p[v.n - 1] == '"' ? span_of(v.p + 1, v.n - 2) : v;
}

/* The next parameter of what is left; a semicolon within <> or quotes ends nothing. */
static struct span next_parameter(struct span *rest)
{
	bool angle = false, quote = false;
	size_t n = 0;

	for (; n < rest->n; n++) {
		uint8_t c = rest->p[n];
		if (c == '"')
			quote = !quote;
		else if (!quote && (c == '<' || c == '>'))
			angle = c == '<';
		else if (!quote && !angle && c == ';')
			break;
	}
	struct span one = span_head(*rest, n);
	*rest = span_skip(*rest, n + 1);
	return one;
}

static bool set(struct parameters *p, struct span *which, struct span value)
{
	p->twice |= which->n > 0;
	*which = value;
	return value.n > 0;
}

static const char *read_parameters(struct span rest, struct parameters *p)
{
	while (rest.n) {
		struct span one = next_parameter(&rest);
		size_t at = span_find(one, '=');
		struct span name = span_trim(span_head(one, at)), value = span_trim(span_skip(one, at + 1));
		bool good = true;
		if (span_eq_case(name, SPAN("info"))) {
			bool angled = value.n > 2 && value.p[0] == '<' && value.p[value.n - 1] == '>';
			good = angled && set(p, &p->info, span_of(value.p + 1, value.n - 2));
		} else if (span_eq_case(name, SPAN("alg"))) {
			good = set(p, &p->alg, unquoted(value));
		} else if (span_eq_case(name, SPAN("ppt"))) {
			good = set(p, &p->ppt, unquoted(value));
		}
		if (!good)
			return "a parameter of Identity is not understood";
	}
	return p->twice ? "a parameter of Identity stands twice" : NULL;
}

/* --- the token --- */

/* What the claims and the header say is one thing, or nothing (RFC 8224 4.1). */
static const char *read_header(struct span text, const struct parameters *p, struct passport *out, bool *other)
{
	struct passport_header h = {0};

	if (!passport_json_header(text, &h, other))
		return *other ? "the PASSporT has a header that is not known here"
		              : "the PASSporT's header is malformed";
	if (!span_eq(h.alg, SPAN("ES256")) || (p->alg.n && !span_eq(p->alg, SPAN("ES256"))))
		return "the PASSporT is signed by another algorithm than ES256";
	if (!span_eq(h.typ, SPAN("passport")))
		return "the token is no PASSporT";
	if (!passport_url_ok(h.x5u) || !span_eq(h.x5u, p->info))
		return "the PASSporT names another certificate than the Identity header, or none";
	if (!span_eq(h.ppt, p->ppt))
		return "the PASSporT is of another extension than the Identity header says";
	*other = h.ppt.n && !span_eq(h.ppt, SPAN("shaken"));
	if (*other)
		return "the PASSporT is of an extension that is not known here";
	passport_url_hash(h.x5u, out->x5u);
	out->attest = h.ppt.n > 0; /* wanted among the claims */
	return NULL;
}

static const char *read_claims(struct span text, struct passport *out, bool *other)
{
	struct passport_claims c = {.passport = out};
	bool shaken = out->attest;

	out->attest = 0;
	if (!passport_json_claims(text, &c, other))
		return *other ? "the PASSporT has claims that are not known here"
		              : "the PASSporT's claims are malformed";
	if (!c.has_iat || !c.has_orig || !c.has_dest)
		return "the PASSporT lacks a claim";
	if (shaken ? !out->attest || !c.has_origid : out->attest || c.has_origid)
		return "the PASSporT's claims are not those of its extension";
	*other = !out->orig[0] || !out->dests;
	return *other ? "the PASSporT speaks of no numbers" : NULL;
}

struct token {
	struct span header, claims, signature, signed_text;
};

static bool split(struct span text, struct token *t)
{
	size_t first = span_find(text, '.');
	struct span rest = span_skip(text, first + 1);
	size_t second = span_find(rest, '.');

	*t = (struct token){span_head(text, first), span_head(rest, second), span_skip(rest, second + 1),
	    span_head(text, first + 1 + second)};
	return second < rest.n && span_find(t->signature, '.') == t->signature.n;
}

static const char *read_token(struct span token, const struct parameters *p, struct passport *out, bool *other)
{
	static const char no_base64url[] = "the PASSporT is no base64url";
	uint8_t text[PASSPORT_TEXT_MAX];
	struct token t;
	int n;

	if (!split(token, &t))
		return "the PASSporT has not three parts";
	*other = !t.header.n && !t.claims.n && t.signature.n;
	if (*other) /* RFC 8588 4: SHAKEN has the full form alone */
		return "the PASSporT is in compact form";
	if ((n = unbase64url(t.header, text, sizeof text)) < 0)
		return no_base64url;
	const char *why = read_header(span_of(text, (size_t)n), p, out, other);
	if (why)
		return why;
	if ((n = unbase64url(t.claims, text, sizeof text)) < 0)
		return no_base64url;
	why = read_claims(span_of(text, (size_t)n), out, other);
	if (why)
		return why;
	if (unbase64url(t.signature, text, sizeof text) != PASSPORT_SIGNATURE)
		return "the PASSporT's signature is not one of ES256";
	memcpy(out->signature, text, PASSPORT_SIGNATURE);
	sha256(t.signed_text, out->hash);
	return NULL;
}

const char *passport_read(struct span header, struct passport *out)
{
	struct parameters p = {0};
	size_t at = span_find(header, ';');
	bool other = false;

	*out = (struct passport){0};
	const char *why = header.n > PASSPORT_TEXT_MAX ? "the Identity header is too long" : NULL;
	if (!why)
		why = read_parameters(span_skip(header, at + 1), &p);
	if (!why)
		why = read_token(span_trim(span_head(header, at)), &p, out, &other);
	if (why)
		*out = (struct passport){.kind = other ? PASSPORT_OTHER : PASSPORT_BAD};
	else
		out->kind = PASSPORT_READ;
	return why;
}
