/* SPDX-License-Identifier: ISC */
/* Retention by the wall clock. A clock that went forward by more than a day may be wrong, or the machine was off: then
 * nothing is deleted until an administrator has looked. */
#include "base/clock.h"
#include "base/log.h"
#include "ledger/ledger.h"

enum {
	MINUTE_MS = 60 * 1000,
	HOUR_MS = 60 * MINUTE_MS,
	DAY_MS = 24 * HOUR_MS,
	WAITED_MS = 7 * DAY_MS, /* a clock that is so far behind may be right */
	SPENT_DAYS = 2,
	KEEPER_MS = 2000,
	MORE_MS = 20,
};

static struct timer timer;
static uint64_t due_ms;     /* of the next look */
static bool without_keeper; /* was the last one */
static bool more;           /* than one look deletes */
static bool held;
static int64_t last_wall_ms;
static uint64_t last_boot_ms;

/* What a wall clock that nobody touched would say, by the other clock. */
static int64_t expected_wall_ms(void)
{
	return last_wall_ms + (int64_t)(child_now() - last_boot_ms);
}

int64_t keep_wall_ms(void)
{
	int64_t wall = clock_wall_ms(), expected = expected_wall_ms();

	return last_wall_ms && wall < expected - DAY_MS ? expected : wall;
}

/* core may have kept a record since the machine started, which its arena does not outlive. */
static int64_t may_have_waited_ms(void)
{
	return (int64_t)child_now() > WAITED_MS ? (int64_t)child_now() : WAITED_MS;
}

/* To the minute, so that a record which is said again is the same record. */
int64_t keep_date(int64_t wall_ms, uint64_t lasted_ms)
{
	int64_t now = keep_wall_ms(), lasted = lasted_ms < (uint64_t)now ? (int64_t)lasted_ms : now;
	int64_t end = wall_ms > now ? wall_ms : wall_ms + lasted;

	if (end >= now - may_have_waited_ms() && end <= now + DAY_MS)
		return wall_ms;
	return (now - lasted) / MINUTE_MS * MINUTE_MS;
}

static bool remember(int64_t wall_ms)
{
	last_wall_ms = wall_ms;
	last_boot_ms = child_now();
	return store_meta_set(&ledger_store, "last_wall", wall_ms) && store_meta_set(&ledger_store, "held", held);
}

/* No recording lasts so long: what is not ended then was of a life before. */
static uint64_t recording_ms(void)
{
	return child_site()->mail_s * UINT64_C(1000) + MINUTE_MS;
}

static bool forget_calls(int64_t wall_ms)
{
	uint32_t days = site_log_days(child_site());

	/* a clock of which nothing is known, or that was confirmed just now, may have to be put right yet */
	if (last_wall_ms && !store_date_rows(&ledger_store, wall_ms + DAY_MS, wall_ms / MINUTE_MS * MINUTE_MS))
		return false;
	return !days || store_forget_calls(&ledger_store, wall_ms - (int64_t)days * DAY_MS, &more);
}

static bool forget_others(int64_t wall_ms)
{
	int64_t notices = child_site()->notice_days, today = wall_ms / DAY_MS;

	if (!mailbox_keep(wall_ms - (int64_t)child_site()->mail_days * DAY_MS, wall_ms - (int64_t)recording_ms()))
		return false;
	if (notices && !store_notices_forget(&ledger_store, wall_ms - notices * DAY_MS))
		return false;
	/* a local day is at most one ahead or behind */
	return today <= SPENT_DAYS || store_spent_forget(&ledger_store, (uint32_t)(today - SPENT_DAYS));
}

/* Days before now, counted from a clock that never runs below what it said last. What takes long is done in several looks. */
static bool forget(int64_t wall_ms)
{
	static int step; /* of the events */

	if (!forget_calls(wall_ms))
		return false;
	if (more)
		return true;
	if ((step == 0 && !forget_others(wall_ms)) ||
	    !store_forget_events(&ledger_store, wall_ms - (int64_t)STORE_EVENT_DAYS * DAY_MS, step))
		return false;
	step = (step + 1) % STORE_EVENT_STEPS;
	more = step != 0;
	return true;
}

static void look(void)
{
	int64_t wall = clock_wall_ms(), expected = expected_wall_ms();

	if (last_wall_ms && wall > expected + DAY_MS && !held) {
		held = true;
		log_warn("the clock went forward by more than a day: nothing is deleted until it is confirmed");
		batch_own_event(EVENT_CONFIG, SEVERITY_ALARM,
		    "the clock went forward by more than a day: old rows stay until `ringfence clock confirm`");
	}
	wall = keep_wall_ms();
	if (wall < last_wall_ms)
		wall = last_wall_ms;
	if (!batch_begin())
		return;
	/* a time that nobody confirmed is not what a later one is measured by */
	int64_t known = held && wall > expected ? expected : wall;
	more = false;
	bool well = (held || forget(wall)) && remember(known) && store_commit(&ledger_store);
	if (!well || !db_tidy(ledger_store.db))
		log_error("cannot delete old rows: %s", db_why(ledger_store.db));
	more = more && well;
	store_rollback(&ledger_store);
}

static void on_timer(struct timer *t, uint64_t now_ms)
{
	bool keeper = child_link(PROC_KEEPER, 0) != NULL;

	/* recordings that nobody ended wait for keeper, which has their keys */
	if (now_ms >= due_ms || more || (without_keeper && keeper)) {
		look();
		if (now_ms >= due_ms) /* the second look ends what was going on at the first */
			due_ms = now_ms + (due_ms ? HOUR_MS : recording_ms() + MINUTE_MS);
		without_keeper = !keeper;
	}
	timer_set(&child_wheel, t, more ? now_ms + MORE_MS : without_keeper ? now_ms + KEEPER_MS : due_ms);
}

void keep_init(void)
{
	int64_t was_held = 0;

	store_meta_get(&ledger_store, "last_wall", &last_wall_ms);
	store_meta_get(&ledger_store, "held", &was_held);
	held = was_held != 0;
	last_boot_ms = child_now();
	timer.fire = on_timer;
	timer_set(&child_wheel, &timer, child_now());
}

void keep_confirm(struct link *from, const struct ipc_view *v)
{
	const struct msg_clock_confirm *m = v->payload;

	(void)from;
	if (change_pending()) {
		answer_done(m->token, DONE_BUSY, 0, "the directory is being changed");
		return;
	}
	held = false;
	last_wall_ms = 0;
	look();
	if (more)
		timer_set(&child_wheel, &timer, child_now() + MORE_MS);
	answer_done(m->token, DONE_OK, 0, "");
}

void keep_status(struct proc_status *s)
{
	status_counter(s, "deletion-held", held);
}
