/* SPDX-License-Identifier: ISC */
/* What ledger does with two calls in the mild log, of 14.9 and 15.1 s: `mild_writer PATH`, for a test that traces its writes. */
#include "ledger/store.h"
#include <stdio.h>

static bool record(struct store *s, int64_t id, const char *to, uint64_t duration_ms)
{
	struct call_row c = {.id = id,
	    .day = 1,
	    .start_ms = 1000,
	    .duration_ms = duration_ms,
	    .source = span_str(to),
	    .destination = span_str(to)};

	return store_begin(s) && store_call(s, LOG_MILD, &c) && store_commit(s);
}

int main(int argc, char **argv)
{
	char why[DB_WHY_MAX];
	struct store s;
	struct db *db = argc == 2 ? db_open_sqlite(argv[1], why) : NULL;

	if (!db || !store_open(&s, db, why))
		return 2;
	bool ok = record(&s, 1, "call-of-14900", 14900) && record(&s, 2, "call-of-15100", 15100) && db_tidy(s.db);
	store_close(&s);
	return !ok;
}
