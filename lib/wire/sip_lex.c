/* SPDX-License-Identifier: ISC */
#include "wire/sip_lex.h"
#include "base/utf8.h"

/* The character sets of RFC 3261 25.1, to be read beside it: a letter stands where the grammar names the
 * character. */
#define T (LEX_TOKEN | LEX_WORD | LEX_VALUE)
#define W LEX_WORD
#define V LEX_VALUE
#define UNRESERVED (LEX_USER | LEX_PARAM | LEX_HEADER | LEX_URIC)
#define U LEX_USER
#define P LEX_PARAM
#define H LEX_HEADER
#define C LEX_URIC
#define S LEX_SCHEME
#define N LEX_PHONE
#define Q LEX_PLAIN
#define ALNUM (T | UNRESERVED | S | Q | LEX_ALNUM)

const uint16_t lex_table[256] = {
    ['\t'] = Q,
    [' '] = Q,
    ['0' ... '9'] = ALNUM | LEX_DIGIT | N | LEX_LHEX,
    ['a' ... 'f'] = ALNUM | N | LEX_LHEX,
    ['g' ... 'z'] = ALNUM,
    ['A' ... 'F'] = ALNUM | N,
    ['G' ... 'Z'] = ALNUM,
    /* mark: unreserved, and token but for the parentheses */
    ['-'] = UNRESERVED | T | Q | N | S,
    ['.'] = UNRESERVED | T | Q | N | S,
    ['_'] = UNRESERVED | T | Q,
    ['!'] = UNRESERVED | T | Q,
    ['~'] = UNRESERVED | T | Q,
    ['*'] = UNRESERVED | T | Q | N,
    ['\''] = UNRESERVED | T | Q,
    ['('] = UNRESERVED | W | Q | N,
    [')'] = UNRESERVED | W | Q | N,
    /* the rest of token */
    ['%'] = T | Q,
    ['`'] = T | Q,
    ['+'] = T | Q | U | P | H | C | S,
    /* reserved */
    [';'] = Q | U | C,
    ['/'] = Q | U | P | H | C | W,
    ['?'] = Q | U | H | C | W,
    [':'] = Q | P | H | C | W | V,
    ['@'] = Q | C,
    ['&'] = Q | U | P | C,
    ['='] = Q | U | C,
    ['$'] = Q | U | P | H | C,
    [','] = Q | U | C,
    ['['] = Q | P | H | W | V,
    [']'] = Q | P | H | W | V,
    /* nowhere in a URI */
    ['"'] = W,
    ['\\'] = W,
    ['<'] = Q | W,
    ['>'] = Q | W,
    ['{'] = Q | W,
    ['}'] = Q | W,
    ['#'] = Q | N,
    ['^'] = Q,
    ['|'] = Q,
    [0x80 ... 0xff] = Q,
};

#undef T
#undef W
#undef V
#undef U
#undef P
#undef H
#undef C
#undef S
#undef N
#undef Q

bool lex_quoted(struct lex *l, struct span *out)
{
	const uint8_t *from = l->p + 1;

	if (!lex_char(l, '"'))
		return false;
	for (;;) {
		lex_run(l, LEX_PLAIN);
		if (lex_at(l, '"'))
			break;
		/* quoted-pair = "\" (%x00-09 / %x0B-0C / %x0E-7F); controls do not get this far */
		if (!lex_char(l, '\\') || lex_end(l) || *l->p >= 0x80)
			return false;
		l->p++;
	}
	*out = lex_since(l, from);
	l->p++;
	return true;
}

bool lex_u32(struct lex *l, uint32_t max, uint32_t *out)
{
	const uint8_t *from = l->p;
	uint64_t v = 0;

	for (; l->p < l->end && lex_is(*l->p, LEX_DIGIT); l->p++) {
		v = v * 10 + (uint64_t)(*l->p - '0');
		if (v > max)
			return false;
	}
	if (l->p == from)
		return false;
	*out = (uint32_t)v;
	return true;
}

static bool escape_ok(struct lex *l)
{
	uint8_t c;

	if (l->end - l->p < 3 || span_unhex(span_of(l->p + 1, 2), &c, 1) != 1 || c < 0x20 || c == 0x7f)
		return false;
	l->p += 3;
	return true;
}

bool lex_escaped(struct span s, unsigned classes)
{
	struct lex l = lex_of(s);

	for (;;) {
		lex_run(&l, classes);
		if (lex_end(&l))
			return true;
		if (*l.p != '%' || !escape_ok(&l))
			return false;
	}
}

