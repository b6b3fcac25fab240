/* SPDX-License-Identifier: ISC */
/* What numbers are, what they cost, and who may call them: numbers, prefix, country, rates, classes, night, ceilings. */
#include "draft.h"
#include "plan/ceiling.h"
#include "plan/country.h"

enum { HUNDREDTH_E4 = 100 };

static struct plan *plan_of(struct draft *d)
{
	return &d->out->site.plan;
}

/* --- numbers --- */

static const char *digits(struct span v, char *out, size_t room, const char *why)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] < '0' || v.p[i] > '9')
			return why;
	return v.n && span_cstr(v, out, room) ? NULL : why;
}

static const char *set_country(struct draft *d, struct span v)
{
	char name[4];

	if (!span_cstr(v, name, sizeof name) || !country_named(name))
		return "is none of us ca gb fr de ch at be nl it es ie au jp";
	memcpy(plan_of(d)->country, name, sizeof name);
	return NULL;
}

static const char *set_area(struct draft *d, struct span v)
{
	return digits(
	    v, plan_of(d)->area, sizeof plan_of(d)->area, "is no area code of 1 to 7 digits, without the trunk prefix");
}

static const char *set_outside_prefix(struct draft *d, struct span v)
{
	return digits(v, plan_of(d)->outside, sizeof plan_of(d)->outside, "is no prefix of 1 to 3 digits");
}

static const char *set_currency(struct draft *d, struct span v)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] < 'A' || v.p[i] > 'Z')
			return "is no currency such as EUR";
	return v.n == 3 && span_cstr(v, plan_of(d)->currency, 4) ? NULL : "is no currency such as EUR";
}

/* --- what numbers are and cost --- */

static const char *rate(struct span v, uint32_t *out)
{
	return plan_money_parse(v, HUNDREDTH_E4, PLAN_RATE_MAX_E4, out)
	           ? NULL
	           : "is no amount in hundredths of the currency, such as 3 or 0.85";
}

static const char *set_prefix_class(struct draft *d, struct span v)
{
	enum number_class class = number_class_named(v);

	if (class < NUMBER_TOLL_FREE || class == NUMBER_CLASSES)
		return "is no class of outside numbers (toll-free local national mobile shared international premium satellite)";
	d->rule.class = (uint8_t) class;
	return NULL;
}

static const char *set_prefix_rate(struct draft *d, struct span v)
{
	d->rule.has_rate = 1;
	return rate(v, &d->rule.rate_e4);
}

static const char *set_prefix_setup(struct draft *d, struct span v)
{
	d->rule.has_setup = 1;
	return rate(v, &d->rule.setup_e4);
}

const char *draft_end_prefix(struct draft *d, struct span prefix)
{
	struct plan *p = plan_of(d);
	struct plan_rule r = d->rule;
	static const char why[] = "is no prefix (+ and digits of E.164; or digits alone, a short number)";

	memset(&d->rule, 0, sizeof d->rule);
	if (p->rules == PLAN_RULES_MAX)
		return "is one section too many (128 are allowed)";
	if (!r.class && !r.has_rate && !r.has_setup)
		return "has neither class nor rate";
	const char *bad = digits(span_skip(prefix, span_starts(prefix, SPAN("+"))), r.prefix, sizeof r.prefix, why);
	if (bad || !span_cstr(prefix, r.prefix, sizeof r.prefix))
		return why;
	p->rule[p->rules++] = r;
	return NULL;
}

static const char *set_country_rate(struct draft *d, struct span v)
{
	d->country_rated = true;
	return rate(v, &d->country_rate.rate_e4);
}

const char *draft_end_country(struct draft *d, struct span name)
{
	struct plan *p = plan_of(d);
	struct plan_country_rate r = d->country_rate;
	bool rated = d->country_rated;

	d->country_rated = false;
	if (p->country_rates == PLAN_COUNTRY_RATES_MAX)
		return "is one section too many (64 are allowed)";
	if (!country_is(name) || !span_cstr(name, r.country, sizeof r.country))
		return "is no country (two letters, such as fr)";
	if (!rated)
		return "has no rate";
	p->country_rate[p->country_rates++] = r;
	return NULL;
}

