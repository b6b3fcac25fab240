/* SPDX-License-Identifier: ISC */
#include "base/secret.h"
#include "ledger/dump.h"
#include "ledger/load.h"
#include "vault/backup.h"
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

static struct store store;
static struct load load;
static char target[LOAD_TARGET_MAX + 1];

static int fail(const char *why)
{
	(void)!write(STDOUT_FILENO, why, strlen(why));
	return 1;
}

static bool read_all(void *p, size_t n)
{
	uint8_t *at = p;

	for (ssize_t got; n; at += got, n -= (size_t)got)
		if ((got = read(STDIN_FILENO, at, n)) <= 0)
			return false;
	return true;
}

/* Empty, or with the mark. */
static const char *open_store(uint64_t mark, bool *empty)
{
	static char why[DB_WHY_MAX];
	bool uri = strncmp(target, "postgresql://", 13) == 0;
	struct db *db = uri ? db_open_postgresql(target, why) : db_open_sqlite(target, why);

	if (!db)
		return why;
	*empty = load_is_empty(db);
	if (!*empty && !load_has_mark(db, mark)) {
		db_close(db);
		return "the database holds an exchange already";
	}
	return store_open(&store, db, why) ? NULL : why;
}

static const char *open_target(uint64_t mark)
{
	bool empty = true;
	const char *why = open_store(mark, &empty);

	if (!why && !empty) { /* and what its opening wrote goes too */
		if (!load_undo(&store))
			return "the database failed, and what an interrupted restore put into it is in it still";
		store_close(&store);
		why = open_store(0, &empty);
	}
	return why ? why : store_begin(&store) ? NULL : db_why(store.db);
}

static const char *take_piece(struct backup_box *box, uint8_t *plain)
{
	static uint8_t piece[BACKUP_SEALED_MAX];
	struct backup_piece p;
	struct span rows;

	if (!read_all(piece, BACKUP_PIECE_HEAD) || backup_piece_parse(piece, &p) ||
	    !read_all(piece + BACKUP_PIECE_HEAD, p.n + BACKUP_TAG))
		return "it is damaged or cut off";
	const char *why = backup_open(box, span_of(piece, BACKUP_PIECE_HEAD + p.n + BACKUP_TAG), plain, &rows);
	return why ? why : load_piece(&load, rows);
}

static const char *take_all(const uint8_t key[BACKUP_KEY])
{
	struct backup_box *box = secret_new(sizeof *box);
	uint8_t *plain = secret_new(BACKUP_PIECE_MAX);
	const char *why = NULL;

	backup_box_init(box, BACKUP_LEDGER, key);
	while (!why && !box->ended)
		why = take_piece(box, plain);
	if (!why && !load.begun)
		why = "its rows are damaged";
	secret_free(box, sizeof *box);
	secret_free(plain, BACKUP_PIECE_MAX);
	return why;
}

static bool hear(char what)
{
	char octet;

	return read_all(&octet, 1) && octet == what;
}

static bool say_yes(void)
{
	static const char yes = LOAD_YES;

	return write(STDOUT_FILENO, &yes, 1) == 1;
}

static bool left; /* in the database, and is not to be there */

/* Kept only when whoever restores says so after everything else stands. */
static const char *finish(uint64_t mark)
{
	if (mark && !load_mark(&store, mark))
		return db_why(store.db);
	if (!say_yes() || !hear(LOAD_COMMIT))
		return "";
	if (!store_commit(&store))
		return db_why(store.db);
	bool tidy = db_tidy(store.db);
	if (tidy && say_yes() && hear(LOAD_KEEP)) {
		(void)load_unmark(&store); /* it means nothing any more */
		return NULL;
	}
	left = !load_undo(&store);
	if (left)
		return "the database failed, and what was put into it may be in it still";
	return tidy ? "" : "the database failed";
}

int load_main(void)
{
	struct load_head h;
	const char *why;

	/* a key that interrupts the restore ends the other side: then there is to undo here */
	if (signal(SIGINT, SIG_IGN) == SIG_ERR || signal(SIGTERM, SIG_IGN) == SIG_ERR ||
	    signal(SIGHUP, SIG_IGN) == SIG_ERR || prctl(PR_SET_DUMPABLE, 0) != 0 || !read_all(&h, sizeof h) ||
	    h.target_n > LOAD_TARGET_MAX || !read_all(target, h.target_n))
		return fail("it was started by nobody who restores");
	why = target[0] ? open_target(h.mark) : NULL;
	if (why)
		return fail(why);
	load_begin(&load, target[0] ? &store : NULL);
	why = take_all(h.key);
	uint64_t mark = h.mark;
	secret_wipe(&h, sizeof h);
	if (!why && target[0])
		why = finish(mark);
	else if (!why && !say_yes())
		why = "";
	if (target[0])
		store_close(&store); /* what was not committed is not there */
	return !why ? 0 : fail(why) && left ? LOAD_LEFT : 1;
}
