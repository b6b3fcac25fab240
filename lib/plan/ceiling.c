/* SPDX-License-Identifier: ISC */
#include "plan/ceiling.h"

#define STEP_MS UINT64_C(1000)

enum { MINUTE_MS = 60000, HOUR_S = 3600, DAY_H = 24, DAY_S = DAY_H * HOUR_S };

enum {
	OF_THE_DAY = 1 << CEILING_MONEY | 1 << CEILING_MINUTES | 1 << CEILING_DESTINATIONS,
	OF_THE_HOUR = 1 << CEILING_HOURLY
};

enum ceiling_novelty ceiling_novelty_of(const struct number *n, bool dialled_before)
{
	if (dialled_before)
		return CEILING_KNOWN;
	return n->class == NUMBER_INTERNATIONAL || n->class == NUMBER_PREMIUM || n->class == NUMBER_SATELLITE
	           ? CEILING_NEW_ABROAD
	           : CEILING_NEW;
}

static uint64_t plus(uint64_t a, uint64_t b)
{
	uint64_t sum;
	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static uint64_t times(uint64_t a, uint64_t b)
{
	uint64_t product;
	return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

/* Two hours of the clock, so that nobody has two limits within a minute because one of them ended. */
static void roll_abroad(struct ceiling_count *n, uint32_t hours)
{
	const uint8_t had = n->abroad_before;

	n->abroad_before = hours == 1 ? n->abroad : 0;
	n->abroad = 0;
	if (had || !n->abroad_before) {
		n->told_half &= (uint8_t) ~(1u << CEILING_ABROAD);
		n->told_full &= (uint8_t) ~(1u << CEILING_ABROAD);
	}
}

static void begin_day(struct ceiling_count *n, uint32_t day)
{
	n->day = day;
	n->money_e4_ms = n->ms = 0;
	n->destinations = 0;
	n->told_half &= (uint8_t)~OF_THE_DAY;
	n->told_full &= (uint8_t)~OF_THE_DAY;
}

/* hours: since the one that it was. */
static void begin_hour(struct ceiling_count *n, uint32_t hour, uint32_t hours)
{
	roll_abroad(n, hours);
	n->hour = hour;
	n->hourly = 0;
	n->told_half &= (uint8_t)~OF_THE_HOUR;
	n->told_full &= (uint8_t)~OF_THE_HOUR;
}

/* A new day and a new hour begin with nothing used; an old one never comes back. */
static void advance(struct ceiling_count *n, uint32_t day, uint32_t hour)
{
	if (day > n->day)
		begin_day(n, day);
	if (hour > n->hour)
		begin_hour(n, hour, hour - n->hour);
}

static bool is_ahead(const struct ceiling_count *n, const struct ceiling_when *w)
{
	return n->day > (uint64_t)w->day + 1 || n->hour > (uint64_t)w->hour + DAY_H;
}

/* One that is not ahead any more has lost nothing by the wait, nor gained. */
static void wait_for_clock(struct ceiling_count *n, const struct ceiling_when *w)
{
	uint64_t now_s = w->now_ms / 1000;

	if (!is_ahead(n, w)) {
		n->ahead_s = 0;
		return;
	}
	if (!n->ahead_s || n->ahead_s > now_s)
		n->ahead_s = now_s < UINT32_MAX ? (uint32_t)now_s : UINT32_MAX;
	uint64_t waited_s = now_s - n->ahead_s;
	if (n->hour > w->hour && waited_s >= HOUR_S)
		begin_hour(n, w->hour, 1);
	if (n->day > w->day && waited_s >= DAY_S)
		begin_day(n, w->day);
}

static void roll(struct ceiling_count *n, const struct ceiling_when *w)
{
	wait_for_clock(n, w);
	advance(n, w->day, w->hour);
}

bool ceiling_ahead(struct ceiling_count *n, const struct ceiling_when *w)
{
	roll(n, w);
	return is_ahead(n, w);
}

void ceiling_confirm(struct ceiling_count *n, const struct ceiling_when *w)
{
	n->day = n->day < w->day ? n->day : w->day;
	n->hour = n->hour < w->hour ? n->hour : w->hour;
	n->ahead_s = 0;
}

/* In the unit in which it is counted, and the limit in the same. */
static uint64_t used(const struct ceiling_count *n, enum ceiling_kind kind)
{
	const uint64_t all[CEILING_KINDS] = {
	    n->money_e4_ms, n->ms, n->calls, n->hourly, n->destinations, (uint64_t)n->abroad + n->abroad_before};
	return all[kind];
}

static uint64_t most(const struct ceiling_limit *limit, enum ceiling_kind kind)
{
	bool of_time = kind == CEILING_MONEY || kind == CEILING_MINUTES;
	return (uint64_t)limit->most[kind] * (of_time ? MINUTE_MS : 1);
}

static uint64_t greater(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

void ceiling_merge(struct ceiling_count *n, const struct ceiling_count *other)
{
	struct ceiling_count o = *other;

	advance(n, o.day, o.hour);
	advance(&o, n->day, n->hour);
	n->money_e4_ms = greater(n->money_e4_ms, o.money_e4_ms);
	n->ms = greater(n->ms, o.ms);
	n->destinations = (uint32_t)greater(n->destinations, o.destinations);
	n->hourly = (uint32_t)greater(n->hourly, o.hourly);
	n->abroad = (uint8_t)greater(n->abroad, o.abroad);
	n->abroad_before = (uint8_t)greater(n->abroad_before, o.abroad_before);
	n->told_half |= o.told_half;
	n->told_full |= o.told_full;
}

uint32_t ceiling_used(struct ceiling_count *n, enum ceiling_kind kind, const struct ceiling_when *w)
{
	bool of_time = kind == CEILING_MONEY || kind == CEILING_MINUTES;

	roll(n, w);
	uint64_t u = used(n, kind) / (of_time ? MINUTE_MS : 1) + (of_time && used(n, kind) % MINUTE_MS != 0);
	return u > UINT32_MAX ? UINT32_MAX : (uint32_t)u;
}

/* What one more call would take of each kind, those that run on for as long as it included. */
static uint64_t wants(
    const struct ceiling_count *n, enum ceiling_kind kind, struct plan_rate rate, enum ceiling_novelty novelty)
{
	bool new_number = novelty == CEILING_NEW || novelty == CEILING_NEW_ABROAD;
	uint64_t least_ms = greater(CEILING_LEAST_MS, rate.step_s * STEP_MS);
	uint64_t cost = plus(times(rate.setup_e4, MINUTE_MS), times(rate.rate_e4, least_ms));

	if (kind == CEILING_MONEY)
		return cost ? plus(cost, times(n->rate_e4, CEILING_LEAST_MS)) : 0;
	if (kind == CEILING_MINUTES)
		return times(plus(n->running, 1), CEILING_LEAST_MS);
	if (kind == CEILING_DESTINATIONS)
		return new_number;
	return kind != CEILING_ABROAD || novelty == CEILING_NEW_ABROAD ? 1 : 0;
}

struct ceiling_state ceiling_may(
    struct ceiling_accounts *a, const struct ceiling_when *w, struct plan_rate rate, enum ceiling_novelty novelty)
{
	struct ceiling_state s = {0};

	for (int scope = 0; scope < CEILING_SCOPES; scope++) {
		struct ceiling_count *n = a->count[scope];
		if (!n)
			continue;
		roll(n, w);
		for (int i = 0; i < CEILING_KINDS; i++) {
			enum ceiling_kind kind = (enum ceiling_kind)i;
			uint64_t want = wants(n, kind, rate, novelty), limit = most(&a->limit[scope], kind);
			if (novelty == CEILING_AGAIN && scope != CEILING_TRUNK &&
			    (kind == CEILING_CALLS || kind == CEILING_HOURLY))
				want = 0;
			if (want && !s.full && plus(used(n, kind), want) > limit)
				s = (struct ceiling_state){.full = 1, .kind = (uint8_t)kind, .scope = (uint8_t)scope};
		}
	}
	return s;
}

static void tell(struct ceiling_accounts *a, struct ceiling_news *news)
{
	for (int scope = 0; scope < CEILING_SCOPES; scope++) {
		struct ceiling_count *n = a->count[scope];
		for (int i = 0; n && i < CEILING_KINDS; i++) {
			uint8_t bit = (uint8_t)(1u << i);
			uint64_t u = used(n, (enum ceiling_kind)i),
				 limit = most(&a->limit[scope], (enum ceiling_kind)i);
			if (i == CEILING_CALLS)
				continue;
			/* a limit that was raised is reached anew */
			if (u < limit)
				n->told_full &= (uint8_t)~bit;
			if (u == 0 || times(u, 2) < limit) {
				n->told_half &= (uint8_t)~bit;
				continue;
			}
			if (u >= limit && !(n->told_full & bit)) {
				news->full[scope] |= bit;
				n->told_full |= bit;
			} else if (u < limit && !(n->told_half & bit)) {
				news->half[scope] |= bit;
			}
			n->told_half |= bit;
		}
	}
}

/* Time that has passed since the last charge; none after a reboot, when the clock begins anew. */
static uint64_t unpaid_ms(const struct ceiling_call *c, const struct ceiling_when *w)
{
	return c->charged_ms && w->now_ms > c->charged_ms ? w->now_ms - c->charged_ms : 0;
}

/* What more of its time is to be paid when so much has passed since: whole steps, the one that has begun included. */
static uint64_t owed_ms(const struct ceiling_call *c, uint64_t ms)
{
	const uint64_t step_ms = c->step_s * STEP_MS, beyond_ms = ms > c->ahead_ms ? ms - c->ahead_ms : 0;

	return step_ms ? (beyond_ms / step_ms + (beyond_ms % step_ms != 0)) * step_ms : beyond_ms;
}

static void pay(const struct ceiling_call *c, struct ceiling_accounts *a, uint64_t ms)
{
	for (int scope = 0; scope < CEILING_SCOPES; scope++)
		if (a->count[scope])
			a->count[scope]->money_e4_ms = plus(a->count[scope]->money_e4_ms, times(c->rate_e4, ms));
}

static void charge(struct ceiling_call *c, struct ceiling_accounts *a, const struct ceiling_when *w)
{
	uint64_t ms = unpaid_ms(c, w), owed = owed_ms(c, ms);

	for (int scope = 0; scope < CEILING_SCOPES; scope++) {
		struct ceiling_count *n = a->count[scope];
		if (!n)
			continue;
		roll(n, w);
		n->ms = plus(n->ms, ms);
	}
	pay(c, a, owed);
	c->ahead_ms = (uint32_t)(c->ahead_ms + owed - ms);
	if (c->charged_ms)
		c->charged_ms = w->now_ms;
}

void ceiling_begin(struct ceiling_call *c, struct ceiling_accounts *a, const struct ceiling_when *w,
    struct plan_rate rate, enum ceiling_novelty novelty, struct ceiling_news *news)
{
	if (c->begun)
		return;
	*c = (struct ceiling_call){
	    .rate_e4 = rate.rate_e4, .setup_e4 = rate.setup_e4, .begun = 1, .step_s = (uint8_t)rate.step_s};
	for (int scope = 0; scope < CEILING_SCOPES; scope++) {
		struct ceiling_count *n = a->count[scope];
		if (!n)
			continue;
		roll(n, w);
		n->calls++;
		n->hourly += novelty != CEILING_AGAIN || scope == CEILING_TRUNK;
		n->destinations += novelty == CEILING_NEW || novelty == CEILING_NEW_ABROAD;
		if (novelty == CEILING_NEW_ABROAD && n->abroad < CEILING_ABROAD_MAX)
			n->abroad++;
	}
	tell(a, news);
}

static void run(const struct ceiling_call *c, struct ceiling_accounts *a)
{
	for (int scope = 0; scope < CEILING_SCOPES; scope++) {
		struct ceiling_count *n = a->count[scope];
		if (!n)
			continue;
		n->running++;
		n->rate_e4 += c->rate_e4;
	}
}

void ceiling_answer(
    struct ceiling_call *c, struct ceiling_accounts *a, const struct ceiling_when *w, struct ceiling_news *news)
{
	if (!c->begun || c->charged_ms)
		return;
	c->charged_ms = w->now_ms;
	charge(c, a, w);
	for (int scope = 0; scope < CEILING_SCOPES; scope++)
		if (a->count[scope])
			a->count[scope]->money_e4_ms =
			    plus(a->count[scope]->money_e4_ms, times(c->setup_e4, MINUTE_MS));
	c->ahead_ms = (uint32_t)(c->step_s * STEP_MS);
	pay(c, a, c->ahead_ms);
	run(c, a);
	tell(a, news);
}

void ceiling_tick(
    struct ceiling_call *c, struct ceiling_accounts *a, const struct ceiling_when *w, struct ceiling_news *news)
{
	if (!c->charged_ms)
		return;
	charge(c, a, w);
	tell(a, news);
}

void ceiling_end(
    struct ceiling_call *c, struct ceiling_accounts *a, const struct ceiling_when *w, struct ceiling_news *news)
{
	if (!c->begun)
		return;
	charge(c, a, w);
	for (int scope = 0; scope < CEILING_SCOPES; scope++) {
		struct ceiling_count *n = a->count[scope];
		if (!n)
			continue;
		n->calls -= n->calls > 0;
		if (!c->charged_ms)
			continue;
		n->running -= n->running > 0;
		n->rate_e4 -= n->rate_e4 < c->rate_e4 ? n->rate_e4 : c->rate_e4;
	}
	*c = (struct ceiling_call){0};
	tell(a, news);
}

void ceiling_forget(struct ceiling_count *n)
{
	*n = (struct ceiling_count){.calls = n->calls, .running = n->running, .rate_e4 = n->rate_e4};
}

static uint64_t left(uint64_t limit, uint64_t spent, uint64_t share)
{
	if (spent >= limit)
		return 0;
	return share ? (limit - spent) / share : UINT64_MAX;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* How long the money lasts: what is paid ahead, and such steps as can be paid. */
static uint64_t money_left_ms(
    const struct ceiling_call *c, const struct ceiling_count *n, const struct ceiling_limit *l, uint64_t unpaid)
{
	const uint64_t step_ms = c->step_s * STEP_MS, owed = owed_ms(c, unpaid);
	uint64_t ms = left(most(l, CEILING_MONEY), plus(n->money_e4_ms, times(c->rate_e4, owed)),
	    n->rate_e4 > c->rate_e4 ? n->rate_e4 : c->rate_e4);

	if (!step_ms)
		return ms;
	ms = plus(ms - ms % step_ms, c->ahead_ms + owed - unpaid);
	return ms > CEILING_EARLY_MS ? ms - CEILING_EARLY_MS : 0;
}

uint64_t ceiling_left_ms(const struct ceiling_call *c, struct ceiling_accounts *a, const struct ceiling_when *w)
{
	uint64_t ms = UINT64_MAX, unpaid = unpaid_ms(c, w);

	for (int scope = 0; c->charged_ms && scope < CEILING_SCOPES; scope++) {
		struct ceiling_count *n = a->count[scope];
		const struct ceiling_limit *l = &a->limit[scope];
		if (!n)
			continue;
		roll(n, w);
		if (c->rate_e4)
			ms = least(ms, money_left_ms(c, n, l, unpaid));
		ms = least(ms, left(most(l, CEILING_MINUTES), plus(n->ms, unpaid), n->running ? n->running : 1));
	}
	return ms;
}

void ceiling_forget_running(struct ceiling_count *n)
{
	n->calls = n->running = 0;
	n->rate_e4 = 0;
}

void ceiling_adopt(struct ceiling_call *c, struct ceiling_accounts *a)
{
	if (!c->begun)
		return;
	for (int scope = 0; scope < CEILING_SCOPES; scope++)
		if (a->count[scope])
			a->count[scope]->calls++;
	if (c->charged_ms)
		run(c, a);
}
