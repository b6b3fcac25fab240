/* SPDX-License-Identifier: ISC */
/* R17, T43: what is counted, when it begins anew, when a call is cut, and how little a thief gets. */
#include "plan/ceiling.h"
#include "plan/permit.h"
#include "test.h"
#include <stdlib.h>

enum { EUR = 10000, CENT = 100 };

static struct plan p;
static struct ceiling_count count[CEILING_SCOPES];
static struct ceiling_accounts a;
static struct ceiling_when w;
static struct ceiling_news news;

static void begin_test(void)
{
	plan_defaults(&p);
	memset(count, 0, sizeof count);
	memset(&news, 0, sizeof news);
	w = (struct ceiling_when){.now_ms = 1000000, .day = 20418, .hour = 490040};
	for (int i = 0; i < CEILING_SCOPES; i++) {
		a.count[i] = &count[i];
		a.limit[i] = p.ceiling[i];
	}
}

static void later(uint64_t ms)
{
	w.now_ms += ms;
}

static const struct plan_rate cheap = {6 * CENT, 0}, mobile = {30 * CENT, 10 * CENT}, none = {0, 0};

static void a_call_is_charged_by_the_millisecond(void)
{
	struct ceiling_call c = {0};

	begin_test();
	CHECK(!ceiling_may(&a, &w, mobile, true).full);
	ceiling_begin(&c, &a, &w, mobile, true, &news);
	later(20000); /* ringing costs nothing */
	ceiling_tick(&c, &a, &w, &news);
	CHECK(count[0].calls == 1 && count[0].hourly == 1 && count[0].destinations == 1 && count[0].money_e4_ms == 0);
	ceiling_answer(&c, &a, &w, &news);
	ceiling_answer(&c, &a, &w, &news);
	CHECK(ceiling_used(&count[0], CEILING_MONEY, &w) == 10 * CENT && count[0].running == 1 && count[0].rate_e4 == 30 * CENT);
	for (int i = 0; i < 90; i++) {
		later(1000);
		ceiling_tick(&c, &a, &w, &news);
	}
	later(1);
	ceiling_end(&c, &a, &w, &news);
	ceiling_end(&c, &a, &w, &news);
	for (int i = 0; i < CEILING_SCOPES; i++) {
		CHECK(count[i].money_e4_ms == UINT64_C(10) * CENT * 60000 + UINT64_C(30) * CENT * 90001 && count[i].ms == 90001);
		CHECK(count[i].calls == 0 && count[i].running == 0 && count[i].rate_e4 == 0);
	}
	CHECK(ceiling_used(&count[0], CEILING_MONEY, &w) == 10 * CENT + 45 * CENT + 1);
	CHECK(ceiling_used(&count[0], CEILING_MINUTES, &w) == 2);
}

static void a_call_that_nobody_answers_costs_nothing(void)
{
	struct ceiling_call c = {0};

	begin_test();
	ceiling_begin(&c, &a, &w, mobile, false, &news);
	later(60000);
	CHECK(ceiling_left_ms(&c, &a, &w) == UINT64_MAX);
	ceiling_end(&c, &a, &w, &news);
	CHECK(count[0].money_e4_ms == 0 && count[0].ms == 0 && count[0].hourly == 1 && count[0].destinations == 0);
}

/* Who raised a limit hears of it again. */
static void a_raised_limit_is_told_anew(void)
{
	struct ceiling_call c = {0};

	begin_test();
	a.limit[CEILING_EXTENSION].most[CEILING_HOURLY] = 2;
	for (int i = 0; i < 3; i++) {
		ceiling_begin(&c, &a, &w, none, CEILING_KNOWN, &news);
		ceiling_end(&c, &a, &w, &news);
	}
	CHECK(news.half[CEILING_EXTENSION] == 1 << CEILING_HOURLY && news.full[CEILING_EXTENSION] == 1 << CEILING_HOURLY);
	news = (struct ceiling_news){0};
	a.limit[CEILING_EXTENSION].most[CEILING_HOURLY] = 8;
	ceiling_begin(&c, &a, &w, none, CEILING_KNOWN, &news);
	ceiling_end(&c, &a, &w, &news);
	CHECK(count[0].hourly == 4 && !news.full[CEILING_EXTENSION]);
	for (int i = 0; i < 4; i++) {
		ceiling_begin(&c, &a, &w, none, CEILING_KNOWN, &news);
		ceiling_end(&c, &a, &w, &news);
	}
	CHECK(news.full[CEILING_EXTENSION] == 1 << CEILING_HOURLY);
}

static void the_money_cuts_a_call(void)
{
	struct ceiling_call c = {0};

	begin_test(); /* 10.00 at 0.30 and 0.10 to begin: 33 minutes */
	ceiling_begin(&c, &a, &w, mobile, false, &news);
	ceiling_answer(&c, &a, &w, &news);
	CHECK(ceiling_left_ms(&c, &a, &w) == 33 * 60000);
	later(60000);
	CHECK(ceiling_left_ms(&c, &a, &w) == 32 * 60000); /* also before the tick */
	ceiling_tick(&c, &a, &w, &news);
	CHECK(ceiling_left_ms(&c, &a, &w) == 32 * 60000 && !news.half[CEILING_EXTENSION]);
	later(16 * 60000);
	ceiling_tick(&c, &a, &w, &news);
	CHECK(news.half[CEILING_EXTENSION] == 1 << CEILING_MONEY && news.half[CEILING_DEVICE] == 1 << CEILING_MONEY);
	CHECK(!news.half[CEILING_TRUNK] && !news.full[CEILING_EXTENSION]);
	news = (struct ceiling_news){0};
	later(16 * 60000 - 1);
	ceiling_tick(&c, &a, &w, &news);
	CHECK(ceiling_left_ms(&c, &a, &w) == 1 && !news.half[0] && !news.full[0]);
	later(1);
	ceiling_tick(&c, &a, &w, &news);
	CHECK(ceiling_left_ms(&c, &a, &w) == 0 && news.full[CEILING_EXTENSION] == 1 << CEILING_MONEY);
	ceiling_end(&c, &a, &w, &news);
	struct ceiling_state s = ceiling_may(&a, &w, cheap, false);
	CHECK(s.full && s.kind == CEILING_MONEY && s.scope == CEILING_EXTENSION);
	CHECK(!ceiling_may(&a, &w, none, false).full); /* what is free may still be called */
}

