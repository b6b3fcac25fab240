/* SPDX-License-Identifier: ISC */
/* The format of a backup: a header of 64 octets, then the parts in order, each in pieces of {part u8, last u8, 0 u16, length
 * u32, ciphertext, tag 16}, AES-256-GCM. argon2id over the passphrase and the header's salt gives the master key; each part's
 * key comes from it by HKDF-SHA-256 (RFC 5869) over the whole header, so that one who seals a part learns no other. The
 * nonce is the number of the piece in its part, and its head is bound to it. Readers give a static reason. */
#ifndef VAULT_BACKUP_H
#define VAULT_BACKUP_H

#include "base/buf.h"
#include <nettle/gcm.h>

enum {
	BACKUP_VERSION = 2,
	BACKUP_VERSION_LEAST = 1, /* without files */
	BACKUP_HEADER = 64,
	BACKUP_SALT = 32,
	BACKUP_KEY = 32,
	BACKUP_PIECE_MAX = 8192,
	BACKUP_PIECE_HEAD = 8,
	BACKUP_TAG = 16,
	BACKUP_SEALED_MAX = BACKUP_PIECE_HEAD + BACKUP_PIECE_MAX + BACKUP_TAG,
	BACKUP_PASSES = 3, /* RFC 9106, second recommended option, one lane */
	BACKUP_MEMORY_KB = 65536,
	BACKUP_PASSES_MAX = 16,
	BACKUP_MEMORY_MAX_KB = 1 << 20,
};

enum backup_part {
	BACKUP_NONE,
	BACKUP_CONF,   /* ringfence.conf as it stands */
	BACKUP_KEEPER, /* entries of keeper's store */
	BACKUP_LEDGER, /* rows of the database */
	BACKUP_END,    /* when it was made */
	BACKUP_FILES,  /* what the configuration names: certificates of others, recordings */
	BACKUP_PARTS
};

struct backup_header {
	uint32_t version, passes, memory_kb;
	uint8_t octets[BACKUP_HEADER];
};

/* A fresh salt. */
void backup_header_make(struct backup_header *h);
const char *backup_header_parse(struct span file, struct backup_header *h) __attribute__((warn_unused_result));
/* Its parts in the order in which they stand, BACKUP_NONE behind the last. */
const enum backup_part *backup_order(const struct backup_header *h);
struct span backup_salt(const struct backup_header *h);

void backup_part_key(
    const struct backup_header *h, const uint8_t master[BACKUP_KEY], enum backup_part part, uint8_t key[BACKUP_KEY]);

/* One part that is being written or read. Lives in secret memory. */
struct backup_box {
	struct gcm_aes256_ctx gcm;
	enum backup_part part;
	uint64_t sequence;
	bool ended;
};

void backup_box_init(struct backup_box *b, enum backup_part part, const uint8_t key[BACKUP_KEY]);

/* The span stands in out. */
struct span backup_seal(struct backup_box *b, bool last, struct span plain, uint8_t out[BACKUP_SEALED_MAX]);

struct backup_piece {
	enum backup_part part;
	bool last;
	uint32_t n; /* of its ciphertext; the tag follows */
};

const char *backup_piece_parse(const uint8_t head[BACKUP_PIECE_HEAD], struct backup_piece *p)
    __attribute__((warn_unused_result));
/* A whole piece, head included; *plain stands in out. */
const char *backup_open(struct backup_box *b, struct span piece, uint8_t out[BACKUP_PIECE_MAX], struct span *plain)
    __attribute__((warn_unused_result));

#endif
