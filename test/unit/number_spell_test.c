/* SPDX-License-Identifier: ISC */
/* T42: any spelling of one number gives one canonical form. Numbers are made from the tables of ranges and at random, in sites of
 * every country, with and without an outside prefix; each is spelled in every way its site understands. */
#include "plan/country.h"
#include "test.h"
#include <stdlib.h>

enum { NUMBERS = 4000, SPELLINGS = 12, SPELLED_MAX = 128 };

static const char *const countries[] = {"us", "ca", "gb", "fr", "de", "ch", "at", "be", "nl", "it", "es", "ie", "au", "jp"};
enum { COUNTRIES = sizeof countries / sizeof *countries };

static struct plan p;
static const struct country *home;
static uint64_t seed = 7;
static unsigned spelled_n;

static unsigned dice(unsigned sides)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % sides;
}

static void digits(char *out, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		out[i] = (char)('0' + dice(10));
	out[n] = 0;
}

static void set_site(void)
{
	static const char *const area[COUNTRIES] = {
	    "212", "416", "20", "1", "30", "44", "1", "2", "20", "06", "91", "1", "2", "3"};
	static const char *const outside[] = {"", "0", "9", "77"};
	unsigned i = dice(COUNTRIES);

	plan_defaults(&p);
	memcpy(p.country, countries[i], 3);
	if (dice(2))
		snprintf(p.area, sizeof p.area, "%s", area[i]);
	snprintf(p.outside, sizeof p.outside, "%s", outside[dice(4)]);
	home = country_of_site(&p);
}

/* A national number of that country, mostly of a range of its table. */
static void national(const struct country *c, char out[24])
{
	unsigned ranges = 0;

	while (c->ranges[ranges].prefix)
		ranges++;
	const struct country_range *r = &c->ranges[dice(ranges)];
	unsigned prefix = (unsigned)strlen(r->prefix), n = r->max ? r->min + dice((unsigned)(r->max - r->min) + 1) : 6 + dice(6);
	if (c == home && p.area[0] && dice(3) == 0) {
		prefix = (unsigned)strlen(p.area);
		memcpy(out, p.area, prefix);
		n = strcmp(c->code, "1") == 0 ? 10 : 8 + dice(3);
	} else {
		memcpy(out, r->prefix, prefix);
	}
	if (n < prefix)
		n = prefix;
	digits(out + prefix, n - prefix);
}

static void make(char out[32])
{
	char nsn[24];
	const struct country *c = dice(2) ? home : country_named(countries[dice(COUNTRIES)]);

	if (dice(4) == 0) {
		out[0] = '+';
		digits(out + 1, 7 + dice(9));
		return;
	}
	national(c, nsn);
	snprintf(out, 32, "+%s%s", c->code, nsn);
}

/* Visual separators between the digits, never one that means something. */
static void separate(const char *text, char *out)
{
	static const char marks[] = "-. ()";
	size_t n = 0;

	for (; *text; text++) {
		if (n && dice(3) == 0)
			out[n++] = marks[dice(5)];
		out[n++] = *text;
	}
	out[n] = 0;
	/* "(0)" behind other digits is a trunk prefix that is not dialled */
	for (char *zero = out; (zero = strstr(zero, "(0)"));)
		zero[0] = '-';
}

static bool same(const struct number *a, const char *spelled, const char *context)
{
	struct number b;
	bool ok = number_canon(&p, span_str(spelled), span_str(context), false, &b);

	spelled_n++;
	if (!ok || memcmp(a, &b, sizeof b) != 0)
		fprintf(stderr, "%s area %s outside %s: %s, spelled \"%s\" in \"%s\", became %s %s\n", p.country, p.area, p.outside,
		    a->text, spelled, context, number_class_name[b.class], b.text);
	return ok && memcmp(a, &b, sizeof b) == 0;
}

static bool is_emergency(const char *dialled)
{
	return number_emergency(&p, span_str(dialled)) != NULL;
}

