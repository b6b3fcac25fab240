/* SPDX-License-Identifier: ISC */
/* From a spelling to the digits that were meant. What the digits are is e164.c's. */
#include "base/buf.h"
#include "plan/e164.h"
#include "plan/number.h"

static bool is_separator(uint8_t c)
{
	return c == '-' || c == '.' || c == '(' || c == ')' || c == ' ';
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_of_number(uint8_t c)
{
	return is_digit(c) || c == '+' || c == '*' || c == '#';
}

static bool is_number(struct span s)
{
	bool any = false;

	for (size_t i = 0; i < s.n; i++) {
		if (!is_of_number(s.p[i]) && !is_separator(s.p[i]))
			return false;
		any |= is_of_number(s.p[i]);
	}
	return any;
}

/* What a line here has in front of numbers; of a number from anywhere, nothing. */
struct line {
	const struct country *country; /* NULL: not known */
	struct span outside;
};

/* What stands behind the international prefix of a line here; all of it where there is none. */
static struct span behind_abroad(const struct line *l, struct span digits)
{
	const struct country *c = l->country;

	if (span_starts(digits, SPAN("+")))
		return span_skip(digits, 1);
	for (size_t i = 0; c && i < sizeof c->abroad / sizeof *c->abroad; i++)
		if (c->abroad[i] && span_starts(digits, span_str(c->abroad[i])))
			return span_skip(digits, strlen(c->abroad[i]));
	return digits;
}

/* Does a zero that is dialled from abroad too stand behind this country code? */
static bool keeps_zero(const struct line *l, struct span digits)
{
	return span_eq(behind_abroad(l, digits), SPAN("39"));
}

/* "+44 (0)20": the trunk prefix that is not dialled from abroad (E.123 advises against it). In Italy it is; and behind the outside
 * prefix alone it is the trunk prefix of a national number. */
static bool is_spare_zero(const struct line *l, struct span s, size_t at, const char *so_far)
{
	struct span digits = span_str(so_far), outside = l->outside;

	if (!digits.n || !span_starts(span_skip(s, at), SPAN("(0)")) || keeps_zero(l, digits))
		return false;
	return !outside.n || !span_starts(digits, outside) ||
	       (digits.n > outside.n && !keeps_zero(l, span_skip(digits, outside.n)));
}

static bool strip(const struct line *l, struct span spelled, char out[NUMBER_SPELLED_MAX + 1])
{
	struct span s = span_trim(span_head(spelled, span_find(spelled, ';')));
	size_t n = 0;

	out[0] = 0;
	if (s.n == 0 || s.n > NUMBER_SPELLED_MAX)
		return false;
	if (!is_number(s))
		return span_cstr(s, out, NUMBER_SPELLED_MAX + 1);
	for (size_t i = 0; i < s.n; i++) {
		if (is_spare_zero(l, s, i, out)) {
			i += 2;
		} else if (!is_separator(s.p[i])) {
			out[n++] = (char)s.p[i];
			out[n] = 0;
		}
	}
	return true;
}

static bool strip_here(const struct plan *p, struct span spelled, char out[NUMBER_SPELLED_MAX + 1])
{
	const struct line here = {country_of_site(p), span_str(p->outside)};

	return strip(&here, spelled, out);
}

bool number_strip(struct span spelled, char out[NUMBER_SPELLED_MAX + 1])
{
	return strip(&(struct line){0}, spelled, out);
}

/* Behind the outside prefix; and 9911 is 911 where there is none, of who is used to one elsewhere. */
static struct span bare_of(const struct plan *p, struct span text)
{
	struct span outside = span_str(p->outside);

	if (outside.n && span_starts(text, outside))
		return span_skip(text, outside.n);
	return !outside.n && span_eq(text, SPAN("9911")) ? span_skip(text, 1) : text;
}

static const char *emergency_of(const struct plan *p, struct span text)
{
	struct span bare = bare_of(p, text);

	for (uint8_t i = 0; i < p->emergencies; i++) {
		struct span e = span_str(p->emergency[i]);
		if (span_eq(text, e) || span_eq(bare, e))
			return p->emergency[i];
	}
	struct span test = span_str(p->emergency_test);
	bool is_test = test.n && (span_eq(text, test) || span_eq(bare, test));
	return is_test ? p->emergency_test : NULL;
}

/* The end key behind it, and the trunk 0 of every other number before it where no outside prefix is. */
static const char *mistyped_emergency(const struct plan *p, struct span text)
{
	const struct country *c = country_of_site(p);
	const char *e;

	if (text.n && text.p[text.n - 1] == '#')
		text = span_head(text, text.n - 1);
	e = emergency_of(p, text);
	if (!e && !p->outside[0] && c && strcmp(c->trunk, "0") == 0 && span_starts(text, SPAN("0")))
		e = emergency_of(p, span_skip(text, 1));
	return e;
}

/* The parameters of a telephone-subscriber (RFC 3966 3): phone-context alone is understood, and once. */
static bool take_context(struct span spelled, struct span *context)
{
	struct span rest = span_skip(spelled, span_find(spelled, ';'));
	static const char name[] = "phone-context=";

	if (!rest.n)
		return true;
	rest = span_skip(rest, 1);
	if (context->n || span_find(rest, ';') < rest.n || !span_starts_case(rest, span_str(name)))
		return false;
	*context = span_skip(rest, sizeof name - 1);
	return context->n > 0;
}

static bool as(enum number_class class, struct span text, struct number *out)
{
	if (!span_cstr(text, out->text, sizeof out->text))
		return false;
	out->class = (uint8_t) class;
	return true;
}

static bool service(const struct plan *p, struct span text, struct number *out)
{
	struct span argument;

	return is_number(text) && plan_service(p, text, &argument) != SERVICES && as(NUMBER_SERVICE, text, out);
}

/* A global context and the digits behind it; a context that is a domain means nothing here. */
static bool in_context(const struct plan *p, struct span text, struct span context, struct number *out)
{
	char prefix[NUMBER_SPELLED_MAX + 1], digits[2 * NUMBER_SPELLED_MAX + 1];
	size_t n;

	if (!span_starts(context, SPAN("+")) || !is_number(context) || !strip_here(p, context, prefix))
		return false;
	if (text.p[0] == '+')
		return e164_read(p, span_skip(text, 1), out);
	n = strlen(prefix);
	memcpy(digits, prefix, n);
	memcpy(digits + n, text.p, text.n);
	return e164_read(p, span_of(digits + 1, n + text.n - 1), out);
}

/* As it would be dialled on a line of the site's country. */
static bool on_a_line(const struct plan *p, struct span text, struct number *out)
{
	const struct country *c = country_of_site(p);

	if (span_starts(text, SPAN("+")))
		return e164_read(p, span_skip(text, 1), out);
	for (size_t i = 0; c && i < sizeof c->abroad / sizeof *c->abroad; i++)
		if (c->abroad[i] && span_starts(text, span_str(c->abroad[i])))
			return e164_read(p, span_skip(text, strlen(c->abroad[i])), out);
	return c && (e164_national(p, c, text, out) || e164_local(p, c, text, out));
}

static bool outside(const struct plan *p, struct span text, struct number *out)
{
	struct span prefix = span_str(p->outside);
	enum number_class class;

	if (prefix.n && !span_starts(text, SPAN("+"))) {
		if (!span_starts(text, prefix))
			return false;
		text = span_skip(text, prefix.n);
	}
	class = e164_short(p, text);
	if (class != NUMBER_UNKNOWN) {
		memcpy(out->country, p->country, sizeof out->country);
		return as(class, text, out);
	}
	return on_a_line(p, text, out);
}

static bool is_other(const struct plan *p, struct span text, struct span context, bool is_extension, struct number *out)
{
	if (!context.n && (text.p[0] == '*' || text.p[0] == '#'))
		return service(p, text, out);
	if (!context.n && is_extension)
		return as(NUMBER_INTERNAL, text, out);
	if (!is_number(text))
		return false;
	return context.n ? in_context(p, text, context, out) : outside(p, text, out);
}

static bool read(const struct plan *p, struct span spelled, struct span context, bool is_extension, struct number *out)
{
	char mem[NUMBER_SPELLED_MAX + 1];
	const char *emergency;

	if (!strip_here(p, spelled, mem))
		return false;
	struct span text = span_str(mem);
	emergency = emergency_of(p, text);
	if (emergency)
		return as(NUMBER_EMERGENCY, span_str(emergency), out);
	if (!take_context(spelled, &context))
		return false;
	if (is_other(p, text, context, is_extension, out))
		return true;
	memset(out, 0, sizeof *out);
	emergency = context.n ? NULL : mistyped_emergency(p, text);
	return emergency && as(NUMBER_EMERGENCY, span_str(emergency), out);
}

bool number_canon(
    const struct plan *p, struct span spelled, struct span phone_context, bool is_extension, struct number *out)
{
	memset(out, 0, sizeof *out);
	if (read(p, spelled, phone_context, is_extension, out))
		return true;
	memset(out, 0, sizeof *out);
	return false;
}

const char *number_emergency(const struct plan *p, struct span spelled)
{
	char text[NUMBER_SPELLED_MAX + 1];
	struct number n;

	if (!strip_here(p, spelled, text))
		return NULL;
	const char *e = emergency_of(p, span_str(text));
	if (e)
		return e;
	e = mistyped_emergency(p, span_str(text));
	return e && number_canon(p, spelled, SPAN(""), false, &n) && n.class == NUMBER_EMERGENCY ? e : NULL;
}

static bool bare(const struct plan *p, struct span text, size_t least, struct number *out)
{
	return text.n >= least && is_digit(text.p[0]) && e164_read(p, text, out);
}

static bool from_trunk(const struct plan *p, enum number_spelling how, struct span text, struct number *out)
{
	if (how == SPELLED_DIGITS && bare(p, text, NUMBER_E164_MIN, out))
		return true;
	return on_a_line(p, text, out) || bare(p, text, NUMBER_BARE_MIN, out);
}

/* What networks write behind a number (cpc, rn, npdi, isup-oli) says something of the line or of the way, and leaves the number what it
 * is (RFC 4694 3, 5); a phone-context makes it another. */
static bool is_in_a_context(struct span spelled)
{
	for (size_t at = span_find(spelled, ';'); at < spelled.n;
	     at = at + 1 + span_find(span_skip(spelled, at + 1), ';'))
		if (span_starts_case(span_skip(spelled, at + 1), SPAN("phone-context=")))
			return true;
	return false;
}

bool number_canon_outside(const struct plan *p, enum number_spelling how, struct span spelled, struct number *out)
{
	const struct span digits = span_head(spelled, span_find(spelled, ';'));
	char text[NUMBER_SPELLED_MAX + 1];

	memset(out, 0, sizeof *out);
	if (!is_in_a_context(spelled) && strip_here(p, digits, text) && is_number(span_str(text)) &&
	    from_trunk(p, how, span_str(text), out))
		return true;
	memset(out, 0, sizeof *out);
	return false;
}

/* --- and back --- */

static bool spell(const struct plan *p, enum number_spelling how, const char *digits, struct buf *out)
{
	const struct country *c = country_of_site(p);

	switch (how) {
	case SPELLED_DIGITS:
		break;
	case SPELLED_INTERNATIONAL:
		if (!c || !c->abroad[0])
			return false;
		buf_str(out, c->abroad[0]);
		break;
	case SPELLED_NATIONAL:
		if (!c || !span_starts(span_str(digits), span_str(c->code)))
			return false;
		buf_str(out, c->trunk);
		digits += strlen(c->code);
		break;
	case SPELLED_PLUS:
	case NUMBER_SPELLINGS:
		return false;
	}
	buf_str(out, digits);
	return !out->full;
}

static bool reads_back(const struct plan *p, enum number_spelling how, struct span spelled, const char *text)
{
	struct number n;

	return number_canon_outside(p, how, spelled, &n) && strcmp(n.text, text) == 0;
}

void number_spell(const struct plan *p, enum number_spelling how, const char *text, char out[NUMBER_MAX + 1])
{
	static const uint8_t plainer[NUMBER_SPELLINGS] = {[SPELLED_NATIONAL] = SPELLED_INTERNATIONAL,
	    [SPELLED_INTERNATIONAL] = SPELLED_PLUS,
	    [SPELLED_DIGITS] = SPELLED_PLUS};
	char mem[NUMBER_MAX];

	while (text[0] == '+' && how != SPELLED_PLUS && how < NUMBER_SPELLINGS) {
		struct buf b = buf_of(mem, sizeof mem);
		if (spell(p, how, text + 1, &b) && reads_back(p, how, buf_span(&b), text) &&
		    span_cstr(buf_span(&b), out, NUMBER_MAX + 1))
			return;
		how = (enum number_spelling)plainer[how];
	}
	span_cstr(span_head(span_str(text), NUMBER_MAX), out, NUMBER_MAX + 1);
}
