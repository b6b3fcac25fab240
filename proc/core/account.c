/* SPDX-License-Identifier: ISC */
#include "account.h"
#include "base/clock.h"
#include "base/log.h"
#include "directory.h"
#include "former.h"
#include "ipc/done.h"
#include "ipc/left_out.h"
#include "kept.h"
#include "settings.h"
#include "spent.h"
#include <stdlib.h>
#include <time.h>

enum { HOUR_S = 3600, DAY_S = 24 * HOUR_S, TRUNKS = SITE_TRUNKS_MAX + 1, LOOK_MS = 60000, NO_ROW = UINT8_MAX };

/* The rows of the arena: users, phones, trunks, the site. */
static struct arena_table *store;
static struct ceiling_count *count;
static uint32_t first[CEILING_SCOPES], scope_n[CEILING_SCOPES];
static struct timer look_timer;
static uint8_t
    row_of_trunk[TRUNKS]; /* in the arena, among those of trunks: they stay where they are when sections move */
static uint32_t ahead;    /* of more than a day to come, at the last look */

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

struct arena_shape account_shape(const struct site *s)
{
	return (struct arena_shape){sizeof(struct ceiling_count), s->max_users + s->max_phones + 1 + TRUNKS + 1};
}

uint32_t account_place(const struct arena_shape *was, const struct arena_shape *is, uint32_t index)
{
	enum { OTHERS = TRUNKS + 1, NOWHERE = UINT32_MAX };
	const uint32_t phones_were = was[CORE_HOTDESKS].count, phones = is[CORE_HOTDESKS].count;

	if (was[CORE_ACCOUNTS].count < phones_were + OTHERS)
		return NOWHERE;
	const uint32_t users_were = was[CORE_ACCOUNTS].count - phones_were - OTHERS,
		       users = is[CORE_ACCOUNTS].count - phones - OTHERS;
	if (index < users_were)
		return index < users ? index : NOWHERE;
	index -= users_were;
	if (index < phones_were)
		return index < phones ? users + index : NOWHERE;
	return users + phones + (index - phones_were);
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
	enum { THURSDAY = 3 * 24 * 60 }; /* 1970-01-01, in minutes of the week */
	time_t minutes = local_s() / 60;

	return (uint16_t)((minutes + THURSDAY) % WEEK_MINUTES);
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

	for (int i = 0; i < CEILING_SCOPES; i++) {
		out->count[i] = count_of((enum ceiling_scope)i, index_of(of, (enum ceiling_scope)i));
		out->limit[i] = p->ceiling[i];
	}
	out->limit[CEILING_EXTENSION] = settings_limit_of_user(p, of->user);
	/* who was given more than others may use it at their phone */
	for (int k = 0; k < CEILING_KINDS; k++) {
		uint32_t own = out->limit[CEILING_EXTENSION].most[k], *phone = &out->limit[CEILING_DEVICE].most[k];
		if (own != p->ceiling[CEILING_EXTENSION].most[k] && own > *phone)
			*phone = own;
	}
}

/* What runs is forgotten at each start, and so is not kept; there stands instead whose a trunk's row is. A build before had a number of calls
 * there, which is no mark. */
static void keep(enum ceiling_scope scope, uint32_t index)
{
	struct ceiling_count kept = count[first[scope] + index];

	ceiling_forget_running(&kept);
	if (scope == CEILING_TRUNK)
		kept.calls = trunk_conf_mark(&child_site()->trunk[index - 1]);
	arena_put(store, first[scope] + (scope == CEILING_TRUNK ? row_of_trunk[index] : index), &kept);
}

static void save_one(enum ceiling_scope scope, uint32_t index)
{
	keep(scope, index);
	spent_changed(scope, index);
}

static void save(const struct account_of *of)
{
	for (int i = 0; i < CEILING_SCOPES; i++) {
		uint32_t index = index_of(of, (enum ceiling_scope)i);
		if (count_of((enum ceiling_scope)i, index))
			save_one((enum ceiling_scope)i, index);
	}
}

static void report(const struct account_of *of, const struct ceiling_news *news)
{
	static const char *const half = "half of a ceiling is used", *const full = "a ceiling is reached",
				 *const abroad = "a ceiling is reached: new numbers abroad, premium or satellite";

	for (int i = 0; i < CEILING_SCOPES; i++) {
		if (news->full[i])
			child_event(EVENT_CEILING, SEVERITY_ALARM, of->device, of->user, NULL,
			    news->full[i] & 1u << CEILING_ABROAD ? abroad : full);
		else if (news->half[i])
			child_event(EVENT_CEILING, SEVERITY_ALARM, of->device, of->user, NULL, half);
	}
}

struct ceiling_state account_may(const struct account_of *of, struct plan_rate rate, enum ceiling_novelty novelty)
{
	const struct ceiling_when w = account_now();
	struct ceiling_accounts a;

	fill(of, &a);
	return ceiling_may(&a, &w, rate, novelty);
}

void account_begin(
    struct ceiling_call *c, const struct account_of *of, struct plan_rate rate, enum ceiling_novelty novelty)
{
	const struct ceiling_when w = account_now();
	struct ceiling_news news = {0};
	struct ceiling_accounts a;

	fill(of, &a);
	ceiling_begin(c, &a, &w, rate, novelty, &news);
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
	struct ceiling_accounts a;

	if (!c->begun)
		return;
	fill(of, &a);
	ceiling_adopt(c, &a);
}

/* --- ledger's copy --- */

