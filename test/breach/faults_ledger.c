/* SPDX-License-Identifier: ISC */
/* Rows of calls as ledger keeps them, for a test that fails its disk: `faults_ledger DIRECTORY write|read`. What failed is tried once
 * more; read says what there is. Status 1: it could not be opened. */
#include "faults.h"
#include "ledger/store.h"
#include <string.h>

static bool put_record(struct store *s, int64_t id)
{
	struct call_row c = {.id = id, .day = 1, .start_ms = 1000 * id, .duration_ms = 20000, .source = SPAN("sealed"), .destination = SPAN("102")};

	if (store_begin(s) && store_call(s, LOG_FULL, &c) && store_commit(s))
		return true;
	store_rollback(s);
	return false;
}

static bool forget(struct store *s)
{
	bool more;

	if (store_begin(s) && store_forget_calls(s, 1000 * (FAULTS_GONE + 1), &more) && store_commit(s)) {
		(void)!db_tidy(s->db); /* gone is gone; its octets may not be yet */
		return true;
	}
	store_rollback(s);
	return false;
}

static void say_row(void *arg, const struct call_row *c)
{
	(void)arg;
	faults_say('+', (int)c->id);
}

int main(int argc, char **argv)
{
	char why[DB_WHY_MAX], path[512];
	bool writes = argc == 3 && strcmp(argv[2], "write") == 0;
	struct store s;

	if (argc != 3)
		return 2;
	snprintf(path, sizeof path, "%s/ledger.db", argv[1]);
	struct db *db = db_open_sqlite(path, why);
	if (!db || !store_open(&s, db, why)) {
		fprintf(stderr, "%s\n", why);
		return 1;
	}
	for (int i = 1; writes && i <= FAULTS_KEPT; i++)
		if (put_record(&s, i) || put_record(&s, i))
			faults_say('+', i);
	if (writes && (forget(&s) || forget(&s)))
		for (int i = 1; i <= FAULTS_GONE; i++)
			faults_say('-', i);
	if (!writes && store_calls(&s, 0, 0, INT64_MAX, 100, say_row, NULL) < 0)
		return 1;
	_exit(0); /* ledger never closes it */
}