#define SET_RATE(name, field)                                              \
	static const char *set_rate_##name(struct draft *d, struct span v) \
	{                                                                  \
		return rate(v, &plan_of(d)->field);                        \
	}

SET_RATE(toll_free, class_rate_e4[NUMBER_TOLL_FREE])
SET_RATE(local, class_rate_e4[NUMBER_LOCAL])
SET_RATE(national, class_rate_e4[NUMBER_NATIONAL])
SET_RATE(mobile, class_rate_e4[NUMBER_MOBILE])
SET_RATE(shared, class_rate_e4[NUMBER_SHARED])
SET_RATE(international, class_rate_e4[NUMBER_INTERNATIONAL])
SET_RATE(premium, class_rate_e4[NUMBER_PREMIUM])
SET_RATE(satellite, class_rate_e4[NUMBER_SATELLITE])
SET_RATE(setup, setup_e4)

static const char *set_billing(struct draft *d, struct span v)
{
	uint32_t s = 0;
	const char *why = draft_number(v, 1, PLAN_BILLING_MAX_S, &s);

	if (!why)
		plan_of(d)->billing_s = (uint8_t)s;
	return why;
}

/* --- who may call them, and when --- */

/* Of a person it is one text with blanks, here a list. */
static const char *add_class(struct plan_classes *c, struct span v)
{
	return span_find(v, ' ') < v.n ? "is several: write {\"local\", \"national\"}" : plan_classes_add(c, v);
}

static const char *set_classes(struct draft *d, struct span v)
{
	return add_class(&plan_of(d)->classes, v);
}

static const char *set_night_classes(struct draft *d, struct span v)
{
	if (span_eq(v, SPAN("night")))
		return "means nothing here";
	return add_class(&d->night.classes, v);
}

/* "7:30", "22:00"; 24:00 is the end of the day */
static const char *clock(struct span v, uint16_t most, uint16_t *out)
{
	size_t colon = span_find(v, ':');
	struct span min = span_skip(v, colon + 1);
	uint64_t h, m;

	if (colon == 0 || colon > 2 || min.n != 2 || !span_decimal(span_head(v, colon), 24, &h) ||
	    !span_decimal(min, 59, &m) || h * 60 + m > most)
		return "is no time such as 20:00";
	*out = (uint16_t)(h * 60 + m);
	return NULL;
}

static const char *set_from(struct draft *d, struct span v)
{
	d->night_given |= 1;
	return clock(v, 24 * 60 - 1, &d->night.from_min);
}

static const char *set_to(struct draft *d, struct span v)
{
	d->night_given |= 2;
	return clock(v, 24 * 60, &d->night.to_min);
}

