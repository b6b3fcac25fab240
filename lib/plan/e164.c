/* SPDX-License-Identifier: ISC */
#include "plan/e164.h"

enum { NANP_DIGITS = 10 };

struct reading {
	enum number_class class;
	const char *country, *code; /* code: the one that it really has */
};

static bool all_digits(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return true;
}

static bool is_home(const struct plan *p, const char *country)
{
	return strcmp(p->country, country) == 0;
}

/* From another country the cheap is no longer cheap, and the dear is dearer. */
static enum number_class seen_from_abroad(enum number_class class)
{
	static const uint8_t abroad[NUMBER_CLASSES] = {
	    [NUMBER_TOLL_FREE] = NUMBER_INTERNATIONAL,
	    [NUMBER_LOCAL] = NUMBER_INTERNATIONAL,
	    [NUMBER_NATIONAL] = NUMBER_INTERNATIONAL,
	    [NUMBER_MOBILE] = NUMBER_INTERNATIONAL,
	    [NUMBER_INTERNATIONAL] = NUMBER_INTERNATIONAL,
	    [NUMBER_SHARED] = NUMBER_PREMIUM,
	    [NUMBER_PREMIUM] = NUMBER_PREMIUM,
	    [NUMBER_SATELLITE] = NUMBER_SATELLITE,
	};
	return (enum number_class)abroad[class];
}

static struct reading of_range(const struct country *c, struct span national)
{
	const struct country_range *r = country_range_of(c, national);

	if (!r || national.n < r->min || national.n > r->max)
		return (struct reading){NUMBER_UNKNOWN, c->name, NULL};
	return (struct reading){(enum number_class)r->class, r->country ? r->country : c->name, r->code};
}

static bool is_n11(struct span s)
{
	return s.p[1] == '1' && s.p[2] == '1';
}

/* N11 is no area and no exchange; directory assistance (555-1212) and 976 cost extra wherever they are. */
static struct reading north_american(const struct plan *p, const struct country *c, struct span n)
{
	const char *country = country_nanp_of(n);
	bool shaped = n.n == NANP_DIGITS && n.p[0] >= '2' && n.p[3] >= '2' && !is_n11(n) && !is_n11(span_skip(n, 3));

	if (!shaped)
		return (struct reading){NUMBER_UNKNOWN, c->name, NULL};
	if (!country) {
		struct reading r = of_range(c, n);
		r.country = is_home(p, "ca") ? "ca" : "us";
		return r;
	}
	struct span line = span_skip(n, 3);
	bool premium = span_starts(line, SPAN("976")) || span_eq(line, SPAN("5551212"));
	return (struct reading){premium ? NUMBER_PREMIUM : NUMBER_NATIONAL, country, NULL};
}

static bool in_area(const struct plan *p, struct span national)
{
	return p->area[0] && span_starts(national, span_str(p->area));
}

static struct reading known(const struct plan *p, const struct country *c, struct span national)
{
	bool nanp = strcmp(c->code, "1") == 0;
	struct reading r = nanp ? north_american(p, c, national) : of_range(c, national);

	if (!is_home(p, r.country))
		r.class = seen_from_abroad(r.class);
	else if (r.class == NUMBER_NATIONAL && in_area(p, national))
		r.class = NUMBER_LOCAL;
	return r;
}

static enum number_class ruled(const struct plan *p, struct span text)
{
	enum number_class class = NUMBER_UNKNOWN;
	size_t best = 0;

	for (uint8_t i = 0; i < p->rules; i++) {
		struct span prefix = span_str(p->rule[i].prefix);
		if (p->rule[i].class && prefix.n > best && prefix.p[0] == '+' && span_starts(text, prefix)) {
			class = (enum number_class)p->rule[i].class;
			best = prefix.n;
		}
	}
	return class;
}