/* After a restart of core alone the arena is newer; after one of the machine it is empty, or has what was begun since. Nothing that
 * either counted is lost. What runs now stands in ours alone. */
static void restored(enum ceiling_scope scope, uint32_t index, const struct ceiling_count *kept)
{
	struct ceiling_count *n = count_of(scope, index);

	if (!n)
		return;
	ceiling_merge(n, kept);
	keep(scope, index);
}

void account_forget_user(uint32_t user)
{
	struct ceiling_count *n = count_of(CEILING_EXTENSION, user);

	if (!n || !n->day)
		return;
	ceiling_forget(n);
	keep(CEILING_EXTENSION, user);
}

static const struct ceiling_count *read_count(enum ceiling_scope scope, uint32_t index)
{
	const struct ceiling_count *n = count_of(scope, index);
	return n && n->day ? n : NULL;
}

/* --- counters of days to come --- */

/* Each that is later than the clock; how many are, afterwards, by more than a day. */
static uint32_t each_later(void (*what)(struct ceiling_count *n, const struct ceiling_when *w))
{
	const struct ceiling_when w = account_now();
	uint32_t still = 0;

	for (uint32_t scope = 0; scope < CEILING_SCOPES; scope++)
		for (uint32_t i = 0; i < scope_n[scope]; i++) {
			struct ceiling_count *n = &count[first[scope] + i], before = *n;
			if (n->day <= w.day && n->hour <= w.hour)
				continue;
			what(n, &w);
			still += ceiling_ahead(n, &w);
			if (memcmp(n, &before, sizeof before) != 0)
				save_one((enum ceiling_scope)scope, i);
		}
	return still;
}

static void let_be(struct ceiling_count *n, const struct ceiling_when *w)
{
	(void)n;
	(void)w;
}

static void on_look(struct timer *t, uint64_t now_ms)
{
	uint32_t had = ahead;

	ahead = each_later(let_be);
	if (ahead && !had)
		child_event(EVENT_CEILING, SEVERITY_ALARM, 0, NOBODY, NULL,
		    "ceilings were counted on a day to come: look at the clock, then say `ringfence clock confirm`");
	timer_set(&child_wheel, t, now_ms + LOOK_MS);
}

void account_on_confirm(struct link *from, const struct ipc_view *v)
{
	const struct msg_clock_confirm *m = v->payload;

	ahead = each_later(ceiling_confirm);
	done_say(from, m->token, DONE_OK, 0, SPAN(""));
}

void account_status(struct proc_status *s)
{
	status_counter(s, "counters-ahead", ahead);
}

/* --- start --- */

/* Today's place of the trunk whose row this is; 0: it is no more, or another row was the same one's. */
static uint32_t trunk_of(uint32_t row, const struct ceiling_count *saved)
{
	const struct site *s = child_site();
	uint32_t trunk = saved->calls < TRUNK_MARK_LEAST && row <= s->trunks ? row : 0;

	for (uint32_t i = 0; i < s->trunks; i++)
		if (trunk_conf_mark(&s->trunk[i]) == saved->calls)
			trunk = i + 1;
	return row_of_trunk[trunk] == NO_ROW ? trunk : 0;
}

static void adopt_trunk(uint32_t i, const struct ceiling_count *saved)
{
	const uint32_t row = i - first[CEILING_TRUNK], trunk = trunk_of(row, saved);

	if (!trunk) {
		arena_clear(store, i);
		return;
	}
	row_of_trunk[trunk] = (uint8_t)row;
	count[first[CEILING_TRUNK] + trunk] = *saved;
	ceiling_forget_running(&count[first[CEILING_TRUNK] + trunk]);
	keep(CEILING_TRUNK, trunk);
}

static void adopt(uint32_t i, const struct ceiling_count *saved)
{
	if (i - first[CEILING_TRUNK] < TRUNKS) {
		adopt_trunk(i, saved);
		return;
	}
	count[i] = *saved;
	ceiling_forget_running(&count[i]);
}

/* Those that had none: where the build before has them, if nothing stands there. */
static void give_rows(void)
{
	uint32_t taken = 0;

	for (uint32_t row = 0; row < TRUNKS; row++)
		taken |= (uint32_t)(arena_get(store, first[CEILING_TRUNK] + row) != NULL) << row;
	for (uint32_t trunk = 1; trunk <= child_site()->trunks; trunk++) {
		uint32_t row = trunk;
		if (row_of_trunk[trunk] != NO_ROW)
			continue;
		while (taken >> row & 1)
			row = (row + 1) % TRUNKS;
		row_of_trunk[trunk] = (uint8_t)row;
		taken |= 1u << row;
	}
}

void account_open(struct arena_table *t)
{
	static const struct spent_owner owner = {.restored = restored, .read = read_count};

	lay_out();
	store = t;
	count = calloc(t->count, sizeof *count);
	if (!count)
		log_fatal("no memory for accounts");
	memset(row_of_trunk + 1, NO_ROW, sizeof row_of_trunk - 1);
	for (uint32_t i = 0; i < t->count; i++) {
		const struct ceiling_count *saved = arena_get(t, i);
		if (saved && kept_count_ok(saved))
			adopt(i, saved);
		else if (saved) /* ledger's copy takes its place */
			left_out_damaged(t, i);
	}
	give_rows();
	spent_init(scope_n, &owner);
	look_timer = (struct timer){.fire = on_look};
	timer_set(&child_wheel, &look_timer, child_now() + LOOK_MS);
}