static bool is_short(const char *dialled)
{
	struct number n;
	char text[SPELLED_MAX];

	snprintf(text, sizeof text, "%s%s", p.outside, dialled);
	return number_canon(&p, span_str(text), SPAN(""), false, &n) && n.text[0] != '+';
}

static bool spell(const struct number *n)
{
	const char *e164 = n->text + 1;
	char text[SPELLED_MAX], dialled[SPELLED_MAX];
	size_t code = home ? strlen(home->code) : 0;
	bool own = strncmp(e164, home->code, code) == 0;

	separate(n->text, text);
	if (!same(n, text, ""))
		return false;
	for (int i = 0; i < 2 && home->abroad[i]; i++) {
		snprintf(dialled, sizeof dialled, "%s%s%s", p.outside, home->abroad[i], e164);
		separate(dialled, text);
		if (!same(n, text, ""))
			return false;
	}
	if (own && home->trunk[0] == '0') {
		snprintf(text, sizeof text, "+%s (0)%s", home->code, e164 + code);
		if (!same(n, text, ""))
			return false;
	}
	size_t cut = 1 + dice((unsigned)strlen(e164) - 1);
	snprintf(text, sizeof text, "+%.*s", (int)cut, e164);
	if (!is_emergency(e164 + cut) && !same(n, e164 + cut, text))
		return false;
	snprintf(text, sizeof text, "%s;PHONE-context=+%.*s", e164 + cut, (int)cut, e164);
	if (!is_emergency(e164 + cut) && !same(n, text, ""))
		return false;
	if (!own)
		return true;
	snprintf(dialled, sizeof dialled, "%s%s%s", p.outside, home->trunk, e164 + code);
	separate(dialled, text);
	/* what begins with the international prefix once the trunk prefix stands before it is another number */
	bool looks_foreign = home->trunk[0] == '0' && e164[code] == '0';
	if (!looks_foreign && !is_emergency(dialled) && !is_short(e164 + code) && !same(n, text, ""))
		return false;
	size_t area = strlen(p.area);
	const char *local = e164 + code + area;
	if (!area || n->class != NUMBER_LOCAL || local[0] < '2' || is_short(local))
		return true;
	snprintf(dialled, sizeof dialled, "%s%s", p.outside, local);
	struct number direct;
	bool otherwise = number_canon(&p, span_str(dialled), SPAN(""), false, &direct) && strcmp(direct.text, n->text) != 0;
	/* where a national number may stand without its trunk prefix, that is what it is */
	return is_emergency(dialled) || (home->whole && otherwise) || same(n, dialled, "");
}

/* The zero of an Italian number is dialled from abroad too: in brackets or not, behind every prefix and on every trunk. */
static bool spell_italian(const struct number *n)
{
	const char *rest = n->text + 4; /* +390 */
	char text[SPELLED_MAX];

	static const char *const zero[] = {"(0)", " (0) ", "-(0)-", "0", "(0"};
	for (size_t i = 0; i < sizeof zero / sizeof *zero; i++) {
		snprintf(text, sizeof text, "+39%s%s", zero[i], rest);
		if (!same(n, text, ""))
			return false;
		for (int k = 0; k < 2 && home->abroad[k]; k++) {
			snprintf(text, sizeof text, "%s %s 39 %s%s", p.outside, home->abroad[k], zero[i], rest);
			if (!same(n, text, ""))
				return false;
		}
		snprintf(text, sizeof text, "39 %s%s", zero[i], rest);
		struct number b;
		if (!number_canon_outside(&p, SPELLED_DIGITS, span_str(text), &b) || memcmp(n, &b, sizeof b) != 0) {
			fprintf(stderr, "%s: %s, spelled \"%s\" on a trunk, became %s\n", p.country, n->text, text, b.text);
			return false;
		}
	}
	return true;
}

static void an_italian_zero_stays(void)
{
	char text[32] = "+390";

	for (unsigned i = 0; i < NUMBERS; i++) {
		struct number n;
		set_site();
		digits(text + 4, 7 + dice(3));
		if (text[4] != '0' && number_canon(&p, span_str(text), SPAN(""), false, &n))
			CHECK(spell_italian(&n));
	}
}

