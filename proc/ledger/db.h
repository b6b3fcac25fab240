/* SPDX-License-Identifier: ISC */
/* The one database connection of ledger, SQLite or PostgreSQL behind the same few calls. Only SQL that both have;
 * parameters are $1, $2 ... and are numbers, text or octets. Everything waits for the database, which is all that
 * ledger does; a PostgreSQL that says nothing for 10 s counts as lost. */
#ifndef LEDGER_DB_H
#define LEDGER_DB_H

#include "base/span.h"

enum { DB_PARAMS_MAX = 14, DB_WHY_MAX = 200 };

enum db_result { DB_FAILED = -1, DB_DONE, DB_ROW };

struct db;
struct stmt;

/* A file of SQLite at `path`, created with mode 0600 if absent. NULL with the reason in why. */
struct db *db_open_sqlite(const char *path, char why[static DB_WHY_MAX]);
/* The same file to read alone, which another process has open. From here on this process can write no file of SQLite's. */
struct db *db_look_sqlite(const char *path, char why[static DB_WHY_MAX]);
/* `uri` as libpq reads it: postgresql://... */
struct db *db_open_postgresql(const char *uri, char why[static DB_WHY_MAX]);
void db_close(struct db *db); /* and every statement of it; NULL is fine */

/* The connection is gone for good: whoever holds it can only start anew. */
bool db_lost(const struct db *db);
/* Why the last call failed: for people, never a value of a row. */
const char *db_why(const struct db *db);

/* Statements without parameters and results, as many as there are in sql. */
bool db_exec(struct db *db, const char *sql) __attribute__((warn_unused_result));

/* What was deleted is in no file of ours any more, the log of writes included; a server sees to its own. Outside of a
 * transaction. */
bool db_tidy(struct db *db) __attribute__((warn_unused_result));

/* The transaction at hand may take as long as it needs. */
bool db_unhurried(struct db *db) __attribute__((warn_unused_result));

/* Nobody else has these tables open as their owner, nor will, as long as this connection lives. After the tables are there; whoever
 * just died is waited for. */
bool db_own(struct db *db) __attribute__((warn_unused_result));

/* The last db_prepare() failed because no such table is there (yet). */
bool db_lacks_table(const struct db *db);

/* A statement lives until db_close(). NULL when it cannot be prepared. */
struct stmt *db_prepare(struct db *db, const char *sql);

/* i counts from 1. Borrowed octets must stay until the first db_step(). */
void db_bind_int(struct stmt *s, int i, int64_t v);
void db_bind_text(struct stmt *s, int i, struct span v);
void db_bind_octets(struct stmt *s, int i, struct span v); /* empty: NULL */

/* After DB_DONE or DB_FAILED, or db_reset(), the statement may be bound and run again. */
enum db_result db_step(struct stmt *s) __attribute__((warn_unused_result));
void db_reset(struct stmt *s);
/* Rows changed by the statement that just ended with DB_DONE. */
int64_t db_changed(const struct stmt *s);

/* Columns of the row at hand count from 0; spans are good until the next step or reset. NULL reads as 0 or empty. */
int64_t db_int(const struct stmt *s, int column);
struct span db_octets(const struct stmt *s, int column);

#endif
