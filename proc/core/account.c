/* SPDX-License-Identifier: ISC */
#include "account.h"
#include "base/clock.h"
#include "base/log.h"
#include "directory.h"
#include "settings.h"
#include "spent.h"
#include <stdlib.h>
#include <time.h>

enum { HOUR_S = 3600, DAY_S = 24 * HOUR_S, TRUNKS = SITE_TRUNKS_MAX + 1 };

/* The rows of the arena: users, phones, trunks, the site. */
static struct arena_table *store;
static struct ceiling_count *count;
static uint32_t first[CEILING_SCOPES], scope_n[CEILING_SCOPES];

static void lay_out(void)
{
	const struct site *s = child_site();
	uint32_t at = 0;

	scope_n[CEILING_EXTENSION] = s->max_users;
	scope_n[CEILING_DEVICE] = s->max_phones + 1;
	scope_n[CEILING_TRUNK] = TRUNKS;
	scope_n[CEILING_SITE] = 1;
	for (int i = 0; i < CEILING_SCOPES; i++) {
		first[i] = at;
		at += scope_n[i];
	}
}

struct arena_shape account_shape(void)
{
	lay_out();
	return (struct arena_shape){sizeof(struct ceiling_count), first[CEILING_SITE] + 1};
}

static struct ceiling_count *count_of(enum ceiling_scope scope, uint32_t index)
{
	return index < scope_n[scope] ? &count[first[scope] + index] : NULL;
}

/* --- local time --- */

static time_t local_s(void)
{
	time_t now = (time_t)(clock_wall_ms() / 1000);
	struct tm t;

	return localtime_r(&now, &t) ? now + t.tm_gmtoff : now;
}

struct ceiling_when account_now(void)
{
	time_t s = local_s();

	return (struct ceiling_when){
	    .now_ms = child_now(), .day = (uint32_t)(s / DAY_S), .hour = (uint32_t)(s / HOUR_S)};
}

uint16_t account_week_min(void)
{
	enum { THURSDAY = 3 }; /* 1970-01-01 */
	time_t minutes = local_s() / 60;

	return (uint16_t)((minutes + THURSDAY * 24 * 60) % WEEK_MINUTES);
}

/* --- the accounts of a call --- */

static uint32_t index_of(const struct account_of *of, enum ceiling_scope scope)
{
	const uint32_t index[CEILING_SCOPES] = {[CEILING_EXTENSION] = of->user,
	    [CEILING_DEVICE] = of->device,
	    [CEILING_TRUNK] = of->trunk ? of->trunk : NOBODY,
	    [CEILING_SITE] = 0};
	return index[scope];
}

static void fill(const struct account_of *of, struct ceiling_accounts *out)
{
	const struct plan *p = &child_site()->plan;
	const struct user_settings *u = settings_of_user(of->user);
	const char *why;

	for (int i = 0; i < CEILING_SCOPES; i++) {
		out->count[i] = count_of((enum ceiling_scope)i, index_of(of, (enum ceiling_scope)i));
		out->limit[i] = p->ceiling[i];
	}
	/* its text was checked when it was set; a plan that has changed since leaves the site's limits */
	if (u->ceilings[0])
		(void)ceiling_override(&out->limit[CEILING_EXTENSION], span_str(u->ceilings), &why);
}

static const enum spent_scope spent_of[CEILING_SCOPES] = {[CEILING_EXTENSION] = SPENT_USER,
    [CEILING_DEVICE] = SPENT_DEVICE,
    [CEILING_TRUNK] = SPENT_TRUNK,
    [CEILING_SITE] = SPENT_SITE};

static void save(const struct account_of *of)
{
	for (int i = 0; i < CEILING_SCOPES; i++) {
		uint32_t index = index_of(of, (enum ceiling_scope)i);
		if (!count_of((enum ceiling_scope)i, index))
			continue;
		arena_put(store, first[i] + index, &count[first[i] + index]);
		spent_changed(spent_of[i], index);
	}
}

static void report(const struct account_of *of, const struct ceiling_news *news)
{
	static const char *const half = "half of a ceiling is used", *const full = "a ceiling is reached";

	for (int i = 0; i < CEILING_SCOPES; i++) {
		if (news->full[i])
			child_event(EVENT_CEILING, SEVERITY_ALARM, of->device, of->user, NULL, full);
		else if (news->half[i])
			child_event(EVENT_CEILING, SEVERITY_WARNING, of->device, of->user, NULL, half);
	}
}

