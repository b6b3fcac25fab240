/* SPDX-License-Identifier: ISC */
/* The wall clock as far as it can be believed: never below the last persisted hour nor the date of the build; and after
 * a jump forward of more than a day nothing is destroyed by it until an administrator confirms it. */
#ifndef KEEPER_WALL_H
#define KEEPER_WALL_H

#include "vault/store.h"

enum { WALL_HOUR_MS = 3600 * 1000, WALL_DAY_MS = 24 * WALL_HOUR_MS };

struct wall {
	struct store *store;
	int64_t floor_ms; /* the last hour, persisted; at least the build */
	bool known;       /* an hour was persisted before */
	bool held;
};

void wall_init(struct wall *w, struct store *s);

/* What to go by when the clock says raw_ms. */
int64_t wall_now(const struct wall *w, int64_t raw_ms);

/* Look at the clock and persist its hour; true when a hold begins. */
bool wall_look(struct wall *w, int64_t raw_ms);

const char *wall_confirm(struct wall *w, int64_t raw_ms) __attribute__((warn_unused_result));

#endif