static bool put(const struct plan *p, struct span code, struct span rest, struct reading r, struct number *out)
{
	size_t n = code.n + rest.n;

	if (r.class == NUMBER_UNKNOWN || n < NUMBER_E164_MIN || n > NUMBER_E164_MAX)
		return false;
	out->text[0] = '+';
	memcpy(out->text + 1, code.p, code.n);
	memcpy(out->text + 1 + code.n, rest.p, rest.n);
	out->text[1 + n] = 0;
	enum number_class own = ruled(p, span_str(out->text));
	out->class = (uint8_t)(own ? own : r.class);
	span_cstr(span_str(r.country), out->country, sizeof out->country);
	return true;
}

static struct reading foreign(struct span digits)
{
	const char *name = country_name_of(digits);

	if (!name)
		return (struct reading){NUMBER_UNKNOWN, "", NULL};
	return (struct reading){country_code_class(name), name, NULL};
}

/* A number of a country whose ranges are known. */
static bool of_country(const struct plan *p, const struct country *c, struct span national, struct number *out)
{
	struct reading r = known(p, c, national);
	char own[NUMBER_E164_MAX];

	if (!r.code)
		return put(p, span_str(c->code), national, r, out);
	size_t n = strlen(r.code);
	if (n + national.n > sizeof own)
		return false;
	memcpy(own, r.code, n);
	memcpy(own + n, national.p, national.n);
	return put(p, span_str(r.code), national, foreign(span_of(own, n + national.n)), out);
}

bool e164_read(const struct plan *p, struct span digits, struct number *out)
{
	if (!digits.n || digits.p[0] == '0' || !all_digits(digits))
		return false;
	const struct country *c = country_of_code(digits);
	if (!c)
		return put(p, digits, SPAN(""), foreign(digits), out);
	struct span national = span_skip(digits, strlen(c->code));
	/* "+44 020": nobody's number there begins with the trunk prefix */
	if (c->trunk[0] == '0' && span_starts(national, SPAN("0")))
		national = span_skip(national, 1);
	return of_country(p, c, national, out);
}

bool e164_national(const struct plan *p, const struct country *c, struct span digits, struct number *out)
{
	struct span trunk = span_str(c->trunk);
	const struct country_range *r;

	if (!digits.n || !all_digits(digits))
		return false;
	if (trunk.n && span_starts(digits, trunk))
		return of_country(p, c, span_skip(digits, trunk.n), out);
	r = country_range_of(c, digits);
	bool alone = r && r->direct && digits.n >= r->min && digits.n <= r->max;
	return (c->whole || alone) && of_country(p, c, digits, out);
}

bool e164_local(const struct plan *p, const struct country *c, struct span digits, struct number *out)
{
	char national[NUMBER_E164_MAX];
	size_t area = strlen(p->area), n = area + digits.n;

	/* no subscriber's number begins with 0 or 1, which lead elsewhere */
	if (!area || !digits.n || digits.p[0] < '2' || digits.p[0] > '9' || n > sizeof national || !all_digits(digits))
		return false;
	memcpy(national, p->area, area);
	memcpy(national + area, digits.p, digits.n);
	return of_country(p, c, span_of(national, n), out);
}

enum number_class e164_short(const struct plan *p, struct span digits)
{
	const struct country *c = country_of_site(p);
	enum number_class class = NUMBER_UNKNOWN;
	size_t best = 0;

	for (uint8_t i = 0; i < p->rules; i++)
		if (p->rule[i].class && span_eq(digits, span_str(p->rule[i].prefix)))
			return (enum number_class)p->rule[i].class;
	for (const struct country_short *s = c && all_digits(digits) ? c->shorts : NULL; s && s->prefix; s++) {
		struct span prefix = span_str(s->prefix);
		if (prefix.n > best && span_starts(digits, prefix) && digits.n >= s->min && digits.n <= s->max) {
			class = (enum number_class)s->class;
			best = prefix.n;
		}
	}
	return class;
}
