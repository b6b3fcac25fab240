/* SPDX-License-Identifier: ISC */
/* ringfence-backup: one file that holds all of a site, sealed to a passphrase, and a site out of it. Run by root through
 * `ringfence backup` and `ringfence restore`; no process of the exchange can be asked for what is secret in it. */
#ifndef BACKUP_BACKUP_H
#define BACKUP_BACKUP_H

#include "ipc/site.h"
#include "vault/backup.h"
#include <limits.h>
#include <sys/types.h>

enum {
	PASSPHRASE_MIN = 12,
	PASSPHRASE_MAX = 128,
	CONF_MAX = 65536,
	BOOT_KEY = 32,
	STORE_ENTRIES = 1 << 19,
	STORE_BYTES = 96 << 20
};

/* Lives in secret memory. */
struct secrets {
	char passphrase[PASSPHRASE_MAX + 2];
	uint8_t master[BACKUP_KEY], part[BACKUP_KEY], boot[BOOT_KEY];
	struct backup_box box;
	uint8_t plain[BACKUP_PIECE_MAX];
};

struct run {
	const char *site, *file;
	const char *conf;     /* restored in the place of the backup's own; NULL: that one */
	const char *boot_key; /* a file with it; NULL: where it is looked for */
	int site_fd;
	struct secrets *s;
	struct backup_header header;
};

/* Says it on standard error; 1. why NULL: what errno says. */
int fail(const char *what, const char *why);

bool stretch(struct run *r);

int make_backup(struct run *r);
int restore_backup(struct run *r);

/* loader.c: ledger's part, into a database that is named, or (empty) only looked at. */
struct loader {
	pid_t pid;
	int in, out;
};
const char *loader_start(struct loader *l, const uint8_t key[BACKUP_KEY], const char *target, uint64_t mark);
bool loader_put(struct loader *l, const void *p, size_t n);
/* NULL: all was taken, or what put() failed at is the reason. */
const char *loader_hear(struct loader *l);
const char *loader_commit(struct loader *l);
/* What was committed and is not to be kept is deleted again; false: it may not be. Also after a start or put that failed, and twice. */
bool loader_end(struct loader *l, bool keep);

/* mark.c: the mark of a restore into a database that is no file of the site, in the site until all of it stands: the one that an
 * interrupted restore left, or a new one; 0 where the database is a file. False: said why, such as that it was left for another one. */
bool mark_take(struct run *r, const char *database, uint64_t *mark);
void mark_drop(struct run *r);

/* boot_key.c: into s->boot, from where parent would have it, in its order; false: there is none. With one that is named there is no
 * other place. */
enum boot_key_place {
	BOOT_KEY_NAMED,
	BOOT_KEY_CREDENTIAL, /* of this process */
	BOOT_KEY_UNIT,       /* of the running unit */
	BOOT_KEY_OPENED,     /* in run/, with a passphrase */
	BOOT_KEY_FILE,
	BOOT_KEY_PLACES
};
bool boot_key_at(struct run *r, enum boot_key_place at);
bool boot_key_of_site(struct run *r);
/* What a restored site is sealed under, or *make: a new one, which it then keeps. False: said why. */
bool boot_key_choose(struct run *r, bool *make);

/* keep.c: keeper's part. Entries for a piece, from where *at stands. */
struct store;
const char *keep_open(struct run *r, struct store *s);
void keep_pieces(const struct store *s, uint32_t *at, struct buf *out, bool *last);
const char *keep_take(struct store *s, struct span plain); /* s NULL: only look */

/* files_piece.c, files.c: what the configuration names */
#define FILES_TRUST "trust"
#define FILES_PROMPTS "prompts"
enum { FILE_NAME_LONGEST = 96, FILES_PATH_MAX = 2 * FILE_NAME_LONGEST + 16, FILES_MOST = 4096 };
bool files_path_ok(struct span path);
const char *files_parse(struct span plain, struct span *path, struct span *octets);
typedef bool files_put_piece(struct run *r, bool last, struct span plain);
bool files_put(struct run *r, files_put_piece *put); /* said why not */
/* Looked at, and those of trust known to the configuration's reader; or built. */
const char *files_take(struct run *r, bool build, struct span plain, bool last);
void files_look(struct run *r); /* at those that the site has already */
void files_clear(struct run *r);
void files_take_back(struct run *r); /* of a restore that was killed */

#endif