static const struct plan_rate by_minutes = {30 * CENT, 10 * CENT, 60}, by_six = {6 * CENT, 0, 6};

/* As providers bill: what was begun of a step is owed in full (R17). */
static void a_step_that_began_is_paid(void)
{
	struct ceiling_call c = {0};

	begin_test();
	ceiling_begin(&c, &a, &w, by_minutes, true, &news);
	later(20000);
	ceiling_tick(&c, &a, &w, &news);
	CHECK(count[0].money_e4_ms == 0);
	ceiling_answer(&c, &a, &w, &news);
	CHECK(ceiling_used(&count[0], CEILING_MONEY, &w) == 40 * CENT);
	later(1000);
	ceiling_end(&c, &a, &w, &news);
	ceiling_end(&c, &a, &w, &news);
	CHECK(ceiling_used(&count[0], CEILING_MONEY, &w) == 40 * CENT && count[0].ms == 1000);
	ceiling_begin(&c, &a, &w, by_minutes, false, &news);
	ceiling_answer(&c, &a, &w, &news);
	for (int i = 0; i < 60; i++) {
		later(1000);
		ceiling_tick(&c, &a, &w, &news);
	}
	CHECK(ceiling_used(&count[0], CEILING_MONEY, &w) == 80 * CENT);
	later(1);
	ceiling_tick(&c, &a, &w, &news);
	CHECK(ceiling_used(&count[0], CEILING_MONEY, &w) == 110 * CENT);
	later(125000); /* 185 s in all */
	ceiling_end(&c, &a, &w, &news);
	CHECK(ceiling_used(&count[0], CEILING_MONEY, &w) == 170 * CENT && count[0].ms == 186001);
	begin_test();
	ceiling_begin(&c, &a, &w, by_six, true, &news);
	ceiling_answer(&c, &a, &w, &news);
	later(13000);
	ceiling_end(&c, &a, &w, &news);
	CHECK(count[0].money_e4_ms == UINT64_C(6) * CENT * 18000);
}

static void a_step_that_nobody_can_pay_does_not_begin(void)
{
	struct ceiling_call c = {0}, other = {0};

	begin_test();
	a.limit[0].most[CEILING_MONEY] = 100 * CENT;
	CHECK(!ceiling_may(&a, &w, by_minutes, true).full);
	ceiling_begin(&c, &a, &w, by_minutes, true, &news);
	ceiling_answer(&c, &a, &w, &news);
	CHECK(ceiling_left_ms(&c, &a, &w) == 3 * 60000 - CEILING_EARLY_MS);
	later(30000);
	CHECK(ceiling_left_ms(&c, &a, &w) == 150000 - CEILING_EARLY_MS); /* also before the tick */
	ceiling_tick(&c, &a, &w, &news);
	CHECK(ceiling_left_ms(&c, &a, &w) == 150000 - CEILING_EARLY_MS);
	later(60000);
	CHECK(ceiling_left_ms(&c, &a, &w) == 90000 - CEILING_EARLY_MS);
	ceiling_tick(&c, &a, &w, &news);
	CHECK(ceiling_left_ms(&c, &a, &w) == 90000 - CEILING_EARLY_MS);
	later(90000 - CEILING_EARLY_MS);
	CHECK(ceiling_left_ms(&c, &a, &w) == 0);
	later(CEILING_EARLY_MS / 2); /* nor does who is late with the question hear of more */
	CHECK(ceiling_left_ms(&c, &a, &w) == 0);
	ceiling_end(&c, &a, &w, &news);
	CHECK(ceiling_used(&count[0], CEILING_MONEY, &w) == 100 * CENT);
	/* another has taken what was left: what is paid is still talked */
	begin_test();
	a.limit[0].most[CEILING_MONEY] = 80 * CENT;
	ceiling_begin(&c, &a, &w, by_minutes, true, &news);
	ceiling_answer(&c, &a, &w, &news);
	ceiling_begin(&other, &a, &w, by_minutes, true, &news);
	ceiling_answer(&other, &a, &w, &news);
	CHECK(ceiling_left_ms(&c, &a, &w) == 60000 - CEILING_EARLY_MS && ceiling_may(&a, &w, by_minutes, true).full);
}

static void calls_share_what_is_left(void)
{
	struct ceiling_call c[2] = {0};

	begin_test();
	for (int i = 0; i < 2; i++) {
		ceiling_begin(&c[i], &a, &w, cheap, false, &news);
		ceiling_answer(&c[i], &a, &w, &news);
	}
	/* 10.00 at twice 0.06: 83 minutes and 20 s each, not 166 */
	CHECK(ceiling_left_ms(&c[0], &a, &w) == 5000000 && ceiling_left_ms(&c[1], &a, &w) == 5000000);
	ceiling_end(&c[0], &a, &w, &news);
	CHECK(ceiling_left_ms(&c[1], &a, &w) == 10000000);
}

