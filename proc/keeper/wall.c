/* SPDX-License-Identifier: ISC */
#include "keeper/wall.h"
#include "base/log.h"
#include "keeper/keeper.h"

void wall_init(struct wall *w, struct store *s)
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
}

int64_t wall_now(const struct wall *w, int64_t raw_ms)
{
	return raw_ms > w->floor_ms ? raw_ms : w->floor_ms;
}

static const char *persist(struct wall *w, int64_t raw_ms)
{
	int64_t hour_ms = raw_ms - raw_ms % WALL_HOUR_MS;

	if (w->known && hour_ms <= w->floor_ms)
		return NULL;
	if (hour_ms < w->floor_ms)
		hour_ms = w->floor_ms;
	const char *why = store_put(w->store, KEEP_HOUR, SPAN(""), span_of(&hour_ms, sizeof hour_ms));
	if (!why) {
		w->floor_ms = hour_ms;
		w->known = true;
	}
	return why;
}

bool wall_look(struct wall *w, int64_t raw_ms)
{
	bool was = w->held;

	w->held = w->known && raw_ms > w->floor_ms + WALL_DAY_MS;
	if (w->held)
		return !was;
	const char *why = persist(w, raw_ms);
	if (why)
		log_error("%s", why);
	return false;
}

const char *wall_confirm(struct wall *w, int64_t raw_ms)
{
	const char *why = persist(w, raw_ms);

	if (!why)
		w->held = false;
	return why;
}
