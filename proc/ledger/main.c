/* SPDX-License-Identifier: ISC */
/* ledger: the database, and nothing else. core asks it for the directory and gives it records; ctl changes the one and
 * reads both; everyone tells it events. */
#include "base/log.h"
#include "base/secret.h"
#include "ipc/reads_alone.h"
#include "ledger/ballast.h"
#include "ledger/disk.h"
#include "ledger/ledger.h"
#include "ledger/load.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct store ledger_store;

static int store_dir = -1, look_dir = -1;
static char uri[513];

static void on_file(enum file_kind what, int fd)
{
	if (what == FILE_STORE_DIR && store_dir < 0)
		store_dir = fd;
	else if (what == FILE_STORE_LOOK && look_dir < 0)
		look_dir = fd;
	else
		close(fd);
}

static void on_database(struct span text)
{
	if (!span_cstr(text, uri, sizeof uri))
		log_fatal("no such database");
}

/* The file belongs to whom its directory belongs to, whoever opens it first. */
static bool make_file(void)
{
	int fd = openat(store_dir, "ledger.db", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct stat dir;

	if (fd < 0 || fstat(store_dir, &dir) != 0) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	if (geteuid() == 0 && fchown(fd, dir.st_uid, dir.st_gid) != 0)
		log_warn("the database file stays root's");
	close(fd);
	return true;
}

static void name_file(int dir, char path[static 64])
{
	snprintf(path, 64, "/proc/self/fd/%d/ledger.db", dir);
}

static bool holds_nothing(const char *name)
{
	struct stat s;

	return fstatat(store_dir, name, &s, AT_SYMLINK_NOFOLLOW) == 0 ? s.st_size == 0 : errno == ENOENT;
}

/* Begun anew, the numbers of phones would be given again, which stand in certificates. */
static bool is_lost(void)
{
	return holds_nothing("ledger.db") && holds_nothing("ledger.db-wal") && ballast_is_there(store_dir);
}

static struct db *open_database(char why[static DB_WHY_MAX])
{
	char path[64];

	if (uri[0])
		return db_open_postgresql(uri, why);
	if (store_dir < 0)
		log_fatal("no directory for the database");
	if (!make_file()) {
		snprintf(why, DB_WHY_MAX, "cannot make the database file: %s", strerror(errno));
		return NULL;
	}
	name_file(store_dir, path);
	return db_open_sqlite(path, why);
}

/* In a rehearsal: what another ledger has open may be changed while it is read, so once more. */
static bool could_open(char why[static DB_WHY_MAX])
{
	enum { TRIES = 10, PAUSE_MS = 100 };
	char path[64];

	if (uri[0]) {
		struct db *db = db_open_postgresql(uri, why);
		bool could = db && store_could_open(db, why);
		db_close(db);
		return could;
	}
	int fd = openat(look_dir, "ledger.db", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0) {
		snprintf(why, DB_WHY_MAX, "%s", strerror(errno));
		return errno == ENOENT; /* it is made at the start */
	}
	close(fd);
	name_file(look_dir, path);
	for (int i = 0; i < TRIES; i++) {
		struct db *db = db_look_sqlite(path, why);
		bool could = db && store_could_open(db, why);
		db_close(db);
		if (could)
			return true;
		nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
	}
	return false;
}

static const char *on_prepare(const struct site *s)
{
	static char line[REASON_MAX + 1];
	char why[DB_WHY_MAX];
	const char *missing = s->log_privacy == LOG_MILD ? site_mild_missing(s) : NULL;

	if (missing)
		snprintf(line, sizeof line, "log.privacy = \"mild\" needs %s", missing);
	else if (look_dir >= 0 && !could_open(why))
		snprintf(line, sizeof line, "%s: %.140s", uri[0] ? "database" : "ledger/ledger.db", why);
	else
		return NULL;
	return line;
}

static void on_commit(const struct site *s)
{
	reads_alone_commit();
	ledger_store.max_people = s->max_users;
	ledger_store.max_phones = s->max_phones;
}

/* An upgrade takes as long as there are rows, so parent hears of it before. */
static void say_upgrading(void)
{
	struct link *parent = child_parent();

	if (ipc_begin(parent, MSG_UPGRADING))
		ipc_end(parent);
	link_flush(parent);
}

static bool open_store(char why[static DB_WHY_MAX])
{
	struct db *db = open_database(why);

	if (db && store_is_former(db))
		say_upgrading();
	if (!db || !store_open(&ledger_store, db, why))
		return false;
	if (store_spent_of_trunks(&ledger_store, child_site()->trunk, child_site()->trunks))
		return true;
	snprintf(why, DB_WHY_MAX, "%s", db_why(db));
	store_close(&ledger_store);
	return false;
}

static char cannot_write[DB_WHY_MAX]; /* empty: it can */

/* The directory is served from a file that nothing can be written to; without one edge would let no phone in, and nobody could call
 * for help (R16). */
static bool open_to_read(const char *why)
{
	char path[64], unread[DB_WHY_MAX];

	if (disk_takes_writes(store_dir))
		return false;
	name_file(store_dir, path);
	struct db *db = db_look_sqlite(path, unread);
	bool open = db && store_open_to_read(&ledger_store, db, unread);
	if (open)
		snprintf(cannot_write, sizeof cannot_write, "%s", why);
	return open;
}

static void on_open(void)
{
	char why[DB_WHY_MAX];
	bool in_file = !uri[0];

	if (in_file && is_lost()) {
		log_error(
		    "ledger/ledger.db is gone or empty, and people and phones with it: take back a backup; to begin with "
		    "nobody remove ledger, keeper and signer");
		exit(1);
	}
	bool open = open_store(why);
	if (!open && in_file && ballast_give_up(store_dir)) {
		log_warn("%s: once more, with the room that was held for this", why);
		open = open_store(why);
	}
	if (!open && !(in_file && open_to_read(why))) {
		log_error("%s", why);
		exit(1);
	}
	if (in_file && open)
		ballast_take(store_dir);
	secret_wipe(uri, sizeof uri); /* it may hold a password */
	on_commit(child_site());
	batch_init();
	mailbox_init();
}

static void on_serve(void)
{
	if (cannot_write[0])
		reads_alone_serve(cannot_write);
	keep_init();
}

static void on_link_down(struct link *l)
{
	if (l->peer == PROC_CORE)
		push_core_down();
}

static void on_status(struct proc_status *s)
{
	batch_status(s);
	keep_status(s);
	mailbox_status(s);
	reads_alone_status(s);
}

/* What is committed is on disk; the database is left as it is, since to close it SQLite would look for its files by name,
 * and in here there are none. */
static void on_stop(void)
{
	if (change_pending())
		push_core_down();
	(void)batch_flush();
}

static ipc_handler *const on[MSG_N] = {
    [MSG_DIRECTORY_WANT] = push_want,
    [MSG_DIRECTORY_VERDICT] = push_verdict,
    [MSG_RECORD] = batch_record,
    [MSG_EVENT] = batch_event,
    [MSG_USER_SET] = change_user,
    [MSG_PHONE_SET] = change_phone,
    [MSG_PHONE_BIND] = change_binding,
    [MSG_LIST_WANT] = answer_list,
    [MSG_LOG_WANT] = answer_log,
    [MSG_CLOCK_CONFIRM] = keep_confirm,
    [MSG_SETTING_PUT] = change_settings,
    [MSG_SETTING_SET] = change_own_setting,
    [MSG_GROUP_SET] = change_group,
    [MSG_SETTING_WANT] = answer_settings,
    [MSG_SPENT_SET] = batch_spent,
    [MSG_NOTICE_ADD] = batch_notice,
    [MSG_NOTICE_TAKE] = answer_take_notice,
    [MSG_EXPORT_WANT] = export_answer,
    [MSG_MAIL_BEGIN] = mailbox_on_begin,
    [MSG_MAIL_PUT] = mailbox_on_put,
    [MSG_MAIL_END] = mailbox_on_end,
    [MSG_MAIL_MARK] = mailbox_on_mark,
    [MSG_MAIL_WANT] = mailbox_on_want,
    [MSG_MAIL_FORGET] = mailbox_on_forget,
    [MSG_MAIL_GET] = mailbox_on_get,
};

/* Beyond what is common: the locks of SQLite; the connection to PostgreSQL. */
static const char *const calls[] = {
    "fcntl", "sendto", "recvfrom", "getsockopt", "rt_sigpending", "rt_sigtimedwait", NULL};

static const struct cage cage = {.name = "ledger", .calls = calls, .files = 64, .memory_mb = 128, .may_write_files = 1};

int main(int argc, char **argv)
{
	static const struct child ledger = {
	    .me = PROC_LEDGER,
	    .cage = &cage,
	    .on = on,
	    .file = on_file,
	    .prepare = on_prepare,
	    .commit = on_commit,
	    .database = on_database,
	    .open = on_open,
	    .serve = on_serve,
	    .link_down = on_link_down,
	    .status = on_status,
	    .stop = on_stop,
	};

	if (argc == 2 && strcmp(argv[1], "--load") == 0)
		return load_main();
	return child_main(&ledger, argc, argv);
}