/* R17: who runs and who rings is told apart, whoever ends first. */
static void only_what_runs_has_a_share(void)
{
	struct ceiling_call c[4] = {0};

	begin_test();
	for (int i = 0; i < 4; i++) {
		ceiling_begin(&c[i], &a, &w, cheap, false, &news);
		if (i < 3)
			ceiling_answer(&c[i], &a, &w, &news);
	}
	ceiling_begin(&c[0], &a, &w, cheap, false, &news); /* it did already */
	CHECK(count[0].calls == 4 && count[0].hourly == 4 && count[0].running == 3 && count[0].rate_e4 == 18 * CENT);
	ceiling_end(&c[3], &a, &w, &news); /* nobody answered it */
	CHECK(count[0].calls == 3 && count[0].running == 3 && count[0].rate_e4 == 18 * CENT);
	CHECK(ceiling_left_ms(&c[0], &a, &w) == UINT64_C(10) * EUR * 60000 / (18 * CENT));
	ceiling_end(&c[2], &a, &w, &news);
	CHECK(count[0].calls == 2 && count[0].running == 2 && count[0].rate_e4 == 12 * CENT);
	ceiling_end(&c[2], &a, &w, &news);
	CHECK(count[0].calls == 2 && count[0].running == 2 && count[0].rate_e4 == 12 * CENT);
	/* neither begins again with a process, which has forgotten what ran, but for what it takes over */
	ceiling_forget_running(&count[0]);
	c[2] = c[3] = (struct ceiling_call){0};
	for (int i = 0; i < 4; i++)
		ceiling_adopt(&c[i], &a);
	CHECK(count[0].calls == 2 && count[0].running == 2 && count[0].rate_e4 == 12 * CENT);
}

static void calls_share_the_minutes_that_are_left(void)
{
	struct ceiling_call c[2] = {0};

	begin_test();
	for (int i = 0; i < 2; i++) {
		ceiling_begin(&c[i], &a, &w, none, false, &news);
		ceiling_answer(&c[i], &a, &w, &news);
	}
	CHECK(ceiling_left_ms(&c[0], &a, &w) == 120 * 60000 && ceiling_left_ms(&c[1], &a, &w) == 120 * 60000);
	/* and the money that others used cuts none that costs nothing */
	count[0].money_e4_ms = UINT64_MAX;
	CHECK(ceiling_left_ms(&c[0], &a, &w) == 120 * 60000);
}

/* After a reboot the clock begins anew: what was charged up to a time that is still to come costs nothing until then. */
static void no_time_is_charged_backwards(void)
{
	struct ceiling_call c = {0};

	begin_test();
	ceiling_begin(&c, &a, &w, cheap, false, &news);
	ceiling_answer(&c, &a, &w, &news);
	later(60000);
	ceiling_tick(&c, &a, &w, &news);
	const uint64_t money = count[0].money_e4_ms, left = ceiling_left_ms(&c, &a, &w);
	w.now_ms = 5000;
	CHECK(ceiling_left_ms(&c, &a, &w) == left);
	ceiling_tick(&c, &a, &w, &news);
	CHECK(count[0].money_e4_ms == money && count[0].ms == 60000);
	later(1000);
	ceiling_end(&c, &a, &w, &news);
	CHECK(count[0].ms == 61000);
}

static void the_minutes_cut_a_call_that_costs_nothing(void)
{
	struct ceiling_call c = {0};

	begin_test();
	ceiling_begin(&c, &a, &w, none, false, &news);
	ceiling_answer(&c, &a, &w, &news);
	CHECK(ceiling_left_ms(&c, &a, &w) == 240 * 60000);
	later(240 * 60000);
	ceiling_tick(&c, &a, &w, &news);
	CHECK(ceiling_left_ms(&c, &a, &w) == 0 && news.full[CEILING_EXTENSION] == 1 << CEILING_MINUTES);
	ceiling_end(&c, &a, &w, &news);
	CHECK(ceiling_may(&a, &w, none, false).kind == CEILING_MINUTES);
}

static void each_kind_is_full_at_its_limit(void)
{
	static const struct ceiling_limit limit = {{EUR, 10, 2, 3, 1}};

	begin_test();
	a.limit[CEILING_EXTENSION] = limit;
	struct ceiling_call c[4] = {0};
	ceiling_begin(&c[0], &a, &w, none, true, &news);
	CHECK(news.full[0] == 1 << CEILING_DESTINATIONS); /* and no half of the same */
	struct ceiling_state s = ceiling_may(&a, &w, none, true);
	CHECK(s.full && s.kind == CEILING_DESTINATIONS && s.scope == CEILING_EXTENSION);
	CHECK(!ceiling_may(&a, &w, none, false).full);
	ceiling_begin(&c[1], &a, &w, none, false, &news);
	CHECK(ceiling_may(&a, &w, none, false).kind == CEILING_CALLS);
	ceiling_end(&c[1], &a, &w, &news);
	ceiling_begin(&c[2], &a, &w, none, false, &news);
	ceiling_end(&c[2], &a, &w, &news);
	s = ceiling_may(&a, &w, none, false);
	CHECK(s.full && s.kind == CEILING_HOURLY && news.full[0] & 1 << CEILING_HOURLY);
	s = ceiling_may(&a, &w, (struct plan_rate){7 * EUR, 0}, false);
	CHECK(s.full && s.kind == CEILING_MONEY); /* cannot pay the first ten seconds */
	a.limit[CEILING_SITE].most[CEILING_CALLS] = 0;
	a.limit[CEILING_EXTENSION] = p.ceiling[CEILING_SITE];
	s = ceiling_may(&a, &w, none, false);
	CHECK(s.full && s.kind == CEILING_CALLS && s.scope == CEILING_SITE);
}

