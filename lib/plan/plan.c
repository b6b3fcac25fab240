/* SPDX-License-Identifier: ISC */
#include "plan/country.h"
#include "plan/plan.h"

enum { EUR = 10000, HUNDREDTH = 100, DAY_MINUTES = 24 * 60 };

/* In a code without argument nothing may follow. */
static const bool takes_argument[SERVICES] = {
    [SERVICE_FORWARD] = true,
    [SERVICE_FORWARD_BUSY] = true,
    [SERVICE_FORWARD_NO_ANSWER] = true,
    [SERVICE_FORWARD_ABSENT] = true,
    [SERVICE_LOGIN] = true,
    [SERVICE_PICKUP] = true,
    [SERVICE_RETRIEVE] = true,
};

/* Rates are high on purpose: a ceiling in money that nobody configured must hold with any provider. */
void plan_defaults(struct plan *p)
{
	*p = (struct plan){
	    .currency = "EUR",
	    .emergencies = 2,
	    .emergency = {"112", "911"},
	    .emergency_remote = REMOTE_DENY,
	    .pin = 1,
	    .unknown_caller = INCOMING_SLOW,
	    .anonymous_caller = INCOMING_SCREEN,
	    .failed_caller = INCOMING_SCREEN,
	    .billing_s = PLAN_BILLING_MAX_S,
	    .callback_min = 30,
	    .classes = plan_classes_least(),
	    .class_rate_e4 =
		{
		    [NUMBER_LOCAL] = 5 * HUNDREDTH,
		    [NUMBER_NATIONAL] = 10 * HUNDREDTH,
		    [NUMBER_MOBILE] = 30 * HUNDREDTH,
		    [NUMBER_SHARED] = 30 * HUNDREDTH,
		    [NUMBER_INTERNATIONAL] = 2 * EUR,
		    [NUMBER_PREMIUM] = 4 * EUR,
		    [NUMBER_SATELLITE] = 10 * EUR,
		},
	    .ceiling =
		{
		    [CEILING_EXTENSION] = {{10 * EUR, 240, 2, 20, 10, 2}},
		    [CEILING_DEVICE] = {{10 * EUR, 240, 2, 20, 10, 2}},
		    [CEILING_TRUNK] = {{100 * EUR, 2400, 30, 200, 100, 20}},
		    [CEILING_SITE] = {{200 * EUR, 4800, 60, 400, 200, 40}},
		},
	    .code =
		{
		    [SERVICE_FORWARD] = "*72",
		    [SERVICE_FORWARD_OFF] = "*73",
		    [SERVICE_FORWARD_BUSY] = "*90",
		    [SERVICE_FORWARD_BUSY_OFF] = "*91",
		    [SERVICE_FORWARD_NO_ANSWER] = "*92",
		    [SERVICE_FORWARD_NO_ANSWER_OFF] = "*93",
		    [SERVICE_FORWARD_ABSENT] = "*94",
		    [SERVICE_FORWARD_ABSENT_OFF] = "*95",
		    [SERVICE_DND] = "*78",
		    [SERVICE_DND_OFF] = "*79",
		    [SERVICE_PIN] = "*55",
		    [SERVICE_LOGIN] = "*11",
		    [SERVICE_LOGOUT] = "*12",
		    [SERVICE_PICKUP] = "*8",
		    [SERVICE_PARK] = "*68",
		    [SERVICE_RETRIEVE] = "*69",
		    [SERVICE_VOICEMAIL] = "*97",
		    [SERVICE_BLOCK_LAST] = "*60",
		    [SERVICE_UNBLOCK_LAST] = "*61",
		    [SERVICE_REJECT_ANONYMOUS] = "*77",
		    [SERVICE_REJECT_ANONYMOUS_OFF] = "*87",
		},
	};
}

/* A PIN behind the extension is asked for all the same: what was dialled stands in the phone's list of calls. */
static struct span argument_of(enum service service, struct span behind)
{
	if (service == SERVICE_LOGIN)
		return span_head(behind, span_find(behind, '#'));
	return behind.n && behind.p[behind.n - 1] == '#' ? span_head(behind, behind.n - 1) : behind;
}

