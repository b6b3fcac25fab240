/* SPDX-License-Identifier: ISC */
#include "wire/passport_json.h"
#include "base/cursor.h"

enum { ORIGID_MAX = 64, NAME_MAX = 16 };

#define IAT_MAX UINT64_C(253402300799) /* the year 9999 */

/* What members are called, and how the value of each is read. */
struct member {
	const char *name;
	bool (*read)(struct cursor *c, void *arg, bool *other);
};

static bool take(struct cursor *c, uint8_t wanted)
{
	if (cursor_left(c) < 1 || *c->p != wanted)
		return false;
	c->p++;
	return true;
}

static bool string(struct cursor *c, size_t max, struct span *out)
{
	if (!take(c, '"'))
		return false;
	const uint8_t *p = c->p;
	while (c->p < c->end && *c->p != '"') {
		if (*c->p < 0x20 || *c->p > 0x7e || *c->p == '\\')
			return false;
		c->p++;
	}
	*out = span_of(p, (size_t)(c->p - p));
	return out->n <= max && take(c, '"');
}

/* An object of these members, each at most once; the list ends with a NULL name. */
static bool object(struct cursor *c, const struct member *m, void *arg, bool *other)
{
	uint32_t seen = 0;
	struct span name;

	if (!take(c, '{'))
		return false;
	do {
		unsigned i = 0;
		if (!string(c, NAME_MAX, &name) || !take(c, ':'))
			return false;
		while (m[i].name && !span_eq(name, span_str(m[i].name)))
			i++;
		*other = !m[i].name &&
		         !span_eq(name, SPAN("crit")); /* RFC 7515 4.1.11: what must be understood is refused */
		if (!m[i].name || seen & 1u << i || !m[i].read(c, arg, other))
			return false;
		seen |= 1u << i;
	} while (take(c, ','));
	return take(c, '}');
}

/* --- the header --- */

#define TEXT_OF(field, max)                                                     \
	static bool read_##field(struct cursor *c, void *arg, bool *other)      \
	{                                                                       \
		(void)other;                                                    \
		return string(c, max, &((struct passport_header *)arg)->field); \
	}
TEXT_OF(alg, NAME_MAX)
TEXT_OF(typ, NAME_MAX)
TEXT_OF(ppt, NAME_MAX)
TEXT_OF(x5u, PASSPORT_URL_MAX)

bool passport_json_header(struct span text, struct passport_header *out, bool *other)
{
	static const struct member members[] = {
	    {"alg", read_alg}, {"ppt", read_ppt}, {"typ", read_typ}, {"x5u", read_x5u}, {NULL, NULL}};
	struct cursor c = cursor_of(text);

	return object(&c, members, out, other) && cursor_left(&c) == 0;
}

/* --- the claims --- */

/* Digits of E.164; any other number is one that nobody here compares. */
static bool tn(struct span v, char out[PASSPORT_TN_MAX + 1])
{
	uint64_t n;

	return v.n <= PASSPORT_TN_MAX && span_decimal(v, UINT64_MAX, &n) && span_cstr(v, out, PASSPORT_TN_MAX + 1);
}

static bool read_orig_tn(struct cursor *c, void *arg, bool *other)
{
	struct span v;

	(void)other;
	if (!string(c, PASSPORT_URL_MAX, &v))
		return false;
	(void)tn(v, ((struct passport *)arg)->orig);
	return true;
}

static bool read_orig_uri(struct cursor *c, void *arg, bool *other)
{
	struct span v;

	(void)arg;
	(void)other;
	return string(c, PASSPORT_URL_MAX, &v);
}

static bool read_dests(struct cursor *c, struct passport *out, bool *other)
{
	struct span v;

	if (!take(c, '['))
		return false;
	do {
		if (!string(c, PASSPORT_URL_MAX, &v))
			return false;
		*other = out && out->dests == PASSPORT_DESTS_MAX;
		if (*other)
			return false;
		if (out && tn(v, out->dest[out->dests]))
			out->dests++;
	} while (take(c, ','));
	return take(c, ']');
}

static bool read_dest_tn(struct cursor *c, void *arg, bool *other)
{
	return read_dests(c, arg, other);
}

static bool read_dest_uri(struct cursor *c, void *arg, bool *other)
{
	(void)arg;
	return read_dests(c, NULL, other);
}

static bool read_attest(struct cursor *c, void *arg, bool *other)
{
	struct passport_claims *claims = arg;
	struct span v;

	(void)other;
	if (!string(c, 1, &v) || v.n != 1 || v.p[0] < 'A' || v.p[0] > 'C')
		return false;
	claims->passport->attest = v.p[0];
	return true;
}

static bool read_dest(struct cursor *c, void *arg, bool *other)
{
	static const struct member members[] = {{"tn", read_dest_tn}, {"uri", read_dest_uri}, {NULL, NULL}};
	struct passport_claims *claims = arg;

	claims->has_dest = true;
	return object(c, members, claims->passport, other);
}

static bool read_iat(struct cursor *c, void *arg, bool *other)
{
	struct passport_claims *claims = arg;
	const uint8_t *p = c->p;

	(void)other;
	while (c->p < c->end && *c->p >= '0' && *c->p <= '9')
		c->p++;
	struct span digits = span_of(p, (size_t)(c->p - p));
	claims->has_iat = true;
	return digits.n && (digits.n == 1 || digits.p[0] != '0') &&
	       span_decimal(digits, IAT_MAX, &claims->passport->iat_s);
}

/* One origin, as a number or as a URI (RFC 8225 5.2.1). */
static bool read_orig(struct cursor *c, void *arg, bool *other)
{
	static const struct member members[] = {{"tn", read_orig_tn}, {"uri", read_orig_uri}, {NULL, NULL}};
	struct passport_claims *claims = arg;

	claims->has_orig = true;
	return object(c, members, claims->passport, other);
}

static bool read_origid(struct cursor *c, void *arg, bool *other)
{
	struct span v;

	(void)other;
	((struct passport_claims *)arg)->has_origid = true;
	return string(c, ORIGID_MAX, &v) && v.n > 0;
}

bool passport_json_claims(struct span text, struct passport_claims *out, bool *other)
{
	static const struct member members[] = {{"attest", read_attest}, {"dest", read_dest}, {"iat", read_iat},
	    {"orig", read_orig}, {"origid", read_origid}, {NULL, NULL}};
	struct cursor c = cursor_of(text);

	return object(&c, members, out, other) && cursor_left(&c) == 0;
}