/* Over a second trunk it is the same call: only that trunk's hour counts it. */
static void the_next_trunk_takes_no_second_call(void)
{
	struct ceiling_count other = {0};
	struct ceiling_call c = {0};
	struct ceiling_state s;

	begin_test();
	for (int i = 0; i < CEILING_SCOPES; i++)
		a.limit[i] = (struct ceiling_limit){{EUR, 10, 1, 1, 1}};
	ceiling_begin(&c, &a, &w, none, CEILING_NEW, &news);
	CHECK(ceiling_may(&a, &w, none, CEILING_KNOWN).full);
	a.count[CEILING_TRUNK] = &other;
	CHECK(!ceiling_may(&a, &w, none, CEILING_AGAIN).full);
	a.count[CEILING_TRUNK] = &count[CEILING_TRUNK];
	ceiling_end(&c, &a, &w, &news);
	a.count[CEILING_TRUNK] = &other;
	ceiling_begin(&c, &a, &w, none, CEILING_AGAIN, &news);
	CHECK(count[CEILING_EXTENSION].hourly == 1 && count[CEILING_SITE].hourly == 1 && count[CEILING_EXTENSION].calls == 1);
	CHECK(count[CEILING_EXTENSION].destinations == 1 && other.hourly == 1 && other.destinations == 0);
	CHECK(ceiling_may(&a, &w, none, CEILING_AGAIN).scope == CEILING_TRUNK);
	/* what it costs and how long it lasts is asked of every trunk (R17) */
	other = (struct ceiling_count){0};
	s = ceiling_may(&a, &w, (struct plan_rate){7 * EUR, 0}, CEILING_AGAIN);
	CHECK(s.full && s.kind == CEILING_MONEY && s.scope == CEILING_EXTENSION);
	count[CEILING_EXTENSION].ms = 10 * 60000;
	s = ceiling_may(&a, &w, none, CEILING_AGAIN);
	CHECK(s.full && s.kind == CEILING_MINUTES && s.scope == CEILING_EXTENSION);
}

static void two_halves_of_an_account_are_one(void)
{
	struct ceiling_count kept = {.day = 20418, .hour = 490040, .hourly = 7, .destinations = 2, .abroad = 2, .money_e4_ms = 5},
			     n = {.day = 20418, .hour = 490040, .hourly = 1, .ms = 9, .calls = 1, .destinations = 3};

	ceiling_merge(&n, &kept);
	CHECK(n.hourly == 7 && n.destinations == 3 && n.abroad == 2 && n.money_e4_ms == 5 && n.ms == 9 && n.calls == 1);
	kept = (struct ceiling_count){.day = 20417, .hour = 490010, .hourly = 50, .destinations = 50};
	ceiling_merge(&n, &kept);
	CHECK(n.hourly == 7 && n.destinations == 3 && n.day == 20418);
	kept = (struct ceiling_count){.day = 20418, .hour = 490041, .hourly = 1, .destinations = 4, .abroad_before = 2};
	ceiling_merge(&n, &kept);
	CHECK(n.hourly == 1 && n.destinations == 4 && n.abroad == 0 && n.abroad_before == 2 && n.ms == 9);
	/* whichever of them has more; and nobody hears of it twice */
	kept = (struct ceiling_count){.day = 20418, .hour = 490041, .ms = 11, .abroad_before = 3, .told_half = 1, .told_full = 2};
	n.told_half = 4;
	ceiling_merge(&n, &kept);
	CHECK(n.ms == 11 && n.abroad_before == 3 && n.told_half == 5 && n.told_full == 2);
}

static void dials(enum ceiling_novelty novelty)
{
	struct ceiling_call c = {0};

	ceiling_begin(&c, &a, &w, none, novelty, &news);
	ceiling_end(&c, &a, &w, &news);
}

