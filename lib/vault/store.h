/* SPDX-License-Identifier: ISC */
/* A small sealed table of a process that holds secrets: {type, key} -> value, all of it in locked memory, each change
 * appended to a file as one sealed record and on disk before it is confirmed.
 *
 * Two files take turns, store.a and store.b, opened once: a caged process needs no way to open any. A rewrite goes to
 * the other one, under a fresh key, counts only when its closing record is on disk, and then the old one is overwritten
 * with zeros. So a value that is gone from the table is gone from the files, and since each opening rewrites too, no
 * key ever sees a nonce twice, whatever a crash left at the end of a file.
 *
 * Functions answer NULL, or the reason of their failure as a static text. */
#ifndef VAULT_STORE_H
#define VAULT_STORE_H

#include "base/map.h"
#include "base/span.h"

enum {
	STORE_BOOT_KEY = 32,
	STORE_KEY_MAX = 64,
	STORE_VALUE_MAX = 2048,
};

struct store_entry {
	uint32_t at;   /* in bytes: type, key, value; UINT32_MAX = free */
	uint16_t room; /* octets for the value */
	uint16_t value_n;
	uint8_t key_n;
};

struct store {
	/* the table */
	struct store_entry *entry;
	uint32_t entries_max, used, free_at; /* slots from free_at on were never used */
	uint32_t *free_slot, free_n;
	uint8_t *bytes; /* secret */
	uint32_t bytes_max, bytes_used;
	struct map map;
	/* the files */
	char process[16];
	int file[2];
	int live;              /* which of them */
	bool reads_alone;      /* the disk takes no writes: what is there is served, and no change */
	bool unfit;            /* the live file may not be appended to; the next change rewrites first */
	bool unwiped;          /* a rewrite did not come to its end, so what was dropped may still be in a file */
	uint64_t size;         /* of the live file */
	uint64_t kept;         /* how much of it the table still needs */
	uint64_t rewrites;     /* since the opening */
	uint64_t commits;      /* changes that were appended, each with a wait for the disk */
	struct store_box *box; /* secret: keys and the record that is being sealed */
};

/* Open, or create when the directory holds none. A torn record at the very end (a change that was never confirmed: cut off, or with
 * zeros for sectors that never came to the disk) is left out; anything else that does not verify refuses the opening. Of a disk that is
 * read-only what is there is read. The boot key is read here and not kept. */
const char *store_open(struct store *s, int dir_fd, const char *process, const uint8_t boot_key[STORE_BOOT_KEY],
    uint32_t entries_max, uint32_t bytes_max) __attribute__((warn_unused_result));
void store_close(struct store *s);

/* Borrowed until the next change. */
bool store_get(const struct store *s, uint8_t type, struct span key, struct span *value);

/* When these return NULL the change is on disk; otherwise the table is as it was. Key and value must not be borrowed
 * from the store itself. */
const char *store_put(struct store *s, uint8_t type, struct span key, struct span value)
    __attribute__((warn_unused_result));
const char *store_del(struct store *s, uint8_t type, struct span key) __attribute__((warn_unused_result));
/* All or none of these keys in one change: they stand one behind the other, each of key_n octets, and are one at least and as many
 * at most as fit. */
#define STORE_DEL_MOST(key_n) (1 + STORE_VALUE_MAX / (key_n))
const char *store_del_many(struct store *s, uint8_t type, struct span keys, size_t key_n)
    __attribute__((warn_unused_result));

/* The value with these octets behind it, at most STORE_VALUE_MAX in all; what is not there is as good as empty. Only they are
 * written. */
const char *store_add(struct store *s, uint8_t type, struct span key, struct span octets)
    __attribute__((warn_unused_result));

/* Rewrite now, so that what was deleted or replaced is overwritten on disk. */
const char *store_rewrite(struct store *s) __attribute__((warn_unused_result));
/* What a rewrite left undone, once more; for now and then. */
const char *store_wipe(struct store *s) __attribute__((warn_unused_result));

/* For whoever makes or takes back a backup, and for a rehearsal. The table as it stands in the octets of a store's two files, without holding
 * the files: nothing can be changed in it. A rewrite may have been going on while they were read; then the reason says so. */
const char *store_look(struct store *s, const struct span file[2], const char *process,
    const uint8_t boot_key[STORE_BOOT_KEY], uint32_t entries_max, uint32_t bytes_max)
    __attribute__((warn_unused_result));
/* The same of the files in this directory, which their process may have open; tried again for a second. */
const char *store_look_in(struct store *s, int dir_fd, const char *process, const uint8_t boot_key[STORE_BOOT_KEY],
    uint32_t entries_max, uint32_t bytes_max) __attribute__((warn_unused_result));
/* Into an open store, on disk only after the next store_rewrite(). */
const char *store_fill(struct store *s, uint8_t type, struct span key, struct span value)
    __attribute__((warn_unused_result));
/* Walk all entries, whatever their type. */
bool store_each_of_all(const struct store *s, uint32_t *at, uint8_t *type, struct span *key, struct span *value);

/* Walk all entries of a type: start with *at = 0, true while there is one. */
bool store_each(const struct store *s, uint8_t type, uint32_t *at, struct span *key, struct span *value);

#endif
