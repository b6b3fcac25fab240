/* SPDX-License-Identifier: ISC */
/* The wall clock as far as it can be believed: never below the last hour that was persisted or confirmed nor the date of the build; one that is
 * more than a day behind is wrong, and time goes on without it by CLOCK_BOOTTIME (boot_ms), so that what is due is erased;
 * and after a jump forward of more than a day nothing is destroyed by it until an administrator confirms it. What is
 * confirmed counts, also where it is behind what was believed before. */
#ifndef KEEPER_WALL_H
#define KEEPER_WALL_H

#include "vault/store.h"

enum { WALL_HOUR_MS = 3600 * 1000, WALL_DAY_MS = 24 * WALL_HOUR_MS };

struct wall {
	struct store *store;
	int64_t floor_ms; /* the last hour, persisted; at least the build */
	int64_t seen_ms;  /* what was believed last, at seen_boot_ms */
	uint64_t seen_boot_ms;
	bool known; /* an hour was persisted before */
	bool held;
};

void wall_init(struct wall *w, struct store *s, uint64_t boot_ms);

/* What to go by when the clock says raw_ms. */
int64_t wall_now(const struct wall *w, int64_t raw_ms, uint64_t boot_ms);

/* Look at the clock and persist its hour; true when a hold begins. */
bool wall_look(struct wall *w, int64_t raw_ms, uint64_t boot_ms);

const char *wall_confirm(struct wall *w, int64_t raw_ms, uint64_t boot_ms) __attribute__((warn_unused_result));

#endif
