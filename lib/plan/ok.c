/* SPDX-License-Identifier: ISC */
/* Is a plan one that conf could have made? Every process asks before it believes what it is sent. */
#include "plan/country.h"
#include "plan/plan.h"

static bool text_of(const char *s, size_t cap, const char *legal)
{
	size_t n = strnlen(s, cap);

	return n < cap && strspn(s, legal) == n;
}

#define TEXT(array, legal) text_of(array, sizeof(array), legal)
#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyz"

static bool classes_ok(const struct plan_classes *c)
{
	if (c->mask >> NUMBER_CLASSES || c->mask & 1 << NUMBER_UNKNOWN || c->countries > PLAN_COUNTRIES_MAX ||
	    c->at_night > 1)
		return false;
	for (uint8_t i = 0; i < c->countries; i++)
		if (!TEXT(c->country[i], LETTERS DIGITS) || !country_is(span_str(c->country[i])))
			return false;
	return true;
}

static bool rules_ok(const struct plan *p)
{
	if (p->rules > PLAN_RULES_MAX || p->country_rates > PLAN_COUNTRY_RATES_MAX)
		return false;
	for (uint8_t i = 0; i < p->rules; i++) {
		const struct plan_rule *r = &p->rule[i];
		const char *digits = r->prefix + (r->prefix[0] == '+');
		if (!TEXT(r->prefix, "+" DIGITS) || !digits[0] || strchr(digits, '+') ||
		    (r->class && r->class < NUMBER_TOLL_FREE) || r->class >= NUMBER_CLASSES || r->has_rate > 1 ||
		    r->has_setup > 1 || r->rate_e4 > PLAN_RATE_MAX_E4 || r->setup_e4 > PLAN_RATE_MAX_E4)
			return false;
	}
	for (uint8_t i = 0; i < p->country_rates; i++)
		if (!TEXT(p->country_rate[i].country, LETTERS DIGITS) ||
		    !country_is(span_str(p->country_rate[i].country)) || p->country_rate[i].rate_e4 > PLAN_RATE_MAX_E4)
			return false;
	for (int i = 0; i < NUMBER_CLASSES; i++)
		if (p->class_rate_e4[i] > PLAN_RATE_MAX_E4)
			return false;
	return p->setup_e4 <= PLAN_RATE_MAX_E4;
}

static bool nights_ok(const struct plan *p)
{
	if (p->nights > PLAN_NIGHTS_MAX)
		return false;
	for (uint8_t i = 0; i < p->nights; i++) {
		const struct plan_night *n = &p->night[i];
		if (n->from_min >= 24 * 60 || n->to_min > 24 * 60 || n->days == 0 || n->days >= 1 << 7 ||
		    !classes_ok(&n->classes))
			return false;
	}
	return true;
}

static bool emergency_ok(const struct plan *p)
{
	if (p->emergencies > PLAN_EMERGENCY_MAX || p->emergency_remote >= REMOTES || p->callback_min > 24 * 60 ||
	    p->billing_s == 0 || p->billing_s > PLAN_BILLING_MAX_S)
		return false;
	for (uint8_t i = 0; i < p->emergencies; i++)
		if (!p->emergency[i][0] || !TEXT(p->emergency[i], DIGITS "*#+"))
			return false;
	return TEXT(p->emergency_test, DIGITS);
}

static bool codes_ok(const struct plan *p)
{
	for (int i = 0; i < SERVICES; i++) {
		const char *c = p->code[i];
		if (!TEXT(p->code[i], DIGITS "*#") || (c[0] && c[0] != '*' && c[0] != '#'))
			return false;
		for (int other = 0; c[0] && other < i; other++)
			if (strcmp(c, p->code[other]) == 0)
				return false;
	}
	return true;
}

static bool callers_ok(const struct plan *p)
{
	if (p->allowed > PLAN_LIST_MAX || p->blocked > PLAN_LIST_MAX || p->unknown_caller >= INCOMING_POLICIES ||
	    p->anonymous_caller >= INCOMING_POLICIES || p->failed_caller >= INCOMING_POLICIES)
		return false;
	for (int i = 0; i < PLAN_LIST_MAX; i++)
		if (!TEXT(p->allow[i], "+" DIGITS) || !TEXT(p->block[i], "+" DIGITS) ||
		    (i < p->allowed && p->allow[i][0] != '+') || (i < p->blocked && p->block[i][0] != '+'))
			return false;
	return true;
}

bool plan_ok(const struct plan *p)
{
	return TEXT(p->country, LETTERS) && TEXT(p->area, DIGITS) && TEXT(p->outside, DIGITS) &&
	       TEXT(p->currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") && p->pin <= 1 &&
	       (!p->country[0] || country_of_site(p)) && classes_ok(&p->classes) && rules_ok(p) && nights_ok(p) &&
	       emergency_ok(p) && codes_ok(p) && callers_ok(p);
}
