/* SPDX-License-Identifier: ISC */
#include "ledger/db_int.h"
#include <endian.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

struct pg {
	struct db db;
	PGconn *conn;
	unsigned stmts_n;
};

struct pg_stmt {
	struct stmt stmt;
	char name[16];
	int params;
	const char *value[DB_PARAMS_MAX];
	int length[DB_PARAMS_MAX], format[DB_PARAMS_MAX];
	uint64_t number[DB_PARAMS_MAX]; /* big-endian */
	PGresult *rows;
	int at;
};

/* The server's own words may quote a value of the row: only its error class is kept. */
static void say_why(struct pg *p, const PGresult *r)
{
	const char *state = r ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;

	snprintf(p->db.why, sizeof p->db.why, "PostgreSQL: error %s", state ? state : "of the connection");
	if (PQstatus(p->conn) != CONNECTION_OK)
		p->db.lost = true;
}

static bool finish(struct pg *p, PGresult *r)
{
	ExecStatusType s = PQresultStatus(r);
	bool ok = s == PGRES_COMMAND_OK || s == PGRES_TUPLES_OK;

	if (!ok)
		say_why(p, r);
	PQclear(r);
	return ok;
}

/* Where a statement failed before, COMMIT rolls back, and that is no error to the server. */
static bool pg_exec(struct db *db, const char *sql)
{
	struct pg *p = (struct pg *)db;
	PGresult *r = PQexec(p->conn, sql);
	bool undone = r && strcmp(sql, "COMMIT") == 0 && strcmp(PQcmdStatus(r), "ROLLBACK") == 0;

	if (!finish(p, r))
		return false;
	if (undone)
		snprintf(p->db.why, sizeof p->db.why, "PostgreSQL: it failed before, and all of it was rolled back");
	return !undone;
}

static struct stmt *pg_prepare(struct db *db, const char *sql)
{
	struct pg *p = (struct pg *)db;
	struct pg_stmt *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	snprintf(s->name, sizeof s->name, "s%u", p->stmts_n++);
	if (finish(p, PQprepare(p->conn, s->name, sql, 0, NULL)))
		return &s->stmt;
	free(s);
	return NULL;
}

static void set(struct pg_stmt *s, int i, const void *value, size_t n)
{
	if (i < 1 || i > DB_PARAMS_MAX)
		abort();
	if (i > s->params)
		s->params = i;
	s->value[i - 1] = value;
	s->length[i - 1] = (int)n;
	s->format[i - 1] = 1;
}

static void pg_bind_int(struct stmt *st, int i, int64_t v)
{
	struct pg_stmt *s = (struct pg_stmt *)st;

	set(s, i, &s->number[i - 1], 8);
	s->number[i - 1] = htobe64((uint64_t)v);
}

static void pg_bind_octets(struct stmt *st, int i, struct span v, bool text)
{
	set((struct pg_stmt *)st, i, v.n ? (const void *)v.p : text ? "" : NULL, v.n);
}

static void pg_reset(struct stmt *st)
{
	struct pg_stmt *s = (struct pg_stmt *)st;

	PQclear(s->rows);
	s->rows = NULL;
	s->params = 0;
	memset(s->value, 0, sizeof s->value);
}

static enum db_result run(struct pg *p, struct pg_stmt *s)
{
	PGresult *r = PQexecPrepared(p->conn, s->name, s->params, s->value, s->length, s->format, 1);
	ExecStatusType status = PQresultStatus(r);

	if (status == PGRES_TUPLES_OK) {
		s->rows = r;
		s->at = -1;
		return DB_ROW;
	}
	if (status == PGRES_COMMAND_OK) {
		s->stmt.changed = strtoll(PQcmdTuples(r), NULL, 10);
		PQclear(r);
		return DB_DONE;
	}
	say_why(p, r);
	PQclear(r);
	return DB_FAILED;
}

