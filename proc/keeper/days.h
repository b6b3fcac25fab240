/* SPDX-License-Identifier: ISC */
/* The keys of the call log, one a day. A source is sealed under its day's key; when the key goes, so does the source,
 * wherever its rows were copied to (R21). */
#ifndef KEEPER_DAYS_H
#define KEEPER_DAYS_H

#include "base/buf.h"
#include "ipc/contract.h"
#include "vault/store.h"

enum {
	DAYS_MILD = 7,    /* the mild log keeps sources so long */
	DAYS_BACK = 7,    /* a call may have begun so long ago */
	DAYS_MOST = 4096, /* keys at once; more than site.log_days can be */
	DAYS_SOURCE = USER_NAME_MAX * 2,
	DAYS_BLOB = 12 + 1 + DAYS_SOURCE + 16, /* nonce, length, padded source, tag: always all of it */
};

struct days {
	struct store *store;
	uint32_t keep; /* days; 0 = for ever */
	bool mild;
	uint32_t keys;
	uint64_t sealed, unsealed, destroyed;
};

enum days_verdict { DAYS_OK, DAYS_GONE, DAYS_BAD };

void days_init(struct days *d, struct store *s);

/* How long sources are readable: 7 days in the mild log, as long as the rows in the full one (R21, R22). */
void days_set_site(struct days *d, const struct site *site);

/* Seal under the key of the day that wall_ms names, kept within a week of today. An empty blob and day 0: there is no
 * key and none can be made. False: none can be written now, and whoever asks again may have one. */
bool days_seal(struct days *d, int64_t now_wall_ms, int64_t wall_ms, struct span source, uint32_t *day,
    struct buf *blob) __attribute__((warn_unused_result));

enum days_verdict days_unseal(struct days *d, uint32_t day, struct span blob, struct buf *source);

/* Make today's and tomorrow's key, and destroy those whose time is over, and in the mild log those of a day to come, on disk too; what could not be wiped there the last time is
 * tried again. */
const char *days_turn(struct days *d, int64_t now_wall_ms, bool may_destroy) __attribute__((warn_unused_result));

#endif
