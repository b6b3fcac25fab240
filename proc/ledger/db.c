/* SPDX-License-Identifier: ISC */
#include "ledger/db_int.h"

void db_close(struct db *db)
{
	if (!db)
		return;
	while (db->stmts) {
		struct stmt *s = db->stmts;
		db->stmts = s->next;
		db->backend->finalize(s);
	}
	db->backend->close(db);
}

bool db_lost(const struct db *db)
{
	return db->lost;
}

const char *db_why(const struct db *db)
{
	return db->why;
}

bool db_lacks_table(const struct db *db)
{
	return !db->lost && strstr(db->why, db->backend->no_table) != NULL;
}

bool db_exec(struct db *db, const char *sql)
{
	return !db->lost && db->backend->exec(db, sql);
}

bool db_tidy(struct db *db)
{
	return !db->backend->tidy || db_exec(db, db->backend->tidy);
}

bool db_unhurried(struct db *db)
{
	return !db->backend->unhurried || db_exec(db, db->backend->unhurried);
}

bool db_own(struct db *db)
{
	return !db->backend->own || db_exec(db, db->backend->own);
}

struct stmt *db_prepare(struct db *db, const char *sql)
{
	struct stmt *s = db->backend->prepare(db, sql);

	if (!s)
		return NULL;
	s->db = db;
	s->next = db->stmts;
	db->stmts = s;
	return s;
}

void db_bind_int(struct stmt *s, int i, int64_t v)
{
	s->db->backend->bind_int(s, i, v);
}

void db_bind_text(struct stmt *s, int i, struct span v)
{
	s->db->backend->bind_octets(s, i, v, true);
}

void db_bind_octets(struct stmt *s, int i, struct span v)
{
	s->db->backend->bind_octets(s, i, v, false);
}

enum db_result db_step(struct stmt *s)
{
	return s->db->lost ? DB_FAILED : s->db->backend->step(s);
}

void db_reset(struct stmt *s)
{
	s->db->backend->reset(s);
}

int64_t db_changed(const struct stmt *s)
{
	return s->changed;
}

int64_t db_int(const struct stmt *s, int column)
{
	return s->db->backend->column_int(s, column);
}

struct span db_octets(const struct stmt *s, int column)
{
	return s->db->backend->column_octets(s, column);
}