/* Behind the outside prefix alone it is the trunk prefix of a national number. */
static void a_national_zero_stays_behind_the_outside_prefix(void)
{
	static const char *const spelled[] = {"9(0)20 7946 0018", "9 020 79460018", "9 00 44 (0)20 7946 0018", "+44 (0)20 7946 0018"};
	struct number n;

	plan_defaults(&p);
	memcpy(p.country, "gb", 3);
	memcpy(p.outside, "9", 2);
	for (size_t i = 0; i < sizeof spelled / sizeof *spelled; i++)
		CHECK(number_canon(&p, span_str(spelled[i]), SPAN(""), false, &n) && strcmp(n.text, "+442079460018") == 0);
}

static void every_spelling_is_one_number(void)
{
	unsigned understood = 0, by_class[NUMBER_CLASSES] = {0};

	for (unsigned i = 0; i < NUMBERS; i++) {
		char text[32];
		struct number n;
		set_site();
		make(text);
		if (!number_canon(&p, span_str(text), SPAN(""), false, &n))
			continue;
		understood++;
		by_class[n.class]++;
		CHECK(spell(&n));
	}
	CHECK(understood > NUMBERS / 2 && spelled_n > understood * 4);
	for (int i = NUMBER_TOLL_FREE; i < NUMBER_CLASSES; i++)
		CHECK(by_class[i] > 0);
}

/* What is understood is canonical: read again, it is itself; and it is digits and nothing else. */
static void a_canonical_form_is_its_own(void)
{
	static const char letters[] = "0123456789+*#-. ()a;=";
	unsigned understood = 0;

	for (unsigned i = 0; i < 200000; i++) {
		char text[40];
		unsigned n = 1 + dice(18);
		struct number a, b;
		if (i % 64 == 0)
			set_site();
		for (unsigned k = 0; k < n; k++)
			text[k] = letters[dice(dice(4) ? 10 : sizeof letters - 1)];
		text[n] = 0;
		if (!number_canon(&p, span_str(text), SPAN(""), false, &a)) {
			CHECK(a.class == NUMBER_UNKNOWN && !a.text[0]);
			continue;
		}
		understood++;
		CHECK(a.class != NUMBER_UNKNOWN && a.class != NUMBER_INTERNAL && strspn(a.text, "+0123456789*#") == strlen(a.text));
		if (a.text[0] != '+')
			continue;
		CHECK(number_canon(&p, span_str(a.text), SPAN(""), false, &b) && memcmp(&a, &b, sizeof a) == 0);
		for (int how = 0; how < NUMBER_SPELLINGS; how++) {
			char said[NUMBER_MAX + 1];
			number_spell(&p, (enum number_spelling)how, a.text, said);
			CHECK(number_canon_outside(&p, (enum number_spelling)how, span_str(said), &b) && strcmp(a.text, b.text) == 0);
		}
		CHECK(strlen(a.text) > NUMBER_E164_MIN && strlen(a.text) <= NUMBER_E164_MAX + 1);
	}
	CHECK(understood > 1000);
}

/* What another country's caller pays is never less than what its own does. */
static void abroad_is_never_cheaper(void)
{
	for (unsigned i = 0; i < 20000; i++) {
		char text[32];
		struct number at_home, abroad;
		set_site();
		make(text);
		if (!number_canon(&p, span_str(text), SPAN(""), false, &at_home))
			continue;
		plan_defaults(&p);
		CHECK(number_canon(&p, span_str(text), SPAN(""), false, &abroad));
		CHECK(strcmp(at_home.text, abroad.text) == 0 && abroad.class >= at_home.class && abroad.class >= NUMBER_TOLL_FREE);
		CHECK(abroad.class >= NUMBER_INTERNATIONAL || strncmp(abroad.text, "+80", 3) == 0);
	}
}

int main(void)
{
	RUN(every_spelling_is_one_number);
	RUN(an_italian_zero_stays);
	RUN(a_national_zero_stays_behind_the_outside_prefix);
	RUN(a_canonical_form_is_its_own);
	RUN(abroad_is_never_cheaper);
	return TEST_END;
}