/* T43: two new numbers abroad in an hour and the one before, whatever the clock says when they begin; what else is dialled is free of it. */
static void new_numbers_abroad_are_few(void)
{
	begin_test();
	CHECK(p.ceiling[CEILING_EXTENSION].most[CEILING_ABROAD] == 2 && p.ceiling[CEILING_DEVICE].most[CEILING_ABROAD] == 2);
	dials(CEILING_NEW);
	dials(CEILING_KNOWN);
	CHECK(ceiling_used(&count[0], CEILING_ABROAD, &w) == 0 && count[0].destinations == 1);
	dials(CEILING_NEW_ABROAD);
	CHECK(!news.full[0] && news.half[0] == 1 << CEILING_ABROAD && count[0].destinations == 2);
	w.hour++;
	CHECK(!ceiling_may(&a, &w, none, CEILING_NEW_ABROAD).full);
	dials(CEILING_NEW_ABROAD);
	CHECK(news.full[CEILING_EXTENSION] == 1 << CEILING_ABROAD && news.full[CEILING_DEVICE] == 1 << CEILING_ABROAD);
	CHECK(!news.full[CEILING_SITE]);
	struct ceiling_state s = ceiling_may(&a, &w, none, CEILING_NEW_ABROAD);
	CHECK(s.full && s.kind == CEILING_ABROAD && s.scope == CEILING_EXTENSION);
	CHECK(!ceiling_may(&a, &w, none, CEILING_KNOWN).full && !ceiling_may(&a, &w, none, CEILING_NEW).full);
	w.hour--; /* a clock that is set back */
	CHECK(ceiling_may(&a, &w, none, CEILING_NEW_ABROAD).full);
	w.hour += 2; /* the first of them is long ago */
	news = (struct ceiling_news){0};
	CHECK(!ceiling_may(&a, &w, none, CEILING_NEW_ABROAD).full);
	dials(CEILING_NEW_ABROAD);
	CHECK(news.full[0] == 1 << CEILING_ABROAD); /* said anew */
	w.hour += 2;
	CHECK(ceiling_used(&count[0], CEILING_ABROAD, &w) == 0);
	a.limit[CEILING_EXTENSION].most[CEILING_ABROAD] = a.limit[CEILING_DEVICE].most[CEILING_ABROAD] = CEILING_ABROAD_MAX;
	a.limit[CEILING_TRUNK].most[CEILING_ABROAD] = a.limit[CEILING_SITE].most[CEILING_ABROAD] = CEILING_ABROAD_MAX;
	for (int i = 0; i < 300; i++)
		dials(CEILING_NEW_ABROAD);
	CHECK(count[0].abroad == CEILING_ABROAD_MAX); /* no count of it wraps, */
	CHECK(ceiling_may(&a, &w, none, CEILING_NEW_ABROAD).full); /* and no limit that may be set is above it */
	CHECK(ceiling_set(&a.limit[0], CEILING_ABROAD, SPAN("255")) && !ceiling_set(&a.limit[0], CEILING_ABROAD, SPAN("256")));
}

/* A number abroad is a new one all the same. */
static void a_number_abroad_is_a_destination(void)
{
	begin_test();
	for (int i = 0; i < CEILING_SCOPES; i++)
		a.limit[i] = (struct ceiling_limit){{EUR, 10, 50, 50, 2, 50}};
	dials(CEILING_NEW);
	CHECK(!ceiling_may(&a, &w, none, CEILING_NEW_ABROAD).full);
	dials(CEILING_NEW_ABROAD);
	CHECK(count[0].destinations == 2);
	CHECK(ceiling_may(&a, &w, none, CEILING_NEW_ABROAD).kind == CEILING_DESTINATIONS);
	CHECK(ceiling_may(&a, &w, none, CEILING_NEW).kind == CEILING_DESTINATIONS);
}

/* T43: the alarm is of each window, also where one call is enough for it. */
static void a_limit_of_one_is_told_each_time(void)
{
	begin_test();
	for (int i = 0; i < CEILING_SCOPES; i++)
		a.limit[i] = (struct ceiling_limit){{EUR, 10, 50, 1, 1, 1}};
	for (int day = 0; day < 3; day++) {
		news = (struct ceiling_news){0};
		dials(CEILING_NEW_ABROAD);
		CHECK(news.full[0] == (1 << CEILING_HOURLY | 1 << CEILING_DESTINATIONS | 1 << CEILING_ABROAD));
		w.hour++;
		news = (struct ceiling_news){0};
		dials(CEILING_KNOWN);
		CHECK(news.full[0] == 1 << CEILING_HOURLY);
		w.day++;
		w.hour += 23;
	}
}

static void what_is_abroad(void)
{
	for (int class = 0; class < NUMBER_CLASSES; class++) {
		struct number n = {.class = (uint8_t)class};
		bool abroad = class == NUMBER_INTERNATIONAL || class == NUMBER_PREMIUM || class == NUMBER_SATELLITE;
		CHECK(ceiling_novelty_of(&n, true) == CEILING_KNOWN);
		CHECK(ceiling_novelty_of(&n, false) == (abroad ? CEILING_NEW_ABROAD : CEILING_NEW));
	}
}

/* A new hour and day give new room; a clock that goes back gives none. */
static void windows_only_go_forward(void)
{
	struct ceiling_call c = {0};

	begin_test();
	ceiling_begin(&c, &a, &w, mobile, true, &news);
	ceiling_answer(&c, &a, &w, &news);
	later(33 * 60000);
	ceiling_end(&c, &a, &w, &news);
	CHECK(ceiling_may(&a, &w, mobile, false).full);
	w.hour++;
	CHECK(ceiling_used(&count[0], CEILING_HOURLY, &w) == 0 && ceiling_used(&count[0], CEILING_MONEY, &w) > 0);
	w.day -= 2;
	w.hour -= 48;
	CHECK(ceiling_may(&a, &w, mobile, false).full && ceiling_used(&count[0], CEILING_MONEY, &w) > 0);
	w.day += 3;
	w.hour += 72;
	news = (struct ceiling_news){0};
	CHECK(!ceiling_may(&a, &w, mobile, false).full && ceiling_used(&count[0], CEILING_DESTINATIONS, &w) == 0);
	ceiling_begin(&c, &a, &w, mobile, false, &news);
	ceiling_answer(&c, &a, &w, &news);
	later(17 * 60000);
	ceiling_end(&c, &a, &w, &news);
	CHECK(news.half[0] == 1 << CEILING_MONEY); /* said anew */
}

enum { HOUR_MS = 3600 * 1000, DAY_MS = 24 * HOUR_MS };

static void clock_goes(int days)
{
	w.day += (uint32_t)days;
	w.hour += (uint32_t)(24 * days);
}

/* With a tick now and then, as core has it. */
static void real_time_passes(uint64_t ms)
{
	for (uint64_t end = w.now_ms + ms; w.now_ms < end;) {
		later(60000);
		for (int i = 0; i < CEILING_SCOPES; i++)
			ceiling_ahead(&count[i], &w);
	}
}

