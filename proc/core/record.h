/* SPDX-License-Identifier: ISC */
/* Records of ended calls on their way to the log: sealed by keeper, then kept by ledger. Until ledger has confirmed one
 * it stands in the arena, so that no death on the way loses it (R20, R28). */
#ifndef CORE_RECORD_H
#define CORE_RECORD_H

#include "arena/arena.h"
#include "ipc/child.h"

enum { RECORDS_MAX = 2048, RECORD_MILD_MIN_MS = 15000 };

/* What outlives core, in the arena. */
struct record {
	uint64_t id, number;
	int64_t start_wall_ms;
	uint64_t duration_ms;
	uint32_t day, sealed_n;
	uint32_t is_sealed; /* with sealed_n 0: keeper had no key for that day, and the source is lost */
	char source[2 * USER_NAME_MAX + 1]; /* gone once it is sealed */
	char destination[2 * USER_NAME_MAX + 1];
	uint8_t sealed[SEALED_MAX];
};

struct arena_shape record_shape(void);
void record_open(struct arena_table *t);

/* Of a call that is over: in the mild log none under 15 s ever becomes a record. */
void record_call(const char *source, const char *destination, int64_t start_wall_ms, uint64_t duration_ms);

/* One of that call is on its way. */
bool record_waits(const char *source, const char *destination, int64_t start_wall_ms);

void record_on_sealed(struct link *from, const struct ipc_view *v);
void record_on_recorded(struct link *from, const struct ipc_view *v);
/* They are there again, and know nothing of what the last one was asked: what waits for them goes on. */
void record_keeper_up(void);
void record_ledger_up(void);

void record_status(struct proc_status *s);

#endif
