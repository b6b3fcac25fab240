/* SPDX-License-Identifier: ISC */
#include "base/clock.h"
#include "base/log.h"
#include "ipc/reads_alone.h"
#include "keeper/keeper.h"
#include "vault/store_given.h"

enum { CLOCK_EVERY_S = 60 };

static ev_timer minute;

static void say_held(void)
{
	log_warn("the clock went forward by more than a day: no day key is destroyed until it is confirmed");
	child_event(EVENT_CONFIG, SEVERITY_ALARM, 0, 0, NULL,
	    "the clock went forward by more than a day: day keys stay until `ringfence clock confirm`");
}

void keeper_look_at_clock(void)
{
	int64_t raw_ms = clock_wall_ms();
	uint64_t boot_ms = clock_boot_ms();

	if (wall_look(&keeper.wall, raw_ms, boot_ms))
		say_held();
	int64_t now_ms = wall_now(&keeper.wall, raw_ms, boot_ms);
	const char *why = days_turn(&keeper.days, now_ms, !keeper.wall.held);
	if (why)
		log_error("day keys: %s", why);
	why = keeper.wall.held ? NULL : keeper_mails_turn(now_ms);
	if (why)
		log_error("keys of messages: %s", why);
}

static void on_open(void)
{
	keeper_open(child_site(), clock_wall_ms());
}

static void on_commit(const struct site *s)
{
	if (keeper.ca) { /* not the first, which comes before open */
		reads_alone_commit();
		login_set_realm(&keeper.logins, s->domain);
		days_set_site(&keeper.days, s);
		keeper_look_at_clock();
	}
}

static void on_minute(struct ev_loop *l, ev_timer *w, int events)
{
	(void)l;
	(void)w;
	(void)events;
	keeper_look_at_clock();
}

static void on_serve(void)
{
	keeper_mails_serve();
	if (keeper.store.reads_alone)
		reads_alone_serve("its disk is read-only");
	keeper_look_at_clock();
	ev_timer_init(&minute, on_minute, CLOCK_EVERY_S, CLOCK_EVERY_S);
	ev_timer_start(child_loop(), &minute);
}

/* At a start the hold begins before there is anyone to tell. */
static void on_link_up(struct link *l)
{
	if (l->peer == PROC_LEDGER && keeper.wall.held)
		say_held();
}

static void on_status(struct proc_status *s)
{
	const struct logins *l = &keeper.logins;

	status_add(s, "entries", STATUS_POOL, keeper.store.used, keeper.store.entries_max, keeper.store.used, 0);
	status_add(s, "nonces", STATUS_POOL, l->nonces.recent.used, l->nonces.recent.cap, l->nonces.recent.used,
	    l->nonces.recent.evicted);
	status_add(s, "tries", STATUS_POOL, l->tries.recent.used, l->tries.recent.cap, l->tries.recent.used,
	    l->tries.recent.evicted);
	status_add(s, "day-keys", STATUS_POOL, keeper.days.keys, DAYS_MOST, keeper.days.keys, 0);
	status_add(s, "dialled-blocks", STATUS_POOL, keeper.dialled.blocks, keeper.dialled.blocks_max,
	    keeper.dialled.blocks, 0);
	status_counter(s, "pins-right", keeper.pins.right);
	status_counter(s, "pins-wrong", keeper.pins.wrong);
	status_counter(s, "pin-locks", keeper.pins.locks);
	status_counter(s, "dialled-added", keeper.dialled.added);
	status_counter(s, "md5-hashes-ended", l->md5_ended);
	status_counter(s, "logins-right", l->verdicts[LOGIN_OK]);
	status_counter(s, "logins-wrong", l->verdicts[LOGIN_WRONG]);
	status_counter(s, "logins-stale", l->verdicts[LOGIN_STALE]);
	status_counter(s, "logins-locked", l->verdicts[LOGIN_LOCKED]);
	status_counter(s, "locks", l->tries.locked);
	status_counter(s, "certificates", keeper.certificates);
	status_counter(s, "sealed", keeper.days.sealed);
	status_counter(s, "unsealed", keeper.days.unsealed);
	status_counter(s, "day-keys-destroyed", keeper.days.destroyed);
	status_counter(s, "commits", keeper.store.commits);
	status_counter(s, "rewrites", keeper.store.rewrites);
	status_counter(s, "clock-held", keeper.wall.held);
	reads_alone_status(s);
}

/* The two files of the store stay open from before the cage; inside it nothing is opened any more. */
static const struct cage cage = {.name = "keeper", .files = 32, .memory_mb = 192, .may_write_files = 1};

int main(int argc, char **argv)
{
	static const struct child keeper_child = {
	    .me = PROC_KEEPER,
	    .cage = &cage,
	    .on = keeper_on,
	    .file = store_given,
	    .open = on_open,
	    .prepare = keeper_look,
	    .commit = on_commit,
	    .serve = on_serve,
	    .link_up = on_link_up,
	    .status = on_status,
	};
	return child_main(&keeper_child, argc, argv);
}
