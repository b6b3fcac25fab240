/* SPDX-License-Identifier: ISC */
#include "wire/uri_int.h"

/* The octet that c, or the escape that begins at i, stands for; moves i past it. Only after lex_escaped(). */
static uint8_t decode(struct span s, size_t *i)
{
	uint8_t c = s.p[(*i)++];

	if (c == '%') {
		span_unhex(span_of(s.p + *i, 2), &c, 1);
		*i += 2;
	}
	return c;
}

bool uri_escaped_eq(struct span a, struct span b, bool fold_case)
{
	size_t i = 0, k = 0;

	while (i < a.n && k < b.n) {
		bool a_escaped = a.p[i] == '%', b_escaped = b.p[k] == '%';
		uint8_t x = decode(a, &i), y = decode(b, &k);
		if (fold_case)
			x = ascii_lower(x), y = ascii_lower(y);
		if (x != y || (a_escaped != b_escaped && span_find(SPAN(";/?:@&=+$,"), x) < 10))
			return false;
	}
	return i == a.n && k == b.n;
}

/* Is this the word, perhaps spelt with escapes? Those only make it longer. */
static bool word_is(struct span s, struct span word)
{
	if (s.n <= word.n)
		return lex_same(s, word);
	return span_find(s, '%') < s.n && uri_escaped_eq(s, word, true);
}

static struct span span_between(const uint8_t *from, const uint8_t *to)
{
	return span_of(from, (size_t)(to - from));
}

enum lex_next uri_next_param(struct lex *l, struct uri_param *out)
{
	if (!lex_char(l, ';'))
		return LEX_NONE;
	const uint8_t *from = l->p;
	while (!lex_end(l) && !lex_at(l, ';') && !lex_at(l, '='))
		l->p++;
	out->name = span_between(from, l->p);
	out->has_value = lex_char(l, '=');
	from = l->p;
	while (!lex_end(l) && !lex_at(l, ';'))
		l->p++;
	out->value = span_between(from, l->p);
	bool ok = out->name.n && (out->value.n || !out->has_value) && lex_escaped(out->name, LEX_PARAM) &&
	          lex_escaped(out->value, LEX_PARAM);
	return ok ? LEX_ONE : LEX_BAD;
}

static bool set_transport(struct uri *u, const struct uri_param *p)
{
	u->transport = SIP_TRANSPORT_OTHER;
	for (unsigned t = SIP_TRANSPORT_NONE + 1; t < SIP_TRANSPORT_OTHER; t++)
		if (word_is(p->value, sip_transport_name((enum sip_transport)t)))
			u->transport = (enum sip_transport)t;
	return p->has_value;
}

static bool set_user(struct uri *u, const struct uri_param *p)
{
	u->user_phone = word_is(p->value, SPAN("phone"));
	return p->has_value;
}

static bool set_method(struct uri *u, const struct uri_param *p)
{
	u->has_method = true;
	u->method = sip_method_find(p->value);
	return p->has_value;
}

static bool set_ttl(struct uri *u, const struct uri_param *p)
{
	uint64_t v;

	if (!span_decimal(p->value, 255, &v))
		return false;
	u->has_ttl = true;
	u->ttl = (uint8_t)v;
	return true;
}

static bool set_maddr(struct uri *u, const struct uri_param *p)
{
	struct addr a;

	u->has_maddr = true;
	u->maddr = p->value;
	return lex_hostname(p->value) || addr_parse_ip(p->value, &a);
}

/* lr-param has no value, but "lr=on" and "lr=true" are seen and mean the same. */
static bool set_lr(struct uri *u, const struct uri_param *p)
{
	(void)p;
	return u->lr = true;
}

static bool set_ob(struct uri *u, const struct uri_param *p)
{
	u->ob = true;
	return !p->has_value;
}

static bool set_gr(struct uri *u, const struct uri_param *p)
{
	u->gr = p->value;
	return u->has_gr = true;
}