struct ceiling_state account_may(const struct account_of *of, struct plan_rate rate, bool new_destination)
{
	const struct ceiling_when w = account_now();
	struct ceiling_accounts a;

	fill(of, &a);
	return ceiling_may(&a, &w, rate, new_destination);
}

void account_begin(struct ceiling_call *c, const struct account_of *of, struct plan_rate rate, bool new_destination)
{
	const struct ceiling_when w = account_now();
	struct ceiling_news news = {0};
	struct ceiling_accounts a;

	fill(of, &a);
	ceiling_begin(c, &a, &w, rate, new_destination, &news);
	save(of);
	report(of, &news);
}

/* What a running call does with its accounts. */
static void move(struct ceiling_call *c, const struct account_of *of,
    void (*how)(struct ceiling_call *, struct ceiling_accounts *, const struct ceiling_when *, struct ceiling_news *))
{
	const struct ceiling_when w = account_now();
	struct ceiling_news news = {0};
	struct ceiling_accounts a;

	if (!c->begun)
		return;
	fill(of, &a);
	how(c, &a, &w, &news);
	save(of);
	report(of, &news);
}

void account_answer(struct ceiling_call *c, const struct account_of *of)
{
	move(c, of, ceiling_answer);
}

void account_end(struct ceiling_call *c, const struct account_of *of)
{
	move(c, of, ceiling_end);
}

uint64_t account_tick(struct ceiling_call *c, const struct account_of *of)
{
	const struct ceiling_when w = account_now();
	struct ceiling_accounts a;

	if (!c->begun)
		return UINT64_MAX;
	move(c, of, ceiling_tick);
	fill(of, &a);
	return ceiling_left_ms(c, &a, &w);
}

void account_adopt(struct ceiling_call *c, const struct account_of *of)
{
	const struct ceiling_when w = account_now();
	struct ceiling_accounts a;

	if (!c->begun)
		return;
	fill(of, &a);
	ceiling_adopt(c, &a, &w);
}

/* --- ledger's copy --- */

static enum ceiling_scope scope_of(enum spent_scope s)
{
	for (int i = 0; i < CEILING_SCOPES; i++)
		if (spent_of[i] == s)
			return (enum ceiling_scope)i;
	return CEILING_SCOPES;
}

enum { E4_MS = 60000 }; /* money is kept times this, so that nothing is rounded away */

static void restored(const struct spent *s)
{
	enum ceiling_scope scope = scope_of(s->scope);
	struct ceiling_count *n = scope < CEILING_SCOPES ? count_of(scope, s->index) : NULL;

	if (!n || n->day > s->day || (n->day == s->day && n->ms >= s->seconds * UINT64_C(1000)))
		return;
	n->day = s->day;
	n->money_e4_ms = s->money * E4_MS;
	n->ms = s->seconds * UINT64_C(1000);
	n->destinations = s->numbers;
	n->told_half = n->told_full = 0;
	arena_put(store, first[scope] + s->index, n);
}

static bool read_row(enum spent_scope which, uint32_t index, struct spent *out)
{
	enum ceiling_scope scope = scope_of(which);
	const struct ceiling_count *n = scope < CEILING_SCOPES ? count_of(scope, index) : NULL;

	if (!n || !n->day)
		return false;
	*out = (struct spent){.scope = which,
	    .index = index,
	    .day = n->day,
	    .money = (n->money_e4_ms + E4_MS - 1) / E4_MS,
	    .seconds = (uint32_t)((n->ms + 999) / 1000),
	    .calls = n->hourly,
	    .numbers = n->destinations};
	return true;
}

void account_open(struct arena_table *t)
{
	static const struct spent_owner owner = {.restored = restored, .read = read_row};
	const struct site *s = child_site();

	lay_out();
	store = t;
	count = calloc(t->count, sizeof *count);
	if (!count)
		log_fatal("no memory for accounts");
	for (uint32_t i = 0; i < t->count; i++) {
		const struct ceiling_count *saved = arena_get(t, i);
		if (!saved)
			continue;
		count[i] = *saved;
		ceiling_forget_running(&count[i]);
	}
	spent_init(s->max_users, s->max_phones, SITE_TRUNKS_MAX, &owner);
}