/* Ten calls are its hour and five new numbers its day. */
static void use_all(void)
{
	for (int i = 0; i < CEILING_SCOPES; i++)
		a.limit[i] = (struct ceiling_limit){{EUR, 10, 50, 10, 5, 50}};
	for (int i = 0; i < 10; i++)
		dials(i < 5 ? CEILING_NEW : CEILING_KNOWN);
	CHECK(ceiling_may(&a, &w, none, CEILING_KNOWN).kind == CEILING_HOURLY);
}

/* T47, T50: one call under a clock that ran ahead a year refuses none for a year. */
static void a_clock_that_ran_ahead_is_forgotten_after_a_real_day(void)
{
	begin_test();
	clock_goes(365);
	use_all();
	clock_goes(-365);
	CHECK(ceiling_ahead(&count[0], &w) && ceiling_may(&a, &w, none, CEILING_KNOWN).full);
	real_time_passes(HOUR_MS - 60000);
	CHECK(ceiling_may(&a, &w, none, CEILING_KNOWN).full);
	real_time_passes(60000);
	CHECK(!ceiling_may(&a, &w, none, CEILING_KNOWN).full);
	CHECK(ceiling_may(&a, &w, none, CEILING_NEW).kind == CEILING_DESTINATIONS && ceiling_ahead(&count[0], &w));
	real_time_passes(DAY_MS - HOUR_MS);
	CHECK(!ceiling_may(&a, &w, none, CEILING_NEW).full && !ceiling_ahead(&count[0], &w));
	CHECK(count[0].day == w.day && count[0].hour == w.hour && count[0].ahead_s == 0);
	use_all(); /* and its windows roll on as ever */
	w.hour++;
	CHECK(!ceiling_may(&a, &w, none, CEILING_KNOWN).full && ceiling_may(&a, &w, none, CEILING_NEW).full);
	w.day++;
	CHECK(!ceiling_may(&a, &w, none, CEILING_NEW).full);
}

/* Who can set the clock back and to right again, as often as they like, has nothing of it. */
static void a_clock_to_and_fro_gives_nothing(void)
{
	static const int back[] = {1, 2, 3, 400, 20418};

	begin_test();
	use_all();
	for (int round = 0; round < 200; round++) {
		int days = back[round % 5];
		clock_goes(-days);
		real_time_passes(5 * 60000);
		CHECK(ceiling_may(&a, &w, none, CEILING_KNOWN).full && ceiling_may(&a, &w, none, CEILING_NEW).full);
		clock_goes(days);
		later(1000);
		CHECK(ceiling_may(&a, &w, none, CEILING_KNOWN).full && count[0].destinations == 5 && count[0].hourly == 10);
	}
}

/* CLOCK_BOOTTIME begins anew: so does the wait. */
static void a_reboot_shortens_no_wait(void)
{
	begin_test();
	use_all();
	clock_goes(-3);
	real_time_passes(HOUR_MS - 60000);
	w.now_ms = 5000;
	CHECK(ceiling_may(&a, &w, none, CEILING_KNOWN).full);
	real_time_passes(HOUR_MS - 60000);
	CHECK(ceiling_may(&a, &w, none, CEILING_KNOWN).full);
	real_time_passes(60000);
	CHECK(!ceiling_may(&a, &w, none, CEILING_KNOWN).full);
}

static void who_confirms_the_clock_waits_for_the_next_hour_and_day(void)
{
	begin_test();
	clock_goes(1); /* less than what is waited for */
	use_all();
	clock_goes(-1);
	for (int i = 0; i < CEILING_SCOPES; i++)
		ceiling_confirm(&count[i], &w);
	CHECK(count[0].day == w.day && count[0].hour == w.hour && count[0].destinations == 5 && count[0].hourly == 10);
	CHECK(ceiling_may(&a, &w, none, CEILING_KNOWN).full);
	w.hour++;
	CHECK(!ceiling_may(&a, &w, none, CEILING_KNOWN).full && ceiling_may(&a, &w, none, CEILING_NEW).full);
	w.day++;
	CHECK(!ceiling_may(&a, &w, none, CEILING_NEW).full);
	ceiling_confirm(&count[0], &(struct ceiling_when){.day = w.day + 1, .hour = w.hour + 24});
	CHECK(count[0].day == w.day && count[0].hour == w.hour); /* what is not later stays */
}

/* Whatever the clock says, as long as it is no later day: a real one begins two anew at most. */
static void any_clock(void)
{
	begin_test();
	srand(7);
	use_all();
	const uint32_t latest = w.day;
	const uint64_t start = w.now_ms;
	uint32_t given = 0;
	for (int i = 0; i < 20000; i++) {
		w.day = latest - (uint32_t)(rand() % 10); /* never later than the first one */
		w.hour = w.day * 24 + (uint32_t)(rand() % 24);
		later((uint64_t)(rand() % 600) * 1000);
		uint32_t before = count[0].destinations;
		ceiling_ahead(&count[0], &w);
		if (before && !count[0].destinations) {
			given++;
			count[0].destinations = 5;
		}
	}
	CHECK(given <= 2 * ((w.now_ms - start) / DAY_MS + 1));
}