static enum db_result pg_step(struct stmt *st)
{
	struct pg_stmt *s = (struct pg_stmt *)st;
	enum db_result r = s->rows ? DB_ROW : run((struct pg *)st->db, s);

	if (r == DB_ROW && ++s->at < PQntuples(s->rows))
		return DB_ROW;
	pg_reset(st);
	return r == DB_FAILED ? DB_FAILED : DB_DONE;
}

static struct span pg_octets(const struct stmt *st, int column)
{
	const struct pg_stmt *s = (const struct pg_stmt *)st;

	return span_of(PQgetvalue(s->rows, s->at, column), (size_t)PQgetlength(s->rows, s->at, column));
}

static int64_t pg_int(const struct stmt *st, int column)
{
	struct span v = pg_octets(st, column);
	uint64_t n;

	if (v.n != sizeof n)
		return 0;
	memcpy(&n, v.p, sizeof n);
	return (int64_t)be64toh(n);
}

static void pg_finalize(struct stmt *st)
{
	pg_reset(st);
	free(st);
}

static void pg_close(struct db *db)
{
	PQfinish(((struct pg *)db)->conn);
	free(db);
}

static const struct db_backend pg_backend = {
    .close = pg_close,
    .exec = pg_exec,
    .unhurried = "SET LOCAL statement_timeout = 0",
    /* by the number of a table, so that exchanges may share a database in schemas of their own */
    .own =
	"SET lock_timeout = 3000; SELECT pg_advisory_lock(CAST('meta' AS regclass)::oid::bigint + (1382640231::bigint << 32));"
	"RESET lock_timeout",
    .no_table = "error 42P01",
    .prepare = pg_prepare,
    .bind_int = pg_bind_int,
    .bind_octets = pg_bind_octets,
    .step = pg_step,
    .reset = pg_reset,
    .column_int = pg_int,
    .column_octets = pg_octets,
    .finalize = pg_finalize,
};

static void no_notice(void *arg, const PGresult *r)
{
	(void)arg;
	(void)r; /* "relation already exists, skipping" is no news */
}

/* In another encoding than ours a name may be none: the server would refuse it, and all that is written with it, for ever. */
static bool takes_any_text(const PGconn *c)
{
	const char *encoding = PQparameterStatus(c, "server_encoding");

	return encoding && (strcmp(encoding, "UTF8") == 0 || strcmp(encoding, "SQL_ASCII") == 0);
}

/* One that vanished with its machine holds no lock for hours. */
static const char session[] =
    "SET statement_timeout = 10000; SET synchronous_commit = on; SET tcp_keepalives_idle = 10;"
    "SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 4";

struct db *db_open_postgresql(const char *uri, char why[static DB_WHY_MAX])
{
	struct pg *p = calloc(1, sizeof *p);
	/* keys given later win over the URI's */
	const char *key[] = {
	    "dbname", "connect_timeout", "client_encoding", "tcp_user_timeout", "application_name", NULL};
	const char *value[] = {uri, "5", "UTF8", "10000", "ringfence", NULL};

	snprintf(why, DB_WHY_MAX, "no memory");
	if (!p)
		return NULL;
	p->db.backend = &pg_backend;
	p->conn = PQconnectdbParams(key, value, 1);
	if (p->conn && PQstatus(p->conn) == CONNECTION_OK) {
		PQsetNoticeReceiver(p->conn, no_notice, NULL);
		if (takes_any_text(p->conn) && pg_exec(&p->db, session))
			return &p->db;
	}
	/* libpq's text may hold the password of the URI; what it could not reach is in the configuration anyway */
	snprintf(why, DB_WHY_MAX, "%s",
	    p->conn && PQstatus(p->conn) == CONNECTION_OK && !takes_any_text(p->conn)
		? "the PostgreSQL database named by `database` is not of encoding UTF8"
		: "cannot connect to the PostgreSQL named by `database`");
	pg_close(&p->db);
	return NULL;
}
