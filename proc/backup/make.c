/* SPDX-License-Identifier: ISC */
#include "backup.h"
#include "base/clock.h"
#include "base/secret.h"
#include "base/sync.h"
#include "cmd.h"
#include "keeper/keeper.h"
#include "vault/store.h"
#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { TRIES = 3, UNDER_WAY_MS = 200, UNDER_WAY_LOOKS = 80 };

struct without {
	const struct store *keeper;
	uint32_t n; /* people of ledger who have no secret in it */
};

static int out_fd = -1;
static struct {
	uint8_t secrets[SHA256_DIGEST_SIZE]; /* who had one when keeper was read */
	bool changed, last;                  /* that is why this try failed; there is no further one */
} attempt;

static bool put(struct span s)
{
	for (size_t done = 0; done < s.n;) {
		ssize_t n = write(out_fd, s.p + done, s.n - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

static void begin_part(struct run *r, enum backup_part part)
{
	backup_part_key(&r->header, r->s->master, part, r->s->part);
	backup_box_init(&r->s->box, part, r->s->part);
}

static bool put_piece(struct run *r, bool last, struct span plain)
{
	uint8_t sealed[BACKUP_SEALED_MAX];

	return put(backup_seal(&r->s->box, last, plain, sealed));
}

static bool put_conf(struct run *r)
{
	char path[PATH_MAX];
	size_t n;

	snprintf(path, sizeof path, "%s/ringfence.conf", r->site);
	char *text = file_read(path, CONF_MAX, &n);
	if (!text)
		return false;
	begin_part(r, BACKUP_CONF);
	bool ok = true;
	for (size_t at = 0; ok && at < n; at += BACKUP_PIECE_MAX)
		ok = put_piece(r, n - at <= BACKUP_PIECE_MAX, span_head(span_of(text + at, n - at), BACKUP_PIECE_MAX));
	explicit_bzero(text, n);
	free(text);
	if (!ok)
		fail(r->file, NULL);
	return ok;
}

/* The unit may be another site's, and a file have been left beside a credential: the right key is the one that opens the store. */
static bool open_keeper(struct run *r, struct store *s)
{
	const char *why = NULL;

	for (enum boot_key_place at = BOOT_KEY_NAMED; at < BOOT_KEY_PLACES; at++) {
		if (!boot_key_at(r, at))
			continue;
		why = keep_open(r, s);
		if (!why)
			return true;
	}
	if (why)
		return !fail("keeper", why);
	return !fail(r->boot_key ? r->boot_key : "boot.key",
	    r->boot_key
		? "is no boot key, which is a file of 32 octets"
		: "cannot be read; a sealed one lies in run/, and a credential with the unit, only while the exchange "
		  "is up (--boot-key FILE names another)");
}

/* In whatever order they stand. */
static void sum_secrets(const struct store *s, uint8_t sum[SHA256_DIGEST_SIZE])
{
	struct span name, value;
	uint32_t at = 0;

	memset(sum, 0, SHA256_DIGEST_SIZE);
	while (store_each(s, KEEP_SECRET, &at, &name, &value)) {
		uint8_t one[SHA256_DIGEST_SIZE];
		struct sha256_ctx h;
		sha256_init(&h);
		sha256_update(&h, name.n, name.p);
		sha256_digest(&h, sizeof one, one);
		for (size_t i = 0; i < sizeof one; i++)
			sum[i] ^= one[i];
	}
}

static void count_without(json_t *line, void *arg)
{
	struct without *w = arg;
	struct span value;

	if (line_is(line, "user") && !store_get(w->keeper, KEEP_SECRET, span_str(member(line, "name")), &value))
		w->n++;
}

static bool look_at_people(struct run *r, uint8_t sum[SHA256_DIGEST_SIZE], uint32_t *without)
{
	struct cmd c = {.site = r->site};
	struct store s;
	struct without w = {.keeper = &s};
	struct ask a;

	if (!open_keeper(r, &s))
		return false;
	sum_secrets(&s, sum);
	ask_begin(&a, &c, "user-list");
	bool listed = ask_run_quiet(&a, count_without, &w) == EXIT_DONE;
	store_close(&s);
	*without = w.n;
	return listed;
}

/* A person has a row at ledger first and a secret at keeper after it, and goes the other way: who has a row alone is under way, for as
 * long as a step of ctl may take, or else has none at all. */
static bool secrets_are_same(struct run *r)
{
	const struct timespec pause = {.tv_nsec = UNDER_WAY_MS * 1000000L};
	uint8_t sum[SHA256_DIGEST_SIZE];
	uint32_t without = 0;
	bool came = false;

	for (int i = 0; i < UNDER_WAY_LOOKS; i++) {
		if (!look_at_people(r, sum, &without))
			return false;
		attempt.changed = memcmp(sum, attempt.secrets, sizeof sum) != 0;
		if (attempt.changed || !without)
			break;
		came = true;
		nanosleep(&pause, NULL);
	}
	attempt.changed |= came && !without;
	if (attempt.changed && attempt.last)
		fail(r->file, "people came and went meanwhile; try again");
	return !attempt.changed;
}

static bool put_keeper(struct run *r)
{
	struct store s;
	uint32_t at = 0;
	bool last = false, ok = true;

	if (!open_keeper(r, &s))
		return false;
	sum_secrets(&s, attempt.secrets);
	begin_part(r, BACKUP_KEEPER);
	while (ok && !last) {
		struct buf plain = buf_of(r->s->plain, sizeof r->s->plain);
		keep_pieces(&s, &at, &plain, &last);
		ok = put_piece(r, last, buf_span(&plain));
		secret_wipe(r->s->plain, plain.n);
	}
	store_close(&s);
	if (!ok)
		fail(r->file, NULL);
	return ok;
}

/* --- ledger's part, which comes sealed through ctl --- */

static struct {
	bool failed, last;
	uint32_t pieces;
} export;

static void on_piece(json_t *line, void *arg)
{
	const char *text = member(line, "octets");
	uint8_t piece[BACKUP_SEALED_MAX];
	struct backup_piece p;

	(void)arg;
	if (!line_is(line, "piece"))
		return;
	int got = span_unbase64(span_str(text), piece, sizeof piece);
	size_t n = got < 0 ? 0 : (size_t)got;
	if (n < BACKUP_PIECE_HEAD || backup_piece_parse(piece, &p) || p.part != BACKUP_LEDGER || export.last ||
	    n != BACKUP_PIECE_HEAD + (size_t)p.n + BACKUP_TAG || !put(span_of(piece, n)))
		export.failed = true;
	export.last = !export.failed && p.last;
	export.pieces++;
}

static int export_once(struct run *r)
{
	struct cmd c = {.site = r->site};
	char key[2 * BACKUP_KEY + 1];
	struct buf b = buf_of(key, sizeof key - 1);
	struct ask a;

	backup_part_key(&r->header, r->s->master, BACKUP_LEDGER, r->s->part);
	buf_hex(&b, r->s->part, BACKUP_KEY);
	key[sizeof key - 1] = 0;
	memset(&export, 0, sizeof export);
	ask_begin(&a, &c, "export");
	ask_field(&a, "key", key);
	secret_wipe(key, sizeof key);
	return attempt.last ? ask_run_quiet(&a, on_piece, NULL) : ask_run_mute(&a, on_piece, NULL);
}

/* A directory that changes meanwhile spoils it; a key never seals a second time, so that it is begun anew. */
static bool put_ledger(struct run *r)
{
	int code = export_once(r);

	if (code == EXIT_DONE && export.last && !export.failed)
		return secrets_are_same(r);
	attempt.changed = code != EXIT_DONE;
	if (code == EXIT_DONE)
		fail(r->file, export.failed ? "the rows could not be written" : "the rows are not whole");
	return false;
}

static bool put_end(struct run *r)
{
	struct buf plain = buf_of(r->s->plain, sizeof r->s->plain);
	uint64_t now = (uint64_t)clock_wall_ms();

	buf_u32(&plain, (uint32_t)(now >> 32));
	buf_u32(&plain, (uint32_t)now);
	begin_part(r, BACKUP_END);
	return (put_piece(r, true, buf_span(&plain)) && fsync(out_fd) == 0) || !fail(r->file, NULL);
}

/* --- the file --- */

/* What the name stands for now is taken away at the end: another backup may be, and nothing else. */
static bool may_replace(struct run *r)
{
	uint8_t head[BACKUP_HEADER];
	struct backup_header h;
	struct stat st;

	if (stat(r->file, &st) != 0)
		return errno == ENOENT || !fail(r->file, NULL);
	int fd = S_ISREG(st.st_mode) ? open(r->file, O_RDONLY | O_CLOEXEC) : -1;
	ssize_t n = fd >= 0 ? read(fd, head, sizeof head) : -1;
	if (fd >= 0)
		close(fd);
	if (n == 0 || (n == (ssize_t)sizeof head && !backup_header_parse(span_of(head, sizeof head), &h)))
		return true;
	return !fail(r->file, "is there and is no backup: it is not overwritten");
}

/* Whoever writes a file holds its lock: what a killed one left has none. */
static bool clear_left(const char *fresh)
{
	int fd = open(fresh, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT || !fail(fresh, NULL);
	bool left = flock(fd, LOCK_EX | LOCK_NB) == 0 && unlink(fresh) == 0;
	close(fd);
	return left || !fail(fresh, "another backup is being written there");
}

static bool is_ours(const char *fresh)
{
	struct stat name, own;

	return lstat(fresh, &name) == 0 && fstat(out_fd, &own) == 0 && name.st_dev == own.st_dev &&
	       name.st_ino == own.st_ino;
}

static bool open_fresh(const char *fresh)
{
	if (!clear_left(fresh))
		return false;
	out_fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return (out_fd >= 0 && flock(out_fd, LOCK_EX | LOCK_NB) == 0) || !fail(fresh, NULL);
}

static bool put_files(struct run *r)
{
	begin_part(r, BACKUP_FILES);
	return files_put(r, put_piece);
}

static bool (*const put_part[BACKUP_PARTS])(struct run *r) = {
    [BACKUP_FILES] = put_files,
    [BACKUP_CONF] = put_conf,
    [BACKUP_KEEPER] = put_keeper,
    [BACKUP_LEDGER] = put_ledger,
    [BACKUP_END] = put_end,
};

static bool put_all(struct run *r, const char *fresh)
{
	backup_header_make(&r->header);
	if (!stretch(r))
		return false;
	if (!put(span_of(r->header.octets, BACKUP_HEADER)))
		return !fail(fresh, NULL);
	for (const enum backup_part *p = backup_order(&r->header); *p; p++)
		if (!put_part[*p](r))
			return false;
	return true;
}

/* While people are added it may be spoilt, and not by each of three. */
static bool put_one(struct run *r, const char *fresh)
{
	for (int i = 0; i < TRIES; i++) {
		attempt.changed = false;
		attempt.last = i == TRIES - 1;
		if (ftruncate(out_fd, 0) != 0 || lseek(out_fd, 0, SEEK_SET) != 0)
			return !fail(fresh, NULL);
		if (put_all(r, fresh))
			return true;
		if (!attempt.changed)
			return false;
	}
	return false;
}

/* A name of its own until all of it is on disk, so that a backup which is there is whole. */
int make_backup(struct run *r)
{
	char fresh[PATH_MAX];

	if ((size_t)snprintf(fresh, sizeof fresh, "%s.new", r->file) >= sizeof fresh)
		return fail(r->file, "the name is too long");
	if (!may_replace(r) || !open_fresh(fresh))
		return 1;
	bool ok = put_one(r, fresh);
	bool ours = is_ours(fresh);
	if (ok && !ours)
		ok = !fail(fresh, "was taken away while it was written");
	if (ok && rename(fresh, r->file) != 0)
		ok = !fail(r->file, NULL);
	if (!ok && ours)
		(void)unlink(fresh);
	close(out_fd);
	if (ok && !sync_directory_of(r->file))
		ok = !fail(r->file, NULL);
	return !ok;
}
