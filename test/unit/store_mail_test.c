/* SPDX-License-Identifier: ISC */
/* R7: voicemail in the database, on SQLite and, given a URI, on PostgreSQL: what is kept, what goes by itself, and who is told. */
#include "ledger/store.h"
#include "test.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char where[512];
static bool on_postgresql;
static struct store s;
static int64_t went[8];
static int went_n;

static void gone(int64_t message)
{
	went[went_n++ % 8] = message;
}

static bool empty(void)
{
	went_n = 0;
	return db_exec(s.db, "DELETE FROM message_pieces; DELETE FROM messages");
}

static bool counted(uint32_t person, uint32_t fresh, uint32_t old)
{
	uint32_t f, o;

	store_mail_count(&s, person, &f, &o);
	return f == fresh && o == old;
}

static bool record(uint32_t person, int64_t wall_ms, uint32_t pieces, uint32_t length_ms, enum mail_kept *kept)
{
	int64_t id = store_mail_begin(&s, person, wall_ms, 50);

	for (uint32_t i = 0; i < pieces; i++)
		if (!store_mail_put(&s, id, i, SPAN("sealed")))
			return false;
	return id && store_mail_done(&s, id, length_ms, gone, kept);
}

static void what_was_said_is_kept_and_nothing_goes(void)
{
	enum mail_kept kept;
	struct mail_row row;

	CHECK(empty() && record(1, 1000, 3, 2500, &kept) && kept == MAIL_KEPT_WHOLE && went_n == 0 && counted(1, 1, 0));
	CHECK(record(1, 1000, 2, 3500, &kept) && kept == MAIL_KEPT_IN_PART && went_n == 0 && counted(1, 2, 0));
	CHECK(store_mail_next(&s, 1, false, 0, &row) && row.length_ms == 2500 && store_mail_mark(&s, 1, row.id, false));
	CHECK(counted(1, 1, 1) && !store_mail_next(&s, 2, false, 0, &row));
	CHECK(store_mail_get(&s, row.id, 0).n == 6 && store_mail_get(&s, row.id, 3).n == 0);
	CHECK(!store_mail_put(&s, row.id, 9, SPAN("late")) || store_mail_get(&s, row.id, 9).n == 0);
}

static void what_was_not_said_goes_and_is_told(void)
{
	enum mail_kept kept;

	CHECK(empty() && record(1, 1000, 1, 0, &kept) && kept == MAIL_KEPT_NOT && went_n == 1 && went[0] == 1);
	CHECK(record(1, 1000, 0, 5000, &kept) && kept == MAIL_KEPT_NOT && went_n == 2 && counted(1, 0, 0));
}

static void a_recording_that_nobody_ended_is_ended(void)
{
	int64_t bare, some, now;
	struct mail_row row;

	CHECK(empty() && (bare = store_mail_begin(&s, 1, 1000, 50)) && (some = store_mail_begin(&s, 2, 1000, 50)));
	CHECK(store_mail_put(&s, some, 0, SPAN("a")) && store_mail_put(&s, some, 1, SPAN("b")));
	CHECK((now = store_mail_begin(&s, 1, 9000, 50)) && store_mail_forget(&s, 0, 5000, gone));
	CHECK(went_n == 1 && went[0] == bare && counted(1, 0, 0) && counted(2, 1, 0));
	CHECK(store_mail_next(&s, 2, false, 0, &row) && row.id == some && row.length_ms == 2000);
	CHECK(store_mail_put(&s, now, 0, SPAN("goes on")) && store_mail_get(&s, now, 0).n == 7);
}

static void old_ones_go_and_are_told(void)
{
	enum mail_kept kept;
	uint32_t person;

	CHECK(empty() && record(1, 1000, 1, 1000, &kept) && record(1, 9000, 1, 1000, &kept) && record(2, 2000, 1, 1000, &kept));
	CHECK(store_mail_forget(&s, 5000, 0, gone) && went_n == 2 && counted(1, 1, 0) && counted(2, 0, 0));
	CHECK(!store_mail_owner(&s, went[0], &person) && store_mail_get(&s, went[0], 0).n == 0);
}

static void there_is_room_for_so_many(void)
{
	enum mail_kept kept;

	CHECK(empty() && record(1, 1000, 1, 1000, &kept));
	CHECK(store_mail_begin(&s, 1, 1000, 1) == 0 && store_mail_begin(&s, 2, 1000, 1) != 0);
	CHECK(store_mail_forget_of(&s, 1) && counted(1, 0, 0) && store_mail_begin(&s, 1, 1000, 1) != 0);
	CHECK(!store_mail_mark(&s, 2, 1, true) || counted(2, 0, 0)); /* another's */
}

static long long journal(void)
{
	char path[sizeof where + 8];
	struct stat st;

	snprintf(path, sizeof path, "%s-wal", where);
	return stat(path, &st) == 0 ? (long long)st.st_size : -1;
}

/* R21, R28: or what is deleted stays to be read in it, and the disk fills. */
static void who_hears_a_message_keeps_no_journal(void)
{
	enum { MOST = 6 << 20, PIECES = 800 };
	static const uint8_t second[MAIL_PIECE_MAX];
	enum mail_kept kept;
	struct mail_row row;

	if (on_postgresql)
		return;
	CHECK(empty() && record(1, 1000, 1, 1000, &kept) && store_mail_next(&s, 1, false, 0, &row));
	struct span piece = store_mail_get(&s, row.id, 0);
	CHECK(span_eq(piece, SPAN("sealed")));
	CHECK(db_tidy(s.db) && journal() == 0 && span_eq(piece, SPAN("sealed")));
	const int64_t next = store_mail_begin(&s, 2, 1000, 50);
	for (uint32_t i = 0; i < PIECES; i++)
		CHECK(store_mail_get(&s, row.id, 0).n == 6 && store_mail_put(&s, next, i, span_of(second, sizeof second)));
	CHECK(journal() > 0 && journal() < MOST);
}

/* Then what was to be tidied up is not, and that is said. */
static void a_query_that_is_not_over_is_told(void)
{
	if (on_postgresql)
		return;
	struct stmt *q = db_prepare(s.db, "SELECT 1 UNION SELECT id FROM messages");
	CHECK(q && db_step(q) == DB_ROW && store_mail_mark(&s, 1, 1, false) && !db_tidy(s.db));
	CHECK(strstr(db_why(s.db), "SQLite:"));
	db_reset(q);
	CHECK(db_tidy(s.db) && journal() == 0);
}

int main(int argc, char **argv)
{
	char dir[] = "/tmp/ringfence-store-XXXXXX", why[DB_WHY_MAX] = "";

	on_postgresql = argc == 2;
	if (!on_postgresql && !mkdtemp(dir))
		return 1;
	snprintf(where, sizeof where, "%s%s", on_postgresql ? argv[1] : dir, on_postgresql ? "" : "/ledger.db");
	struct db *db = on_postgresql ? db_open_postgresql(where, why) : db_open_sqlite(where, why);
	if (!db || !store_open(&s, db, why)) {
		fprintf(stderr, "%s\n", why);
		return 1;
	}
	RUN(what_was_said_is_kept_and_nothing_goes);
	RUN(what_was_not_said_goes_and_is_told);
	RUN(a_recording_that_nobody_ended_is_ended);
	RUN(old_ones_go_and_are_told);
	RUN(there_is_room_for_so_many);
	RUN(who_hears_a_message_keeps_no_journal);
	RUN(a_query_that_is_not_over_is_told);
	store_close(&s);
	if (!on_postgresql) {
		unlink(where);
		rmdir(dir);
	}
	return TEST_END;
}
