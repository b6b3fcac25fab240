/* SPDX-License-Identifier: ISC */
/* A file is read twice: first to see that all of it is whole and ours, then to build the site beside its place. Until the
 * last renaming nothing of the site has changed. */
#include "backup.h"
#include "base/rand.h"
#include "base/secret.h"
#include "conf/conf.h"
#include "vault/store.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char fresh[] = "restore.new"; /* what is being built, in the site */

static struct {
	bool build, makes_key;
	struct conf conf;
	uint8_t text[CONF_MAX];
	size_t text_n;
	struct store keeper;
	struct loader rows; /* waits for the end of it all */
	uint64_t mark;      /* of its rows, in a database that is no file */
} to = {.rows = {.in = -1, .out = -1}};

/* From what is built to its place; the configuration, without which nothing starts, comes last. */
static struct {
	const char *what;
	bool moved;
} place[] = {{"keeper"}, {"ledger"}, {"boot.key"}, {FILES_TRUST}, {FILES_PROMPTS}, {"ringfence.conf"}};
enum { PLACES = sizeof place / sizeof *place, CONF_PLACE = PLACES - 1 };

/* --- the parts --- */

static const char *take_conf(struct run *r, struct span plain, bool last)
{
	if (!r->conf) { /* else another is there already */
		if (plain.n > sizeof to.text - to.text_n)
			return "its configuration is too long";
		memcpy(to.text + to.text_n, plain.p, plain.n);
		to.text_n += plain.n;
	}
	if (last && !conf_parse(span_of(to.text, to.text_n), r->conf ? "--config" : "ringfence.conf", &to.conf))
		return to.conf.reason;
	return NULL;
}

static const char *take_files(struct run *r, struct span plain, bool last)
{
	return files_take(r, to.build, plain, last);
}

static const char *take_keeper(struct run *r, struct span plain, bool last)
{
	(void)r;
	(void)last;
	return keep_take(to.build ? &to.keeper : NULL, plain);
}

static const char *take_end(struct run *r, struct span plain, bool last)
{
	(void)r;
	return plain.n == 8 && last ? NULL : "its end is damaged";
}

static const char *(*const take[BACKUP_PARTS])(struct run *r, struct span plain, bool last) = {
    [BACKUP_FILES] = take_files,
    [BACKUP_CONF] = take_conf,
    [BACKUP_KEEPER] = take_keeper,
    [BACKUP_END] = take_end,
};

/* --- the file --- */

/* A whole piece; 1, or 0 at the end of the file, or -1: it is cut off or no piece. */
static int read_piece(FILE *f, uint8_t piece[BACKUP_SEALED_MAX], size_t *n)
{
	struct backup_piece p;
	size_t got = fread(piece, 1, BACKUP_PIECE_HEAD, f);

	if (got == 0 && feof(f))
		return 0;
	if (got != BACKUP_PIECE_HEAD || backup_piece_parse(piece, &p))
		return -1;
	*n = BACKUP_PIECE_HEAD + (size_t)p.n + BACKUP_TAG;
	return fread(piece + BACKUP_PIECE_HEAD, 1, *n - BACKUP_PIECE_HEAD, f) == *n - BACKUP_PIECE_HEAD ? 1 : -1;
}

/* ledger opens its own, which pass by here sealed, and commits nothing yet. */
static const char *pass_rows(struct run *r, FILE *f)
{
	char target[PATH_MAX] = "";

	if (to.build && to.conf.database[0])
		snprintf(target, sizeof target, "%s", to.conf.database);
	else if (to.build)
		snprintf(target, sizeof target, "%s/restore.new/ledger/ledger.db", r->site);
	const char *why = loader_start(&to.rows, r->s->part, target, to.build ? to.mark : 0);
	for (bool last = false; !why && !last;) {
		uint8_t piece[BACKUP_SEALED_MAX];
		size_t n;
		if (read_piece(f, piece, &n) != 1 || piece[0] != BACKUP_LEDGER)
			why = "it is damaged or cut off";
		else if (!loader_put(&to.rows, piece, n))
			break; /* it says why */
		last = !why && piece[1];
	}
	if (!why)
		why = loader_hear(&to.rows);
	if (why || !to.build)
		loader_end(&to.rows, false);
	return why;
}

