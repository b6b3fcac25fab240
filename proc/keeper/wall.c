/* SPDX-License-Identifier: ISC */
#include "keeper/wall.h"
#include "base/log.h"
#include "keeper/keeper.h"

void wall_init(struct wall *w, struct store *s, uint64_t boot_ms)
{
	struct span v;

	*w = (struct wall){.store = s, .floor_ms = BUILD_WALL_S * INT64_C(1000)};
	w->known = store_get(s, KEEP_HOUR, SPAN(""), &v) && v.n == sizeof(int64_t);
	if (w->known) {
		int64_t hour_ms;
		memcpy(&hour_ms, v.p, sizeof hour_ms);
		if (hour_ms > w->floor_ms)
			w->floor_ms = hour_ms;
	}
	w->seen_ms = w->floor_ms;
	w->seen_boot_ms = boot_ms;
}

/* What a wall clock that nobody touched would say. */
static int64_t expected(const struct wall *w, uint64_t boot_ms)
{
	return w->seen_ms + (int64_t)(boot_ms - w->seen_boot_ms);
}

int64_t wall_now(const struct wall *w, int64_t raw_ms, uint64_t boot_ms)
{
	int64_t goes_on = expected(w, boot_ms);

	if (raw_ms < goes_on - WALL_DAY_MS)
		return goes_on;
	return raw_ms > w->floor_ms ? raw_ms : w->floor_ms;
}

static const char *put_hour(struct wall *w, int64_t hour_ms)
{
	const char *why = store_put(w->store, KEEP_HOUR, SPAN(""), span_of(&hour_ms, sizeof hour_ms));

	if (!why) {
		w->floor_ms = hour_ms;
		w->known = true;
	}
	return why;
}

static int64_t hour_of(int64_t wall_ms)
{
	return wall_ms - wall_ms % WALL_HOUR_MS;
}

static const char *persist(struct wall *w, int64_t wall_ms)
{
	int64_t hour_ms = hour_of(wall_ms);

	if (w->known && hour_ms <= w->floor_ms)
		return NULL;
	return put_hour(w, hour_ms > w->floor_ms ? hour_ms : w->floor_ms);
}

static void see(struct wall *w, int64_t wall_ms, uint64_t boot_ms)
{
	w->seen_ms = wall_ms;
	w->seen_boot_ms = boot_ms;
}

bool wall_look(struct wall *w, int64_t raw_ms, uint64_t boot_ms)
{
	bool was = w->held;

	w->held = w->known && raw_ms > expected(w, boot_ms) + WALL_DAY_MS;
	if (w->held)
		return !was;
	see(w, wall_now(w, raw_ms, boot_ms), boot_ms);
	const char *why = persist(w, w->seen_ms);
	if (why)
		log_error("%s", why);
	return false;
}

/* Whatever was believed before: one that ran ahead may have been confirmed too. */
const char *wall_confirm(struct wall *w, int64_t raw_ms, uint64_t boot_ms)
{
	const int64_t least_ms = BUILD_WALL_S * INT64_C(1000);
	const char *why = put_hour(w, raw_ms > least_ms ? hour_of(raw_ms) : least_ms);

	if (why)
		return why;
	w->held = false;
	see(w, raw_ms > w->floor_ms ? raw_ms : w->floor_ms, boot_ms);
	return NULL;
}