enum service plan_service(const struct plan *p, struct span code, struct span *argument)
{
	enum service best = SERVICES;
	size_t best_n = 0;

	for (int i = 0; i < SERVICES; i++) {
		struct span c = span_str(p->code[i]);
		if (c.n <= best_n || !span_starts(code, c))
			continue;
		if (!takes_argument[i] && argument_of((enum service)i, span_skip(code, c.n)).n)
			continue;
		best = (enum service)i;
		best_n = c.n;
	}
	*argument = argument_of(best, span_skip(code, best_n));
	return best;
}

struct span plan_shown(const struct plan *p, struct span code)
{
	struct span argument;

	return plan_service(p, code, &argument) == SERVICE_LOGIN ? span_str(p->code[SERVICE_LOGIN]) : code;
}

static bool in_night(const struct plan_night *n, uint16_t week_min)
{
	uint16_t day = week_min / DAY_MINUTES, min = week_min % DAY_MINUTES;
	bool today = n->days >> day & 1, yesterday = n->days >> (day + 6) % 7 & 1;

	if (n->from_min < n->to_min)
		return today && min >= n->from_min && min < n->to_min;
	return (today && min >= n->from_min) || (yesterday && min < n->to_min);
}

static bool counts(const struct plan_night *n, enum plan_night_mode mode, uint16_t week_min)
{
	return mode == NIGHT_NOW || (mode == NIGHT_BY_HOURS && in_night(n, week_min % WEEK_MINUTES));
}

bool plan_is_night(const struct plan *p, enum plan_night_mode mode, uint16_t week_min)
{
	for (uint8_t i = 0; i < p->nights; i++)
		if (counts(&p->night[i], mode, week_min))
			return true;
	return mode == NIGHT_NOW;
}

bool plan_night_has(const struct plan *p, enum plan_night_mode mode, uint16_t week_min, const struct number *n)
{
	const struct plan_classes least = plan_classes_least();

	if (mode == NIGHT_NOW && p->nights == 0)
		return plan_classes_have(&least, n);
	for (uint8_t i = 0; i < p->nights; i++)
		if (counts(&p->night[i], mode, week_min) && !plan_classes_have(&p->night[i].classes, n))
			return false;
	return true;
}

enum price { PRICE_RATE, PRICE_SETUP };

/* The longest prefix of an outside number that names that price, NULL: none. */
static const struct plan_rule *priced(const struct plan *p, enum price which, struct span text)
{
	const struct plan_rule *best = NULL;
	size_t best_n = 0;

	for (uint8_t i = 0; i < p->rules; i++) {
		struct span prefix = span_str(p->rule[i].prefix);
		bool fits = prefix.n && prefix.p[0] == '+' ? span_starts(text, prefix) : span_eq(text, prefix);
		bool has = which == PRICE_RATE ? p->rule[i].has_rate : p->rule[i].has_setup;
		if (has && fits && prefix.n > best_n) {
			best = &p->rule[i];
			best_n = prefix.n;
		}
	}
	return best;
}

static uint32_t rate_of(const struct plan *p, const struct number *n)
{
	const struct plan_rule *r = priced(p, PRICE_RATE, span_str(n->text));

	if (r)
		return r->rate_e4;
	for (uint8_t i = 0; n->class == NUMBER_INTERNATIONAL && i < p->country_rates; i++)
		if (strcmp(p->country_rate[i].country, n->country) == 0)
			return p->country_rate[i].rate_e4;
	return p->class_rate_e4[n->class];
}

static uint32_t setup_of(const struct plan *p, const struct number *n)
{
	const struct plan_rule *r = priced(p, PRICE_SETUP, span_str(n->text));

	if (r)
		return r->setup_e4;
	return n->class == NUMBER_TOLL_FREE ? 0 : p->setup_e4;
}

struct plan_rate plan_rate_of(const struct plan *p, const struct number *n)
{
	if (!number_is_outside(n))
		return (struct plan_rate){0};
	return (struct plan_rate){rate_of(p, n), setup_of(p, n), p->billing_s};
}