static bool set_phone_context(struct uri *u, const struct uri_param *p)
{
	u->phone_context = p->value;
	return p->has_value;
}

#define WORD(literal)                                           \
	{                                                       \
		(const uint8_t *)(literal), sizeof(literal) - 1 \
	}

static const struct {
	struct span name;
	bool (*set)(struct uri *u, const struct uri_param *p);
} sip_params[] = {
    {WORD("transport"), set_transport},
    {WORD("user"), set_user},
    {WORD("method"), set_method},
    {WORD("ttl"), set_ttl},
    {WORD("maddr"), set_maddr},
    {WORD("lr"), set_lr},
    {WORD("ob"), set_ob},
    {WORD("gr"), set_gr},
};

static bool set_sip_param(struct uri *u, const struct uri_param *p)
{
	for (size_t i = 0; i < sizeof sip_params / sizeof sip_params[0]; i++)
		if (word_is(p->name, sip_params[i].name))
			return sip_params[i].set(u, p);
	return true;
}

static bool set_tel_param(struct uri *u, const struct uri_param *p)
{
	return word_is(p->name, SPAN("phone-context")) ? set_phone_context(u, p) : true;
}

struct names {
	struct lex_params seen;
	uint32_t sum[SIP_PARAMS_MAX]; /* tells most apart, so that few are compared in full */
};

/* The same of all that uri_escaped_eq() holds for one, case aside (FNV-1a). */
static uint32_t sum_of(struct span name)
{
	uint32_t sum = 2166136261u;

	for (size_t i = 0; i < name.n;)
		sum = (sum ^ ascii_lower(decode(name, &i))) * 16777619u;
	return sum;
}

/* As lex_params_add(), but an escape hides no name. */
static bool names_add(struct names *names, struct span name)
{
	struct lex_params *seen = &names->seen;
	uint32_t sum = sum_of(name);

	for (unsigned i = 0; i < seen->n; i++)
		if (names->sum[i] == sum && uri_escaped_eq(span_of(seen->line + seen->at[i], seen->len[i]), name, true))
			return false;
	if (!lex_params_add(seen, name))
		return false;
	names->sum[seen->n - 1] = sum;
	return true;
}

static const char *parse_params(struct lex *l, struct uri *u, bool (*set)(struct uri *, const struct uri_param *))
{
	struct names names = {.seen = {0}};
	const uint8_t *from = l->p;
	struct uri_param p;
	enum lex_next next;

	while ((next = uri_next_param(l, &p)) == LEX_ONE) {
		if (!names_add(&names, p.name))
			return "too many URI parameters, or one that stands twice";
		if (!set(u, &p))
			return "bad value of a URI parameter";
	}
	u->params = span_between(from, l->p);
	return next == LEX_BAD ? "bad URI parameter" : NULL;
}

/* headers = "?" header *( "&" header ), each name=value */
static bool headers_ok(struct span s)
{
	unsigned count = 0;

	while (s.n) {
		size_t n = span_find(s, '&');
		struct span one = span_head(s, n);
		size_t eq = span_find(one, '=');
		if (eq == 0 || eq == one.n || !lex_escaped(span_head(one, eq), LEX_HEADER) ||
		    !lex_escaped(span_skip(one, eq + 1), LEX_HEADER) || n + 1 == s.n || count++ == SIP_PARAMS_MAX)
			return false;
		s = span_skip(s, n + 1);
	}
	return true;
}

static const char *parse_userinfo(struct span s, struct uri *u)
{
	if (span_find(s, ':') < s.n)
		return "password in a URI";
	if (s.n == 0 || !lex_escaped(s, LEX_USER))
		return "bad user in a URI";
	u->user = s;
	return NULL;
}