static void a_restart_forgets_nothing_that_was_spent(void)
{
	struct ceiling_call c = {0}, saved;
	char text[256];
	struct ceiling_count back;

	begin_test();
	ceiling_begin(&c, &a, &w, mobile, true, &news);
	ceiling_answer(&c, &a, &w, &news);
	later(5000);
	ceiling_tick(&c, &a, &w, &news);
	saved = c;
	for (int i = 0; i < CEILING_SCOPES; i++) {
		ceiling_forget_running(&count[i]);
		CHECK(count[i].calls == 0 && count[i].running == 0 && count[i].rate_e4 == 0);
	}
	ceiling_adopt(&saved, &a);
	CHECK(count[0].calls == 1 && count[0].running == 1 && count[0].rate_e4 == mobile.rate_e4 && count[0].hourly == 1);
	later(3000);
	ceiling_end(&saved, &a, &w, &news);
	CHECK(count[0].ms == 8000 && count[0].calls == 0);

	struct buf b = buf_of(text, sizeof text);
	ceiling_put(&b, &count[0]);
	CHECK(!b.full && b.n <= 200 && ceiling_parse(buf_span(&b), &back) && memcmp(&back, &count[0], sizeof back) == 0);
	memset(&back, 0xff, sizeof back);
	back.calls = back.running = 0;
	back.rate_e4 = 0;
	back.ahead_s = 0;
	b = buf_of(text, sizeof text);
	ceiling_put(&b, &back);
	struct ceiling_count most;
	CHECK(!b.full && b.n <= 200 && ceiling_parse(buf_span(&b), &most) && memcmp(&back, &most, sizeof back) == 0);
	CHECK(!ceiling_parse(SPAN(""), &most) && !ceiling_parse(span_head(buf_span(&b), b.n - 4), &most));
	CHECK(ceiling_parse(SPAN("day=1 hour=1 money=1 ms=1 hourly=1 destinations=1 half=1 full=1"), &most) && !most.abroad);
	CHECK(!ceiling_parse(SPAN("day=1 hour=1 money=1 ms=1 hourly=1 destinations=1 half=1 full=1 abroad=1"), &most));
	CHECK(!ceiling_parse(SPAN("day=1 hour=1 money=1 ms=1 hourly=1 destinations=1 half=1 full=256"), &most));
	CHECK(!ceiling_parse(SPAN("day=1 hour=1 money=1 ms=1 hourly=1 destinations=1 half=1 full=1 more=1"), &most));
	CHECK(!ceiling_parse(SPAN("hour=1 day=1 money=1 ms=1 hourly=1 destinations=1 half=1 full=1"), &most));
}

/* Nothing wraps: not the sums, not a clock that begins anew. */
static void nothing_wraps(void)
{
	struct ceiling_call c = {0};

	begin_test();
	count[0].money_e4_ms = UINT64_MAX - 5;
	ceiling_begin(&c, &a, &w, (struct plan_rate){PLAN_RATE_MAX_E4, PLAN_RATE_MAX_E4}, true, &news);
	ceiling_answer(&c, &a, &w, &news);
	CHECK(ceiling_may(&a, &w, cheap, false).full);
	w.now_ms = UINT64_MAX / 2;
	ceiling_tick(&c, &a, &w, &news);
	CHECK(ceiling_left_ms(&c, &a, &w) == 0 && ceiling_used(&count[1], CEILING_MONEY, &w) == UINT32_MAX);
	w.now_ms = 5; /* rebooted */
	ceiling_tick(&c, &a, &w, &news);
	later(1000);
	ceiling_end(&c, &a, &w, &news);
	CHECK(count[0].calls == 0 && ceiling_may(&a, &w, cheap, false).full);
}

static void limits_as_text(void)
{
	const struct ceiling_limit site = {{10 * EUR, 240, 2, 20, 10}};
	struct ceiling_limit l = site;
	const char *why = NULL;

	CHECK(ceiling_override(&l, SPAN("money=20 minutes=300"), &why));
	CHECK(l.most[CEILING_MONEY] == 20 * EUR && l.most[CEILING_MINUTES] == 300 && l.most[CEILING_CALLS] == 2);
	CHECK(ceiling_override(&l, SPAN("  money=0.5  calls=0 "), &why) && l.most[CEILING_MONEY] == 5000 && l.most[CEILING_CALLS] == 0);
	CHECK(ceiling_override(&l, SPAN(""), &why) && ceiling_override(&l, SPAN("hourly=7 destinations=8 abroad=9"), &why));
	CHECK(l.most[CEILING_HOURLY] == 7 && l.most[CEILING_DESTINATIONS] == 8 && l.most[CEILING_ABROAD] == 9);
	static const char *const bad[] = {"money", "money=", "=5", "money=1.234", "money=-1", "money=1e3", "money=1,5", "minutes=1.5",
	    "minutes=99999999", "money=99999999999", "money=1 money=2", "dollars=5", "money=5;calls=9", "money=.5", "money=5."};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		l = site;
		why = NULL;
		if (ceiling_override(&l, span_str(bad[i]), &why))
			fprintf(stderr, "%s\n", bad[i]);
		CHECK(!ceiling_override(&l, span_str(bad[i]), &why) && why && memcmp(&l, &site, sizeof l) == 0);
	}
}

