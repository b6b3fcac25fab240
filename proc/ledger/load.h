/* SPDX-License-Identifier: ISC */
/* `ringfence-ledger --load`: ledger's part of a backup back into an empty database, for ringfence-backup, which restores. */
#ifndef LEDGER_LOAD_H
#define LEDGER_LOAD_H

#include <stdint.h>

enum { LOAD_TARGET_MAX = 4096 };

/* When all was taken it says LOAD_YES and, with a target, waits for LOAD_COMMIT, says LOAD_YES after it, and waits for LOAD_KEEP.
 * Should that not come, what it put is deleted again: whoever restores has more to do and may fail, or be killed. */
enum { LOAD_YES = '.', LOAD_COMMIT = 'c', LOAD_KEEP = 'k' };

/* A power cut ends both sides at once, and undoes nothing: so what is committed carries a mark until it is to be kept, and rows with
 * the mark of a restore that was interrupted are no exchange's, and deleted first.
 *
 * Standard input: this, the target, then the sealed pieces. The target is the path of a new SQLite file, a postgresql:// address,
 * or nothing: then the pieces are only looked at. */
struct load_head {
	uint8_t key[32];
	uint16_t target_n;
	uint8_t zero[6];
	uint64_t mark; /* of 63 bits; 0: none */
};

/* The exit status; a reason on standard output when it is not 0. LOAD_LEFT: what was put into the database may be in it still. */
enum { LOAD_LEFT = 3 };
int load_main(void);

#endif
