/* SPDX-License-Identifier: ISC */
#include "ledger/db_int.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct lite {
	struct db db;
	sqlite3 *handle;
};

struct lite_stmt {
	struct stmt stmt;
	sqlite3_stmt *handle;
};

/* Sole owner of the file, so no shared memory and nothing that is opened late, after the root has changed. A row that
 * is deleted is overwritten; what was confirmed is on the disk. */
static const char settings[] = "PRAGMA locking_mode = EXCLUSIVE;"
			       "PRAGMA temp_store = MEMORY;"
			       "PRAGMA mmap_size = 0;"
			       "PRAGMA secure_delete = ON;"
			       "PRAGMA foreign_keys = ON;"
			       "PRAGMA trusted_schema = OFF;"
			       "PRAGMA journal_mode = WAL;"
			       "PRAGMA synchronous = FULL;"
			       "PRAGMA journal_size_limit = 4194304;";

static void say_why(struct lite *l)
{
	snprintf(l->db.why, sizeof l->db.why, "SQLite: %s", sqlite3_errmsg(l->handle));
}

/* Of a checkpoint: whether it was kept from its end (by a query that is not over), and two numbers. */
static int read_checkpoint(void *busy, int columns, char **value, char **name)
{
	(void)name;
	*(bool *)busy = columns == 3 && value[0] && strcmp(value[0], "0") != 0;
	return 0;
}

static bool lite_exec(struct db *db, const char *sql)
{
	struct lite *l = (struct lite *)db;
	bool busy = false;

	/* SQLite rolls back by itself when the disk is full: that is the reason to tell, not that nothing is left to roll back */
	if (strcmp(sql, "ROLLBACK") == 0 && sqlite3_get_autocommit(l->handle))
		return true;
	if (sqlite3_exec(l->handle, sql, read_checkpoint, &busy, NULL) != SQLITE_OK)
		say_why(l);
	else if (busy)
		snprintf(l->db.why, sizeof l->db.why, "SQLite: a query is not over");
	else
		return true;
	return false;
}

static struct stmt *lite_prepare(struct db *db, const char *sql)
{
	struct lite *l = (struct lite *)db;
	struct lite_stmt *s = calloc(1, sizeof *s);

	if (s && sqlite3_prepare_v3(l->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->handle, NULL) == SQLITE_OK)
		return &s->stmt;
	say_why(l);
	free(s);
	return NULL;
}

/* To SQLite "$2" is a name, whose place is where it first stands. */
static int place(const struct lite_stmt *s, int i)
{
	char name[8];

	snprintf(name, sizeof name, "$%d", i);
	return sqlite3_bind_parameter_index(s->handle, name);
}

static void lite_bind_int(struct stmt *st, int i, int64_t v)
{
	struct lite_stmt *s = (struct lite_stmt *)st;

	sqlite3_bind_int64(s->handle, place(s, i), v);
}

static void lite_bind_octets(struct stmt *st, int i, struct span v, bool text)
{
	struct lite_stmt *s = (struct lite_stmt *)st;
	int at = place(s, i);

	if (text)
		sqlite3_bind_text(s->handle, at, v.n ? (const char *)v.p : "", (int)v.n, SQLITE_STATIC);
	else if (v.n)
		sqlite3_bind_blob(s->handle, at, v.p, (int)v.n, SQLITE_STATIC);
	else
		sqlite3_bind_null(s->handle, at);
}

static void lite_reset(struct stmt *st)
{
	struct lite_stmt *s = (struct lite_stmt *)st;

	sqlite3_reset(s->handle);
	sqlite3_clear_bindings(s->handle);
}

static enum db_result lite_step(struct stmt *st)
{
	struct lite_stmt *s = (struct lite_stmt *)st;
	struct lite *l = (struct lite *)st->db;
	int rc = sqlite3_step(s->handle);

	if (rc == SQLITE_ROW)
		return DB_ROW;
	st->changed = sqlite3_changes64(l->handle);
	if (rc != SQLITE_DONE)
		say_why(l);
	lite_reset(st);
	return rc == SQLITE_DONE ? DB_DONE : DB_FAILED;
}

static int64_t lite_int(const struct stmt *st, int column)
{
	return sqlite3_column_int64(((const struct lite_stmt *)st)->handle, column);
}

static struct span lite_octets(const struct stmt *st, int column)
{
	sqlite3_stmt *h = ((const struct lite_stmt *)st)->handle;
	const void *p = sqlite3_column_blob(h, column);

	return span_of(p, p ? (size_t)sqlite3_column_bytes(h, column) : 0);
}

