/* SPDX-License-Identifier: ISC */
#include "plan/country.h"
#include "plan/ranges.h"

static const struct country countries[] = {
    {"us", "1", "1", {"011", "00"}, true, range_nanp, short_nanp, {NULL}, "911"},
    {"ca", "1", "1", {"011", "00"}, true, range_nanp, short_nanp, {NULL}, "911"},
    {"gb", "44", "0", {"00"}, false, range_gb, short_gb, {"999"}, "112"},
    {"fr", "33", "0", {"00"}, false, range_fr, short_fr, {"15", "17", "18", "114"}, "112"},
    {"de", "49", "0", {"00"}, false, range_de, short_de, {"110"}, "112"},
    {"ch", "41", "0", {"00"}, false, range_ch, short_ch, {"117", "118", "144"}, "112"},
    {"at", "43", "0", {"00"}, false, range_at, short_at, {"122", "133", "144"}, "112"},
    {"be", "32", "0", {"00"}, false, range_be, short_be, {"100", "101"}, "112"},
    {"nl", "31", "0", {"00"}, false, range_nl, short_nl, {NULL}, "112"},
    {"it", "39", "", {"00"}, true, range_it, short_it, {"113", "115", "118"}, "112"},
    {"es", "34", "", {"00"}, true, range_es, short_es, {"061", "091"}, "112"},
    {"ie", "353", "0", {"00"}, false, range_ie, short_ie, {"999"}, "112"},
    {"au", "61", "0", {"0011"}, false, range_au, short_au, {"106"}, "000"},
    {"jp", "81", "0", {"010"}, false, range_jp, short_jp, {"110", "118"}, "119"},
};

enum { COUNTRIES = sizeof countries / sizeof *countries };

const struct country *country_named(const char *name)
{
	for (int i = 0; i < COUNTRIES; i++)
		if (strcmp(countries[i].name, name) == 0)
			return &countries[i];
	return NULL;
}

const struct country *country_of_site(const struct plan *p)
{
	return country_named(p->country);
}

const struct country *country_of_code(struct span digits)
{
	for (int i = 0; i < COUNTRIES; i++)
		if (span_starts(digits, span_str(countries[i].code)))
			return &countries[i];
	return NULL;
}

const struct country_range *country_range_of(const struct country *c, struct span national)
{
	const struct country_range *best = NULL;
	size_t best_n = 0;

	for (const struct country_range *r = c->ranges; r->prefix; r++) {
		struct span prefix = span_str(r->prefix);
		bool fits = best && (national.n < best->min || national.n > best->max);
		if (!span_starts(national, prefix) || prefix.n < best_n || (best && prefix.n == best_n && !fits))
			continue;
		best = r;
		best_n = prefix.n;
	}
	return best;
}