bool lex_params_add(struct lex_params *seen, struct span name)
{
	if (seen->n == 0)
		seen->line = name.p;
	if (seen->n == SIP_PARAMS_MAX)
		return false;
	for (unsigned i = 0; i < seen->n; i++)
		if (lex_same(span_of(seen->line + seen->at[i], seen->len[i]), name))
			return false;
	seen->at[seen->n] = (uint16_t)(name.p - seen->line);
	seen->len[seen->n++] = (uint16_t)name.n;
	return true;
}

/* gen-value = token / host / quoted-string, and the bare IPv6 address of a received parameter (RFC 5118 4.5)
 */
static bool param_value(struct lex *l, struct lex_param *out)
{
	struct addr a;

	out->quoted = lex_at(l, '"');
	if (out->quoted)
		return lex_quoted(l, &out->value);
	out->value = lex_run(l, LEX_VALUE);
	for (size_t i = 0; i < out->value.n; i++)
		if (!lex_is(out->value.p[i], LEX_TOKEN))
			return addr_parse_ip(out->value, &a);
	return out->value.n != 0;
}

enum lex_next lex_param(struct lex *l, struct lex_params *seen, struct lex_param *out)
{
	if (!lex_sep(l, ';'))
		return LEX_NONE;
	*out = (struct lex_param){0};
	if (!lex_token(l, &out->name) || !lex_params_add(seen, out->name))
		return LEX_BAD;
	out->has_value = lex_sep(l, '=');
	return out->has_value && !param_value(l, out) ? LEX_BAD : LEX_ONE;
}

bool lex_utf8(struct span s)
{
	while (s.n) {
		size_t n = utf8_step(s.p, s.n);
		if (n == 0)
			return false;
		s = span_skip(s, n);
	}
	return true;
}

bool lex_mend_utf8(uint8_t *p, uint8_t *end)
{
	bool quoted = false;

	while (p < end) {
		size_t n = utf8_step(p, (size_t)(end - p));
		if (n == 0 && !quoted)
			return false;
		if (n == 0)
			*p = '?';
		else if (*p == '"')
			quoted = !quoted;
		else if (quoted && *p == '\\' && end - p > 1 && p[1] < 0x80)
			p++;
		p += n ? n : 1;
	}
	return true;
}

bool lex_hostname(struct span s)
{
	uint8_t before = '.', top = 0; /* top: first character of the last label */
	size_t label_n = 0;

	if (s.n && s.p[s.n - 1] == '.')
		s.n--;
	if (s.n == 0 || s.n > 253)
		return false;
	for (size_t i = 0; i < s.n; before = s.p[i++]) {
		uint8_t c = s.p[i];
		if (c == '.') {
			if (before == '.' || before == '-')
				return false;
			label_n = 0;
			continue;
		}
		if (!lex_is(c, LEX_ALNUM) && (c != '-' || before == '.'))
			return false;
		if (label_n++ == 0)
			top = c;
		if (label_n > 63)
			return false;
	}
	return before != '.' && before != '-' && !lex_is(top, LEX_DIGIT);
}

static bool host_ip6(struct lex *l, struct span *host, struct addr *addr)
{
	size_t n = span_find(span_of(l->p, (size_t)(l->end - l->p)), ']');

	if (n == (size_t)(l->end - l->p))
		return false;
	*host = span_of(l->p + 1, n - 1);
	if (!addr_parse_ip(span_of(l->p, n + 1), addr))
		return false;
	l->p += n + 1;
	return true;
}

bool lex_host(struct lex *l, struct span *host, struct addr *addr)
{
	*addr = (struct addr){0};
	if (lex_at(l, '['))
		return host_ip6(l, host, addr);
	*host = lex_run(l, LEX_SCHEME);
	return lex_hostname(*host) || addr_parse_ip(*host, addr);
}

bool lex_port(struct lex *l, uint16_t *port)
{
	uint32_t v;

	if (!lex_u32(l, 65535, &v) || v == 0)
		return false;
	*port = (uint16_t)v;
	return true;
}

bool lex_hostport(struct lex *l, struct span *host, struct addr *addr, uint16_t *port)
{
	*port = 0;
	if (!lex_host(l, host, addr) || (lex_char(l, ':') && !lex_port(l, port)))
		return false;
	addr->port = *port;
	return true;
}
