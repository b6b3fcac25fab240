/* SPDX-License-Identifier: ISC */
#include "ledger/store.h"
#include "ledger/store_int.h"
#include "schema.sql.h"
#include <stdio.h>

static const char *const sql[QUERIES] = {
#define QUERY(NAME, text) [Q_##NAME] = text,
#include "ledger/queries.def"
#undef QUERY
};

bool store_run(struct stmt *q)
{
	enum db_result r = db_step(q);

	if (r == DB_ROW)
		db_reset(q);
	return r != DB_FAILED;
}

bool store_one(struct stmt *q, int64_t *value)
{
	enum db_result r = db_step(q);

	if (r != DB_ROW)
		return false;
	*value = db_int(q, 0);
	db_reset(q);
	return true;
}

int store_page(struct stmt *q, row_read *read, void *out, size_t each, int most)
{
	enum db_result r;
	int n = 0;

	while ((r = db_step(q)) == DB_ROW)
		if (n < most)
			read(q, (char *)out + each * (size_t)n++);
	return r == DB_DONE ? n : -1;
}

const char store_db_failed[] = "the database failed";

enum done_result store_refuse(enum done_result r, const char *words, const char **why)
{
	*why = words;
	return r;
}

void store_copy_text(struct stmt *q, int column, char *out, size_t cap)
{
	struct span v = span_head(db_octets(q, column), cap - 1);

	memcpy(out, v.p ? (const void *)v.p : "", v.n);
	out[v.n] = 0;
}

int store_in_range(int64_t v, int limit)
{
	return v >= 0 && v < limit ? (int)v : 0;
}

bool store_meta_get(struct store *s, const char *name, int64_t *value)
{
	db_bind_text(s->q[Q_META_GET], 1, span_str(name));
	return store_one(s->q[Q_META_GET], value);
}

bool store_meta_set(struct store *s, const char *name, int64_t value)
{
	db_bind_text(s->q[Q_META_SET], 1, span_str(name));
	db_bind_int(s->q[Q_META_SET], 2, value);
	return store_run(s->q[Q_META_SET]);
}

static bool prepare(struct store *s, enum query i)
{
	if (!s->q[i])
		s->q[i] = db_prepare(s->db, sql[i]);
	return s->q[i] != NULL;
}

static bool prepare_all(struct store *s)
{
	for (int i = 0; i < QUERIES; i++)
		if (!prepare(s, (enum query)i))
			return false;
	return true;
}

/* From each schema to the next. In 1 a record was known by its source, which made another index; its rows were numbered
 * from 1, so they stay before all that core numbers. */
static const char *const upgrade[STORE_SCHEMA] = {
    [1] = "DROP INDEX calls_start; ALTER TABLE calls RENAME TO calls_1;"
	  "CREATE TABLE calls (id BIGINT PRIMARY KEY, source BYTEA, day BIGINT NOT NULL, destination TEXT NOT NULL,"
	  "start BIGINT NOT NULL, duration BIGINT NOT NULL);"
	  "INSERT INTO calls (id, source, day, destination, start, duration) "
	  "SELECT id, source, day, destination, start, duration FROM calls_1;"
	  "DROP TABLE calls_1; CREATE INDEX calls_start ON calls (start);",
};

static const char *judge_schema(int64_t schema)
{
	return schema < 1 || schema > STORE_SCHEMA ? "the database was written by another version of ringfence" : NULL;
}

static const char *upgrade_schema(struct store *s)
{
	int64_t schema = STORE_SCHEMA;

	if (!prepare(s, Q_META_GET) || !prepare(s, Q_META_SET))
		return db_why(s->db);
	store_meta_get(s, "schema", &schema);
	const char *why = judge_schema(schema);
	if (why || schema == STORE_SCHEMA)
		return why;
	if (!store_begin(s) || !db_unhurried(s->db))
		return db_why(s->db);
	for (; schema < STORE_SCHEMA; schema++)
		if (!db_exec(s->db, upgrade[schema]))
			return db_why(s->db);
	return store_meta_set(s, "schema", schema) && store_commit(s) && db_tidy(s->db) ? NULL : db_why(s->db);
}