static const char *parse_sip(struct span s, struct uri *u)
{
	size_t at = span_find(s, '@'), question;
	const char *why = at < s.n ? parse_userinfo(span_head(s, at), u) : NULL;

	if (why)
		return why;
	if (at < s.n)
		s = span_skip(s, at + 1);
	question = span_find(s, '?');
	if (question < s.n) {
		u->headers = span_skip(s, question + 1);
		if (u->headers.n == 0 || !headers_ok(u->headers))
			return "bad headers in a URI";
	}
	struct lex l = lex_of(span_head(s, question));
	if (!lex_hostport(&l, &u->host, &u->addr, &u->port) || (!lex_end(&l) && !lex_at(&l, ';')))
		return "bad host in a URI";
	u->host_kind = u->addr.family ? URI_HOST_IP : URI_HOST_NAME;
	return parse_params(&l, u, set_sip_param);
}

/* RFC 3966 3: +digits, or a local number with its phone-context; phones say tel:112 without one. */
static const char *parse_tel(struct span s, struct uri *u)
{
	struct lex l = lex_of(s);
	bool global = lex_char(&l, '+'), digit = false;
	struct span number = lex_run(&l, LEX_PHONE);

	for (size_t i = 0; i < number.n; i++) {
		uint8_t c = ascii_lower(number.p[i]);
		if (global && (c == '*' || c == '#' || (c >= 'a' && c <= 'f')))
			return "bad telephone number";
		digit |= span_find(SPAN("-.()"), c) == 4;
	}
	if (!digit)
		return "bad telephone number";
	u->user = span_between(s.p, l.p);
	const char *why = parse_params(&l, u, set_tel_param);
	if (why || !lex_end(&l))
		return why ? why : "bad telephone number";
	return NULL;
}

static const char *parse_other(struct span s, struct uri *u)
{
	u->user = s;
	return s.n && lex_escaped(s, LEX_URIC) ? NULL : "bad URI";
}

static const struct {
	struct span name;
	enum uri_scheme scheme;
	const char *(*parse)(struct span, struct uri *);
} schemes[] = {
    {WORD("sip"), URI_SIP, parse_sip},
    {WORD("sips"), URI_SIPS, parse_sip},
    {WORD("tel"), URI_TEL, parse_tel},
};

static const char *parse(struct span s, struct uri *u)
{
	struct lex l = lex_of(s);
	struct span scheme = lex_run(&l, LEX_SCHEME);

	u->text = s;
	if (s.n > SIP_URI_MAX)
		return "URI too long";
	if (scheme.n == 0 || !lex_is(scheme.p[0], LEX_ALNUM) || lex_is(scheme.p[0], LEX_DIGIT) || !lex_char(&l, ':'))
		return "URI without a scheme";
	s = span_skip(s, scheme.n + 1);
	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
		if (lex_same(scheme, schemes[i].name)) {
			u->scheme = schemes[i].scheme;
			return schemes[i].parse(s, u);
		}
	}
	u->scheme = URI_OTHER;
	return parse_other(s, u);
}

struct span uri_bare(const struct uri *u)
{
	return u->headers.p ? span_head(u->text, (size_t)(u->headers.p - u->text.p) - 1) : u->text;
}

bool uri_is_sos(const struct uri *u)
{
	struct span sos = SPAN("urn:service:sos");

	return u->scheme == URI_OTHER && span_eq_case(span_head(u->text, sos.n), sos) &&
	       (u->text.n == sos.n || u->text.p[sos.n] == '.');
}

bool uri_parse(struct span s, struct uri *out, const char **why)
{
	struct uri u = {0};

	*why = parse(s, &u);
	if (*why)
		return false;
	*out = u;
	return true;
}

int uri_unescape(struct span s, uint8_t *out, size_t cap)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n;) {
		uint8_t c = s.p[i++];
		if (c == '%') {
			if (i + 2 > s.n || span_unhex(span_of(s.p + i, 2), &c, 1) != 1)
				return -1;
			i += 2;
		}
		if (c < 0x20 || c == 0x7f || n == cap)
			return -1;
		out[n++] = c;
	}
	return lex_utf8(span_of(out, n)) ? (int)n : -1;
}