/* Any order of calls of four people: counts are what a plain sum says, and end at nothing. */
static void any_order_of_events(void)
{
	enum { CALLS = 12 };
	struct ceiling_call c[CALLS] = {0};
	uint64_t spent = 0, ms = 0, rate[CALLS] = {0};
	unsigned state[CALLS] = {0}, calls = 0;

	begin_test();
	srand(3);
	for (int i = 0; i < 20000; i++) {
		int k = rand() % CALLS;
		struct plan_rate r = {(uint32_t)(rand() % 5000), (uint32_t)(rand() % 300)};
		for (int n = 0; n < CALLS; n++)
			if (state[n] == 2) {
				spent += rate[n] * 7;
				ms += 7;
			}
		later(7);
		switch (rand() % 4) {
		case 0:
			if (state[k] == 0) {
				ceiling_begin(&c[k], &a, &w, r, (enum ceiling_novelty)(rand() % 3), &news);
				rate[k] = r.rate_e4;
				state[k] = 1;
				calls++;
			}
			break;
		case 1:
			if (state[k] == 1) {
				spent += (uint64_t)c[k].setup_e4 * 60000;
				state[k] = 2;
			}
			ceiling_answer(&c[k], &a, &w, &news);
			break;
		case 2: ceiling_tick(&c[k], &a, &w, &news); break;
		case 3:
			calls -= state[k] > 0;
			state[k] = 0;
			ceiling_end(&c[k], &a, &w, &news);
			break;
		}
		CHECK(count[CEILING_SITE].calls == calls);
	}
	for (int k = 0; k < CALLS; k++)
		ceiling_end(&c[k], &a, &w, &news);
	CHECK(count[CEILING_SITE].money_e4_ms == spent && count[CEILING_SITE].ms == ms);
	CHECK(count[CEILING_SITE].calls == 0 && count[CEILING_SITE].running == 0 && count[CEILING_SITE].rate_e4 == 0);
}

/* T43: a stolen password on a cloned phone, 30 calls a minute at night to a country that nobody here ever called, premium and
 * not, through the whole of the decision. What the thief knows, and how many calls went out. */
static unsigned theft(bool knows_pin, bool abroad_allowed, uint64_t *spent_e4)
{
	struct ceiling_call c[60] = {0};
	unsigned out = 0;

	begin_test();
	p.nights = 1;
	p.night[0] = (struct plan_night){.from_min = 20 * 60, .to_min = 7 * 60, .days = 0x7f, .classes = plan_classes_least()};
	for (int i = 0; i < 60; i++) {
		struct plan_question q = {.who = WHO_USER, .route = ROUTE_FRESH, .payer = PAYER_SELF, .pin = PLAN_PIN_SET, .device_fixed = true,
		    .pin_given = knows_pin, .has_classes = true, .classes = plan_classes_least(), .week_min = 2 * 60};
		q.classes.mask |= abroad_allowed ? 1 << NUMBER_INTERNATIONAL : 0;
		q.classes.at_night = abroad_allowed;
		q.number = (struct number){.class = NUMBER_INTERNATIONAL, .country = "so"};
		snprintf(q.number.text, sizeof q.number.text, "+25261%07d", i);
		struct plan_rate rate = plan_rate_of(&p, &q.number);
		for (int k = 0; k < i; k++)
			ceiling_tick(&c[k], &a, &w, &news);
		q.limits = ceiling_may(&a, &w, rate, true);
		if (plan_permit(&p, &q).verdict == PLAN_ALLOW) {
			out++;
			ceiling_begin(&c[i], &a, &w, rate, true, &news);
			ceiling_answer(&c[i], &a, &w, &news);
		}
		later(2000);
	}
	for (int i = 0; i < 3600 * 4; i++) { /* and they stay on the line */
		later(250);
		for (int k = 0; k < 60; k++) {
			ceiling_tick(&c[k], &a, &w, &news);
			if (ceiling_left_ms(&c[k], &a, &w) == 0)
				ceiling_end(&c[k], &a, &w, &news);
		}
	}
	*spent_e4 = ceiling_used(&count[CEILING_EXTENSION], CEILING_MONEY, &w);
	return out;
}

static void a_theft(void)
{
	uint64_t spent;

	CHECK(theft(false, false, &spent) == 0 && spent == 0);
	CHECK(theft(true, false, &spent) == 0 && spent == 0);
	CHECK(theft(false, true, &spent) == 0 && spent == 0);
	CHECK(theft(true, true, &spent) <= 2 && spent <= 10 * EUR);
	CHECK(news.full[CEILING_EXTENSION] & 1 << CEILING_MONEY);
}

int main(void)
{
	RUN(a_call_is_charged_by_the_millisecond);
	RUN(a_call_that_nobody_answers_costs_nothing);
	RUN(a_raised_limit_is_told_anew);
	RUN(the_money_cuts_a_call);
	RUN(a_step_that_began_is_paid);
	RUN(a_step_that_nobody_can_pay_does_not_begin);
	RUN(calls_share_what_is_left);
	RUN(only_what_runs_has_a_share);
	RUN(calls_share_the_minutes_that_are_left);
	RUN(no_time_is_charged_backwards);
	RUN(the_minutes_cut_a_call_that_costs_nothing);
	RUN(each_kind_is_full_at_its_limit);
	RUN(the_next_trunk_takes_no_second_call);
	RUN(two_halves_of_an_account_are_one);
	RUN(new_numbers_abroad_are_few);
	RUN(a_number_abroad_is_a_destination);
	RUN(a_limit_of_one_is_told_each_time);
	RUN(what_is_abroad);
	RUN(windows_only_go_forward);
	RUN(a_clock_that_ran_ahead_is_forgotten_after_a_real_day);
	RUN(a_clock_to_and_fro_gives_nothing);
	RUN(a_reboot_shortens_no_wait);
	RUN(who_confirms_the_clock_waits_for_the_next_hour_and_day);
	RUN(any_clock);
	RUN(a_restart_forgets_nothing_that_was_spent);
	RUN(nothing_wraps);
	RUN(limits_as_text);
	RUN(any_order_of_events);
	RUN(a_theft);
	return TEST_END;
}
