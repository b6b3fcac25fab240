/* SPDX-License-Identifier: ISC */
/* What a backend gives to db.c. */
#ifndef LEDGER_DB_INT_H
#define LEDGER_DB_INT_H

#include "ledger/db.h"

struct db_backend {
	void (*close)(struct db *db);
	bool (*exec)(struct db *db, const char *sql);
	const char *tidy;      /* SQL, or NULL when there is nothing to do */
	const char *unhurried; /* SQL, or NULL when nothing hurries it */
	const char *own;       /* SQL, or NULL when to open it is to own it */
	const char *no_table;  /* how its reason reads when a table is not there */
	struct stmt *(*prepare)(struct db *db, const char *sql);
	void (*bind_int)(struct stmt *s, int i, int64_t v);
	void (*bind_octets)(struct stmt *s, int i, struct span v, bool text);
	enum db_result (*step)(struct stmt *s);
	void (*reset)(struct stmt *s);
	int64_t (*column_int)(const struct stmt *s, int column);
	struct span (*column_octets)(const struct stmt *s, int column);
	void (*finalize)(struct stmt *s);
};

/* Backends embed these as their first member. */
struct db {
	const struct db_backend *backend;
	struct stmt *stmts; /* all, for db_close() */
	bool lost;
	char why[DB_WHY_MAX];
};

struct stmt {
	struct db *db;
	struct stmt *next;
	int64_t changed;
};

#endif
