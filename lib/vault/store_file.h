/* SPDX-License-Identifier: ISC */
/* The format of a store's file: a header, then records of {length u32, ciphertext, tag 16}, AES-256-GCM. The key comes
 * from the boot key by HKDF-SHA-256 (RFC 5869) over the process's name and the header, which holds a random file id; the nonce is
 * the number of the record. A file counts once its COMMIT record stands behind the entries that it was begun with. */
#ifndef VAULT_STORE_FILE_H
#define VAULT_STORE_FILE_H

#include "vault/store.h"
#include <nettle/gcm.h>

enum {
	STORE_HEADER = 64,
	STORE_TAG = 16,
	STORE_RECORD_HEAD = 6, /* op, type, length of the key, 0, length of the value u16 */
	STORE_PLAIN_MAX = STORE_RECORD_HEAD + STORE_KEY_MAX + STORE_VALUE_MAX,
	STORE_SEALED_MAX = 4 + STORE_PLAIN_MAX + STORE_TAG,
	STORE_NEWBORN = STORE_HEADER + 4 + STORE_RECORD_HEAD + 4 + STORE_TAG, /* a file without entries */
};

/* STORE_DEL: the value is further keys of the same length, of which all go or none. */
enum store_op { STORE_PUT = 1, STORE_DEL, STORE_COMMIT, STORE_ADD };

struct store_record {
	enum store_op op;
	uint8_t type;
	struct span key, value;
};

/* Lives in secret memory. */
struct store_box {
	uint8_t root[32]; /* of this process, from the boot key */
	uint64_t generation, sequence;
	struct gcm_aes256_ctx gcm;
	uint8_t header[STORE_HEADER];
	uint8_t plain[STORE_PLAIN_MAX];
	uint8_t sealed[STORE_SEALED_MAX];
};

enum store_state {
	STORE_ABSENT, /* empty, or cut off before it held anything */
	STORE_BEGUN,  /* a rewrite that did not come to its end: nothing in it counts */
	STORE_WHOLE,
	STORE_DAMAGED, /* or of another boot key */
};

struct store_found {
	enum store_state state;
	uint64_t generation;
	bool torn; /* the last record was cut off */
};

void store_box_root(struct store_box *b, const char *process, const uint8_t boot_key[STORE_BOOT_KEY]);

/* Begin a file: its header in b->header, its key set, its first record next. */
void store_box_begin(struct store_box *b, const char *process, uint64_t generation);

/* Seal the next record; the span is in b->sealed. */
struct span store_box_seal(struct store_box *b, const struct store_record *r);

/* The same for n octets that stand in b->plain already, whatever they say. */
struct span store_box_seal_plain(struct store_box *b, size_t n);

/* Read a whole file. visit() sees the records that count, in order, and its false (no room) makes the file damaged;
 * a caller that must not act on a file which turns out unfit reads it twice. */
struct store_found store_read(struct store_box *b, const char *process, struct span file,
    bool (*visit)(void *arg, const struct store_record *r), void *arg);

static inline uint64_t store_sealed_n(size_t key_n, size_t value_n)
{
	return 4 + STORE_RECORD_HEAD + key_n + value_n + STORE_TAG;
}

#endif