static const char *take_part(struct run *r, FILE *f, enum backup_part part)
{
	uint8_t piece[BACKUP_SEALED_MAX];
	const char *why = NULL;
	struct span plain;
	size_t n;

	backup_part_key(&r->header, r->s->master, part, r->s->part);
	if (part == BACKUP_LEDGER)
		return pass_rows(r, f);
	backup_box_init(&r->s->box, part, r->s->part);
	while (!why && !r->s->box.ended) {
		if (read_piece(f, piece, &n) != 1)
			return "it is damaged or cut off";
		why = backup_open(&r->s->box, span_of(piece, n), r->s->plain, &plain);
		if (!why)
			why = take[part](r, plain, r->s->box.ended);
		secret_wipe(r->s->plain, sizeof r->s->plain);
	}
	return why;
}

static const char *take_file(struct run *r, FILE *f)
{
	uint8_t header[BACKUP_HEADER];
	struct backup_header h;

	if (fseek(f, 0, SEEK_SET) != 0 || fread(header, 1, sizeof header, f) != sizeof header)
		return "it is no backup of Ringfence";
	const char *why = backup_header_parse(span_of(header, sizeof header), &h);
	if (why)
		return why;
	if (to.build ? memcmp(header, r->header.octets, sizeof header) != 0 : false)
		return "it was changed meanwhile";
	if (!to.build) {
		r->header = h;
		if (!stretch(r))
			return "there is no memory to stretch its passphrase";
	}
	to.text_n = r->conf ? to.text_n : 0;
	for (const enum backup_part *p = backup_order(&r->header); !why && *p; p++)
		why = take_part(r, f, *p);
	return why ? why : fgetc(f) == EOF ? NULL : "something follows its end";
}

/* --- the site --- */