static void lite_finalize(struct stmt *st)
{
	sqlite3_finalize(((struct lite_stmt *)st)->handle);
	free(st);
}

static void lite_close(struct db *db)
{
	sqlite3_close(((struct lite *)db)->handle);
	free(db);
}

static const struct db_backend lite_backend = {
    .close = lite_close,
    .exec = lite_exec,
    .tidy = "PRAGMA wal_checkpoint(TRUNCATE)",
    .no_table = "no such table",
    .prepare = lite_prepare,
    .bind_int = lite_bind_int,
    .bind_octets = lite_bind_octets,
    .step = lite_step,
    .reset = lite_reset,
    .column_int = lite_int,
    .column_octets = lite_octets,
    .finalize = lite_finalize,
};

/* Only this file is ever readable by its owner alone; SQLite gives its log the same owner and mode. */
static bool make_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static int store_dir = -1;

/* SQLite makes the name of a new log durable by opening its directory; in the cage there is no path to it any more. */
static int open_directory(const char *path, int *fd)
{
	(void)path;
	*fd = fcntl(store_dir, F_DUPFD_CLOEXEC, 0);
	return *fd < 0 ? SQLITE_CANTOPEN : SQLITE_OK;
}

static bool keep_directory(const char *path)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];

	if (!slash || !span_cstr(span_of(path, (size_t)(slash - path)), dir, sizeof dir))
		return false;
	if (store_dir >= 0)
		close(store_dir);
	store_dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return store_dir >= 0 &&
	       vfs->xSetSystemCall(vfs, "openDirectory", (sqlite3_syscall_ptr)open_directory) == SQLITE_OK;
}

struct db *db_open_sqlite(const char *path, char why[static DB_WHY_MAX])
{
	struct lite *l = calloc(1, sizeof *l);
	uint8_t seeded;

	snprintf(why, DB_WHY_MAX, "cannot make the database file");
	if (!l || !make_file(path) || !keep_directory(path)) {
		free(l);
		return NULL;
	}
	l->db.backend = &lite_backend;
	if (sqlite3_open_v2(path, &l->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK) {
		sqlite3_busy_timeout(l->handle, 2000); /* a predecessor that is just dying */
		sqlite3_extended_result_codes(l->handle, 1);
		sqlite3_randomness(sizeof seeded, &seeded); /* opens /dev/urandom the first time */
		if (lite_exec(&l->db, settings))
			return &l->db;
	}
	say_why(l);
	memcpy(why, l->db.why, DB_WHY_MAX);
	lite_close(&l->db);
	return NULL;
}

/* --- a look --- */

static int open_to_read(const char *path, int flags, int mode)
{
	(void)mode;
	return open(path, (flags & ~(O_ACCMODE | O_CREAT | O_TRUNC)) | O_RDONLY | O_CLOEXEC);
}

/* For each that would change a file. */
static int refuse(void)
{
	errno = EROFS;
	return -1;
}

static bool only_read(void)
{
	static const char *const change[] = {
	    "write", "pwrite", "pwrite64", "ftruncate", "fallocate", "unlink", "fchmod", "fchown", "mkdir", "rmdir"};
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

	for (size_t i = 0; i < sizeof change / sizeof *change; i++)
		if (vfs->xSetSystemCall(vfs, change[i], (sqlite3_syscall_ptr)refuse) == SQLITE_NOMEM)
			return false;
	return vfs->xSetSystemCall(vfs, "open", (sqlite3_syscall_ptr)open_to_read) == SQLITE_OK;
}

/* Whoever has the file open locks it for as long as they live: so no lock is asked for, and the index of the log of writes is made in
 * memory of our own. Without such a log the file is whole by itself. */
struct db *db_look_sqlite(const char *path, char why[static DB_WHY_MAX])
{
	struct lite *l = calloc(1, sizeof *l);
	char uri[PATH_MAX], wal[PATH_MAX];

	snprintf(why, DB_WHY_MAX, "no memory");
	if (!l || !only_read()) {
		free(l);
		return NULL;
	}
	l->db.backend = &lite_backend;
	snprintf(wal, sizeof wal, "%s-wal", path);
	bool whole = access(wal, F_OK) != 0;
	snprintf(uri, sizeof uri, "file:%s%s", path, whole ? "?immutable=1" : "");
	if (sqlite3_open_v2(uri, &l->handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI,
		whole ? NULL : "unix-none") == SQLITE_OK &&
	    sqlite3_db_config(l->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) == SQLITE_OK &&
	    lite_exec(&l->db, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = MEMORY;"))
		return &l->db;
	say_why(l);
	memcpy(why, l->db.why, DB_WHY_MAX);
	lite_close(&l->db);
	return NULL;
}