static int day_named(struct span v)
{
	static const char *const name[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

	for (int i = 0; i < 7; i++)
		if (span_eq(v, span_str(name[i])))
			return i;
	return -1;
}

/* "mon-fri" runs on over the end of the week where it must: "sat-mon" */
static const char *set_days(struct draft *d, struct span v)
{
	static const char why[] = "is no row of days such as \"mon-fri\" or \"sat,sun\"";

	d->night.days = 0;
	while (v.n) {
		struct span item = span_trim(span_head(v, span_find(v, ',')));
		size_t dash = span_find(item, '-');
		int from = day_named(span_head(item, dash));
		int to = dash < item.n ? day_named(span_skip(item, dash + 1)) : from;
		if (from < 0 || to < 0)
			return why;
		for (int day = from;; day = (day + 1) % 7) {
			d->night.days |= (uint8_t)(1u << day);
			if (day == to)
				break;
		}
		v = span_skip(v, span_find(v, ',') + 1);
	}
	return d->night.days ? NULL : why;
}

const char *draft_end_night(struct draft *d)
{
	struct plan *p = plan_of(d);
	struct plan_night n = d->night;
	uint8_t given = d->night_given;

	memset(&d->night, 0, sizeof d->night);
	d->night_given = 0;
	if (p->nights == PLAN_NIGHTS_MAX)
		return "is one section too many (4 are allowed)";
	if (given != 3)
		return given & 1 ? "has no to" : "has no from";
	if (!n.days)
		n.days = 0x7f;
	n.classes.mask |= plan_classes_least().mask;
	p->night[p->nights++] = n;
	return NULL;
}

static const char *ceilings(struct draft *d, enum ceiling_scope scope, struct span v)
{
	const char *why = NULL;

	return ceiling_override(&plan_of(d)->ceiling[scope], v, &why) ? NULL : why;
}

#define SET_CEILING(name, SCOPE)                                              \
	static const char *set_ceiling_##name(struct draft *d, struct span v) \
	{                                                                     \
		return ceilings(d, SCOPE, v);                                 \
	}

SET_CEILING(extension, CEILING_EXTENSION)
SET_CEILING(device, CEILING_DEVICE)
SET_CEILING(trunk, CEILING_TRUNK)
SET_CEILING(site, CEILING_SITE)

const struct draft_key draft_plan_keys[] = {
    {NULL, "classes", true, false, set_classes},
    {"numbers", "country", false, false, set_country},
    {"numbers", "area", false, false, set_area},
    {"numbers", "outside-prefix", false, false, set_outside_prefix},
    {"numbers", "currency", false, false, set_currency},
    {"prefix", "class", false, false, set_prefix_class},
    {"prefix", "rate", false, false, set_prefix_rate},
    {"prefix", "setup", false, false, set_prefix_setup},
    {"country", "rate", false, false, set_country_rate},
    {"rates", "toll-free", false, false, set_rate_toll_free},
    {"rates", "local", false, false, set_rate_local},
    {"rates", "national", false, false, set_rate_national},
    {"rates", "mobile", false, false, set_rate_mobile},
    {"rates", "shared", false, false, set_rate_shared},
    {"rates", "international", false, false, set_rate_international},
    {"rates", "premium", false, false, set_rate_premium},
    {"rates", "satellite", false, false, set_rate_satellite},
    {"rates", "setup", false, false, set_rate_setup},
    {"rates", "billing", false, false, set_billing},
    {"night", "from", false, false, set_from},
    {"night", "to", false, false, set_to},
    {"night", "days", false, false, set_days},
    {"night", "classes", true, false, set_night_classes},
    {"ceilings", "extension", false, false, set_ceiling_extension},
    {"ceilings", "device", false, false, set_ceiling_device},
    {"ceilings", "trunk", false, false, set_ceiling_trunk},
    {"ceilings", "site", false, false, set_ceiling_site},
    {NULL, NULL, false, false, NULL},
};

static void add_emergency(struct plan *p, const char *number)
{
	for (uint8_t i = 0; i < p->emergencies; i++)
		if (strcmp(p->emergency[i], number) == 0)
			return;
	if (p->emergencies < PLAN_EMERGENCY_MAX)
		span_cstr(span_str(number), p->emergency[p->emergencies++], PLAN_EMERGENCY_NUMBER_MAX);
}

/* A country's own numbers for help count whatever the configuration names. Its test centre has the number that it has there. */
static void add_emergencies(struct draft *d, struct plan *p, const struct country *c)
{
	static const char test[] = "933"; /* of the North American plan */

	add_emergency(p, c->general);
	for (size_t i = 0; i < sizeof c->emergency / sizeof *c->emergency && c->emergency[i]; i++)
		add_emergency(p, c->emergency[i]);
	if (!d->test_given && strcmp(c->code, "1") == 0)
		memcpy(p->emergency_test, test, sizeof test);
}

const char *draft_end_plan(struct draft *d)
{
	struct plan *p = plan_of(d);
	const struct country *c = country_of_site(p);

	if (p->area[0] && !c)
		return "numbers.area needs numbers.country";
	for (int i = 0; i < d->out->site.trunks && !c; i++)
		if (d->out->site.trunk[i].spelling >= SPELLED_INTERNATIONAL)
			return "a trunk's spelling needs numbers.country";
	if (c)
		add_emergencies(d, p, c);
	return NULL;
}
