/* SPDX-License-Identifier: ISC */
/* Every table of the schema as octets, for a backup, and back into an empty database. The sources of calls are left out: no
 * copy of the log can ever say who called (R21).
 *
 * A dump is pieces of whole rows: {table u8, then each column: number i64; text and octets: length u16, octets}. Its first
 * row is DUMP_HEAD and the identity of the schema. Functions answer NULL or a static reason. */
#ifndef LEDGER_DUMP_H
#define LEDGER_DUMP_H

#include "base/buf.h"
#include "ledger/store.h"

enum { DUMP_HEAD = 0xff, DUMP_TABLES_MAX = 64, DUMP_ROW_MAX = 8192 };

struct dump {
	struct store *store;
	int table;      /* -1: nothing is out yet */
	int64_t after;  /* id of the last row that is out */
	uint64_t out_n; /* rows of a table without ids that are out */
	uint32_t generation;
	bool ended;
	struct stmt *page[DUMP_TABLES_MAX]; /* prepared once and kept from one dump of a store to the next */
};

/* d is zeroed or was begun with the same open store. */
void dump_begin(struct dump *d, struct store *s);

/* Append rows as far as they fit. Rows written meanwhile may be in it; a directory that changed meanwhile ends it with a
 * reason. */
const char *dump_next(struct dump *d, struct buf *out) __attribute__((warn_unused_result));

struct load {
	struct store *store; /* NULL: only look */
	bool begun;
	uint64_t rows;
	struct stmt *insert[DUMP_TABLES_MAX];
};

/* The caller has begun a transaction in an empty store and commits it after the last piece. */
void load_begin(struct load *l, struct store *s);
const char *load_piece(struct load *l, struct span piece) __attribute__((warn_unused_result));

/* Everything that a load put and that the opening wrote is deleted; there was nothing else. */
bool load_undo(struct store *s) __attribute__((warn_unused_result));

/* Within the transaction of a load, and gone when it is kept: whose rows these are. */
bool load_mark(struct store *s, uint64_t mark) __attribute__((warn_unused_result));
bool load_unmark(struct store *s);
bool load_has_mark(struct db *db, uint64_t mark);

/* Is there nothing in the tables but what an opening writes? Asked before the opening, which writes. */
bool load_is_empty(struct db *db);

#endif