static bool is_there(struct run *r, const char *path)
{
	struct stat st;

	return fstatat(r->site_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* One that was killed while it put things in their place: they are its own, and no exchange ran on them without a configuration.
 * The boot key may have been there before. */
static void take_back(struct run *r)
{
	if (is_there(r, "ringfence.conf") || !is_there(r, "restore.new/ringfence.conf") ||
	    is_there(r, "restore.new/keeper"))
		return;
	(void)renameat(r->site_fd, "keeper", r->site_fd, "restore.new/keeper");
	if (!is_there(r, "restore.new/ledger"))
		(void)renameat(r->site_fd, "ledger", r->site_fd, "restore.new/ledger");
	files_take_back(r);
}

/* Only into a place where nothing is lost. */
static bool is_free(struct run *r)
{
	static const char *const must_not[] = {
	    "ringfence.conf", "keeper/store.a", "keeper/store.b", "ledger/ledger.db"};

	for (size_t i = 0; i < sizeof must_not / sizeof *must_not; i++)
		if (is_there(r, must_not[i]))
			return !fail(must_not[i], "is there: a backup is restored into an empty directory only");
	if (is_there(r, "boot.key.sealed") && !boot_key_of_site(r))
		return !fail("boot.key.sealed", "must be opened into run/boot.key first (ringfence-bootkey unseal)");
	return true;
}

static bool open_site(struct run *r)
{
	if (mkdir(r->site, 0711) != 0 && errno != EEXIST)
		return !fail(r->site, NULL);
	r->site_fd = open(r->site, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->site_fd < 0)
		return !fail(r->site, NULL);
	if (flock(r->site_fd, LOCK_EX | LOCK_NB) != 0)
		return !fail(r->site, "an exchange runs here: stop it first");
	take_back(r);
	return is_free(r) && boot_key_choose(r, &to.makes_key);
}

/* Whatever an earlier try left. */
static void clear(struct run *r)
{
	static const char *const left[] = {"keeper/store.a", "keeper/store.b", "ledger/ledger.db",
	    "ledger/ledger.db-wal", "ringfence.conf", "boot.key"};
	char path[64];

	for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
		snprintf(path, sizeof path, "%s/%s", fresh, left[i]);
		(void)unlinkat(r->site_fd, path, 0);
	}
	files_clear(r);
	(void)unlinkat(r->site_fd, "restore.new/keeper", AT_REMOVEDIR);
	(void)unlinkat(r->site_fd, "restore.new/ledger", AT_REMOVEDIR);
	(void)unlinkat(r->site_fd, fresh, AT_REMOVEDIR);
}

static bool write_new(struct run *r, const char *path, mode_t mode, struct span s)
{
	int fd = openat(r->site_fd, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	bool ok = fd >= 0 && write(fd, s.p, s.n) == (ssize_t)s.n && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return ok || !fail(path, NULL);
}

static bool make_boot_key(struct run *r)
{
	if (!to.makes_key)
		return true;
	rand_bytes(r->s->boot, BOOT_KEY);
	return write_new(r, "restore.new/boot.key", 0400, span_of(r->s->boot, BOOT_KEY));
}

static bool open_keeper(struct run *r)
{
	int dir = openat(r->site_fd, "restore.new/keeper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *why = "cannot be made";

	if (dir >= 0)
		why = store_open(&to.keeper, dir, "keeper", r->s->boot, STORE_ENTRIES, STORE_BYTES);
	if (dir >= 0)
		close(dir);
	return !why || !fail("keeper", why);
}

static bool build(struct run *r, FILE *f)
{
	clear(r);
	if (mkdirat(r->site_fd, fresh, 0700) != 0 || mkdirat(r->site_fd, "restore.new/keeper", 0700) != 0 ||
	    mkdirat(r->site_fd, "restore.new/ledger", 0700) != 0)
		return !fail(fresh, NULL);
	if (!make_boot_key(r) || !write_new(r, "restore.new/ringfence.conf", 0600, span_of(to.text, to.text_n)) ||
	    !open_keeper(r))
		return false;
	const char *why = take_file(r, f);
	if (!why)
		why = store_rewrite(&to.keeper);
	store_close(&to.keeper);
	if (!why && !to.conf.database[0]) { /* a file of what is built */
		why = loader_commit(&to.rows);
		loader_end(&to.rows, !why);
	}
	return !why || !fail(r->file, why);
}

static bool move(struct run *r, size_t i)
{
	char from[64];

	snprintf(from, sizeof from, "%s/%s", fresh, place[i].what);
	if (!is_there(r, from))
		return true; /* the boot key that was there before, files of which there are none */
	place[i].moved = renameat(r->site_fd, from, r->site_fd, place[i].what) == 0;
	return place[i].moved || !fail(place[i].what, NULL);
}

static bool sync_site(struct run *r)
{
	return fsync(r->site_fd) == 0 || !fail(r->site, NULL);
}

static bool commit_rows(void)
{
	const char *why = to.conf.database[0] ? loader_commit(&to.rows) : NULL;

	return !why || !fail("database", why);
}

/* A database that is no file of the site is committed when all is in its place but the configuration, and forgets it all when that
 * cannot be moved. Where the power went in between, its rows have the mark that is in the site, and the next restore begins with
 * deleting them. */
static bool put_in_place(struct run *r)
{
	for (size_t i = 0; i < CONF_PLACE; i++)
		if (!move(r, i))
			return false;
	if (!sync_site(r) || !commit_rows() || !move(r, CONF_PLACE) || !sync_site(r))
		return false;
	loader_end(&to.rows, true);
	mark_drop(r);
	clear(r);
	return true;
}

static void put_back(struct run *r)
{
	char path[64];

	for (size_t i = PLACES; i-- > 0;) {
		snprintf(path, sizeof path, "%s/%s", fresh, place[i].what);
		if (place[i].moved)
			(void)renameat(r->site_fd, place[i].what, r->site_fd, path);
	}
}

static bool read_conf(struct run *r)
{
	FILE *f = fopen(r->conf, "re");

	if (!f)
		return !fail(r->conf, NULL);
	to.text_n = fread(to.text, 1, sizeof to.text, f);
	bool whole = !ferror(f) && fgetc(f) == EOF;
	fclose(f);
	if (!whole)
		return !fail(r->conf, "is no file of at most 64 kB");
	return true;
}

int restore_backup(struct run *r)
{
	if (r->conf && !read_conf(r))
		return 1;
	FILE *f = fopen(r->file, "re");

	if (!f)
		return fail(r->file, NULL);
	if (!open_site(r)) {
		fclose(f);
		return 1;
	}
	files_look(r);
	const char *why = take_file(r, f);
	if (why)
		fail(r->conf && why == to.conf.reason ? r->conf : r->file, why);
	bool ok = !why && mark_take(r, to.conf.database, &to.mark);
	if (ok) {
		to.build = true;
		ok = build(r, f) && put_in_place(r);
		if (!ok && loader_end(&to.rows, false))
			mark_drop(r);
		if (!ok) {
			put_back(r);
			clear(r);
		}
	}
	fclose(f);
	return !ok;
}
