/* SPDX-License-Identifier: ISC */
#include "plan/country.h"
#include "plan/plan.h"

const char *const number_class_name[NUMBER_CLASSES] = {
    [NUMBER_UNKNOWN] = "unknown",
    [NUMBER_INTERNAL] = "internal",
    [NUMBER_EMERGENCY] = "emergency",
    [NUMBER_SERVICE] = "service",
    [NUMBER_TOLL_FREE] = "toll-free",
    [NUMBER_LOCAL] = "local",
    [NUMBER_NATIONAL] = "national",
    [NUMBER_MOBILE] = "mobile",
    [NUMBER_SHARED] = "shared",
    [NUMBER_INTERNATIONAL] = "international",
    [NUMBER_PREMIUM] = "premium",
    [NUMBER_SATELLITE] = "satellite",
};

enum number_class number_class_named(struct span name)
{
	for (int i = 0; i < NUMBER_CLASSES; i++)
		if (span_eq(name, span_str(number_class_name[i])))
			return (enum number_class)i;
	return NUMBER_CLASSES;
}

struct plan_classes plan_classes_least(void)
{
	return (struct plan_classes){.mask = 1 << NUMBER_INTERNAL | 1 << NUMBER_EMERGENCY | 1 << NUMBER_SERVICE};
}

static bool has_country(const struct plan_classes *c, const char *country)
{
	for (uint8_t i = 0; i < c->countries; i++)
		if (strcmp(c->country[i], country) == 0)
			return true;
	return false;
}

const char *plan_classes_add(struct plan_classes *c, struct span word)
{
	enum number_class class = number_class_named(word);
	char country[4];

	if (span_eq(word, SPAN("night"))) {
		c->at_night = 1;
		return NULL;
	}
	if (class == NUMBER_UNKNOWN)
		return "unknown numbers are never called";
	if (class < NUMBER_CLASSES) {
		c->mask |= (uint16_t)(1u << class);
		return NULL;
	}
	if (!country_is(word))
		return "is no class of numbers and no country";
	span_cstr(word, country, sizeof country);
	if (has_country(c, country))
		return NULL;
	if (c->countries == PLAN_COUNTRIES_MAX)
		return "are more than 24 countries; say international";
	memcpy(c->country[c->countries++], country, sizeof country);
	return NULL;
}

static bool is_gap(uint8_t c)
{
	return c == ' ' || c == ',' || c == '\t';
}

bool plan_classes_parse(struct span text, struct plan_classes *out, const char **why)
{
	struct plan_classes c = plan_classes_least();
	const char *bad = NULL;

	for (size_t i = 0; i < text.n && !bad;) {
		size_t from = i;
		while (i < text.n && !is_gap(text.p[i]))
			i++;
		if (i > from)
			bad = plan_classes_add(&c, span_of(text.p + from, i - from));
		else
			i++;
	}
	if (bad)
		*why = bad;
	else
		*out = c;
	return !bad;
}

bool plan_classes_have(const struct plan_classes *c, const struct number *n)
{
	if (n->class == NUMBER_UNKNOWN || n->class >= NUMBER_CLASSES)
		return false;
	if (c->mask >> n->class & 1)
		return true;
	return n->class == NUMBER_INTERNATIONAL && has_country(c, n->country);
}
