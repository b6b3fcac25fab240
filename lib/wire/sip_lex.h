/* SPDX-License-Identifier: ISC */
/* Reading of one header value whose folds are already joined: LWS is a run of SP and HTAB (RFC 3261 25.1).
 * Each read either takes what it names and answers true, or answers false with the place of the fault in p.
 * Inside lib/wire only. */
#ifndef WIRE_SIP_LEX_H
#define WIRE_SIP_LEX_H

#include "base/addr.h"
#include "wire/sip_limits.h"

enum lex_class {
	LEX_TOKEN = 1 << 0,
	LEX_WORD = 1 << 1, /* Call-ID: token and ()<>:\"/[]?{} */
	LEX_DIGIT = 1 << 2,
	LEX_ALNUM = 1 << 3,
	LEX_USER = 1 << 4,   /* unreserved and &=+$,;?/ */
	LEX_PARAM = 1 << 5,  /* unreserved and []/:&+$ */
	LEX_HEADER = 1 << 6, /* unreserved and []/?:+$ of ?name=value */
	LEX_URIC = 1 << 7,   /* reserved and unreserved */
	LEX_VALUE = 1 << 8,  /* token and []: of an address */
	LEX_SCHEME = 1 << 9, /* ALPHA DIGIT + - . */
	LEX_PHONE = 1 << 10, /* phonedigit-hex: HEXDIG * # and visual separators, RFC 3966 */
	LEX_PLAIN = 1 << 11, /* inside quotes, neither quote nor backslash */
	LEX_LHEX = 1 << 12   /* DIGIT a-f */
};

extern const uint16_t lex_table[256];

static inline bool lex_is(uint8_t c, unsigned classes)
{
	return lex_table[c] & classes;
}

struct lex {
	const uint8_t *p, *end;
};

static inline struct lex lex_of(struct span s)
{
	return (struct lex){s.p, s.p + s.n};
}

static inline bool lex_end(const struct lex *l)
{
	return l->p == l->end;
}

static inline bool lex_at(const struct lex *l, uint8_t c)
{
	return l->p < l->end && *l->p == c;
}

static inline bool lex_char(struct lex *l, uint8_t c)
{
	if (!lex_at(l, c))
		return false;
	l->p++;
	return true;
}

static inline bool lex_ws(struct lex *l)
{
	const uint8_t *p = l->p;

	while (p < l->end && (*p == ' ' || *p == '\t'))
		p++;
	if (p == l->p)
		return false;
	l->p = p;
	return true;
}

/* The longest run of these classes, perhaps empty. */
static inline struct span lex_run(struct lex *l, unsigned classes)
{
	const uint8_t *from = l->p, *p = from;

	while (p < l->end && lex_is(*p, classes))
		p++;
	l->p = p;
	return span_of(from, (size_t)(p - from));
}

static inline bool lex_token(struct lex *l, struct span *out)
{
	*out = lex_run(l, LEX_TOKEN);
	return out->n != 0;
}

/* SWS c SWS: COMMA, SEMI, EQUAL, SLASH. Nothing is taken when c does not follow. */
static inline bool lex_sep(struct lex *l, uint8_t c)
{
	const uint8_t *from = l->p;

	lex_ws(l);
	if (!lex_char(l, c)) {
		l->p = from;
		return false;
	}
	lex_ws(l);
	return true;
}

static inline struct span lex_since(const struct lex *l, const uint8_t *from)
{
	return span_of(from, (size_t)(l->p - from));
}

/* ASCII letters without case; mostly the case is the same and one memcmp() is all. */
static inline bool lex_same(struct span a, struct span b)
{
	return a.n == b.n && (span_eq(a, b) || span_eq_case(a, b));
}

/* What is between the quotes, escapes left in. */
bool lex_quoted(struct lex *l, struct span *out);

/* 1*DIGIT at most max. */
bool lex_u32(struct lex *l, uint32_t max, uint32_t *out);

/* One run of classes and well-formed %-escapes that name no control character; all of s. */
bool lex_escaped(struct span s, unsigned classes);

/* The names of one element's parameters so far, as places in its line. */
struct lex_params {
	const uint8_t *line;
	unsigned n;
	uint16_t at[SIP_PARAMS_MAX], len[SIP_PARAMS_MAX];
};
_Static_assert(SIP_LINE_MAX <= UINT16_MAX, "a place in a line has 16 bits");

/* False when the name is there already, or there are too many. */
bool lex_params_add(struct lex_params *seen, struct span name);

struct lex_param {
	struct span name, value; /* value without its quotes */
	bool has_value, quoted;
};

static inline bool lex_named(const struct lex_param *p, const char *name)
{
	return lex_same(p->name, span_str(name));
}

enum lex_next { LEX_BAD = -1, LEX_NONE, LEX_ONE };

/* The next ";name" or ";name=value". A name that stands twice is bad. */
enum lex_next lex_param(struct lex *l, struct lex_params *seen, struct lex_param *out);

bool lex_utf8(struct span s);
/* Octets between quotes that are none become '?': older gateways write names in the character set of their country. False: there are
 * others. */
bool lex_mend_utf8(uint8_t *p, uint8_t *end) __attribute__((warn_unused_result));

/* hostname of RFC 3261: labels of letters, digits and inner hyphens, the last beginning with a letter. */
bool lex_hostname(struct span s);

/* hostname / IPv4address / IPv6reference; addr->family is 0 for a name, *host without brackets. */
bool lex_host(struct lex *l, struct span *host, struct addr *addr);

/* 1..65535 */
bool lex_port(struct lex *l, uint16_t *port);

/* host [ ":" port ], without white space. */
bool lex_hostport(struct lex *l, struct span *host, struct addr *addr, uint16_t *port);

#endif