static bool read_counters(struct store *s)
{
	int64_t generation = 0;

	store_meta_get(s, "generation", &generation);
	s->generation = (uint32_t)generation;
	return store_one(s->q[Q_EVENT_LAST], &s->last_event) && store_one(s->q[Q_READING_LAST], &s->last_reading) &&
	       store_one(s->q[Q_NOTICE_LAST], &s->last_notice);
}

/* The count of openings changes with each, so that something is really written: with its first write SQLite makes and
 * syncs its log file and the directory, which can't be done any more from the cage. */
static const char *settle_schema(struct store *s)
{
	int64_t opened = 0;

	store_meta_get(s, "opened", &opened);
	if (!store_begin(s) || !store_meta_set(s, "schema", STORE_SCHEMA) || !store_meta_set(s, "opened", opened + 1) ||
	    !store_commit(s))
		return db_why(s->db);
	return NULL;
}

static void begin(struct store *s, struct db *db)
{
	*s = (struct store){.db = db,
	    .max_people = 4096,
	    .max_phones = 4096,
	    .max_events = STORE_EVENTS_MAX,
	    .max_events_of_phone = STORE_EVENTS_OF_PHONE_MAX};
}

/* what: NULL, or why the rest of the opening was left. */
static bool opened(struct store *s, const char *what, char why[static DB_WHY_MAX])
{
	if (!what && !read_counters(s))
		what = db_why(s->db);
	if (!what)
		return true;
	snprintf(why, DB_WHY_MAX, "%s", what);
	store_close(s);
	return false;
}

bool store_open(struct store *s, struct db *db, char why[static DB_WHY_MAX])
{
	begin(s, db);
	const char *what = db_exec(db, schema_sql) ? NULL : db_why(db);
	if (!what && !db_own(db))
		what = "another exchange has the database open";
	if (!what)
		what = upgrade_schema(s);
	if (!what)
		what = prepare_all(s) ? settle_schema(s) : db_why(db);
	return opened(s, what, why);
}

bool store_open_to_read(struct store *s, struct db *db, char why[static DB_WHY_MAX])
{
	int64_t schema = 0;

	begin(s, db);
	const char *what = prepare_all(s) ? NULL : db_why(db);
	if (!what && (!store_meta_get(s, "schema", &schema) || schema != STORE_SCHEMA))
		what = "it is of no schema of today";
	return opened(s, what, why);
}

bool store_could_open(struct db *db, char why[static DB_WHY_MAX])
{
	struct store s = {.db = db};
	int64_t schema = STORE_SCHEMA;
	const char *what = NULL;

	if (!prepare(&s, Q_META_GET))
		what = db_lacks_table(db) ? NULL : db_why(db);
	else if (!store_meta_get(&s, "schema", &schema) && db_why(db)[0])
		what = db_why(db);
	else
		what = judge_schema(schema);
	if (what)
		snprintf(why, DB_WHY_MAX, "%s", what);
	return what == NULL;
}

bool store_is_former(struct db *db)
{
	struct store s = {.db = db};
	int64_t schema = STORE_SCHEMA;

	if (prepare(&s, Q_META_GET))
		store_meta_get(&s, "schema", &schema);
	return schema < STORE_SCHEMA;
}

void store_close(struct store *s)
{
	db_close(s->db);
	s->db = NULL;
}

bool store_begin(struct store *s)
{
	if (!s->open)
		s->open = db_exec(s->db, "BEGIN");
	return s->open;
}

bool store_commit(struct store *s)
{
	if (!s->open)
		return true;
	if (!db_exec(s->db, "COMMIT")) {
		store_rollback(s);
		return false;
	}
	s->open = false;
	return true;
}

void store_rollback(struct store *s)
{
	if (!s->open)
		return;
	s->open = false;
	/* what failed to roll back is rolled back by the database at the end of the connection */
	if (!db_exec(s->db, "ROLLBACK") || !read_counters(s))
		return;
}

bool store_next_generation(struct store *s)
{
	s->generation = s->generation == UINT32_MAX ? 1 : s->generation + 1;
	return store_meta_set(s, "generation", s->generation);
}
