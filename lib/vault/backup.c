/* SPDX-License-Identifier: ISC */
#include "vault/backup.h"
#include "base/cursor.h"
#include "base/rand.h"
#include "base/secret.h"
#include <nettle/hmac.h>

static const struct span magic = {(const uint8_t *)"ringfence backup", 16};

enum { SALT_AT = BACKUP_HEADER - BACKUP_SALT };

void backup_header_make(struct backup_header *h)
{
	struct buf b = buf_of(h->octets, sizeof h->octets);

	*h = (struct backup_header){.version = BACKUP_VERSION, .passes = BACKUP_PASSES, .memory_kb = BACKUP_MEMORY_KB};
	buf_add(&b, magic);
	buf_u32(&b, h->version);
	buf_u32(&b, h->passes);
	buf_u32(&b, h->memory_kb);
	buf_u32(&b, 0);
	rand_bytes(h->octets + SALT_AT, BACKUP_SALT);
}

/* Whoever wrote the file chooses how long its passphrase is stretched, within what a machine bears. */
const char *backup_header_parse(struct span file, struct backup_header *h)
{
	struct cursor c = cursor_of(span_head(file, BACKUP_HEADER));
	uint32_t version, passes, memory_kb, zero;
	struct span m;

	if (file.n < BACKUP_HEADER || !cursor_span(&c, magic.n, &m) || !span_eq(m, magic))
		return "it is no backup of Ringfence";
	if (!cursor_u32(&c, &version) || version < BACKUP_VERSION_LEAST || version > BACKUP_VERSION)
		return "it was made by another version";
	if (!cursor_u32(&c, &passes) || !cursor_u32(&c, &memory_kb) || !cursor_u32(&c, &zero) || passes < 1 ||
	    passes > BACKUP_PASSES_MAX || memory_kb < 8 || memory_kb > BACKUP_MEMORY_MAX_KB || zero)
		return "its header is damaged";
	*h = (struct backup_header){.version = version, .passes = passes, .memory_kb = memory_kb};
	memcpy(h->octets, file.p, BACKUP_HEADER);
	return NULL;
}

/* The configuration is judged with the files that it names at hand. */
const enum backup_part *backup_order(const struct backup_header *h)
{
	static const enum backup_part order[] = {
	    BACKUP_FILES, BACKUP_CONF, BACKUP_KEEPER, BACKUP_LEDGER, BACKUP_END, BACKUP_NONE};

	return h->version == 1 ? order + 1 : order;
}

struct span backup_salt(const struct backup_header *h)
{
	return span_of(h->octets + SALT_AT, BACKUP_SALT);
}

/* RFC 5869 2.2, 2.3 with one block of output */
void backup_part_key(
    const struct backup_header *h, const uint8_t master[BACKUP_KEY], enum backup_part part, uint8_t key[BACKUP_KEY])
{
	const uint8_t info[] = {(uint8_t)part, 1};
	struct hmac_sha256_ctx m;

	hmac_sha256_set_key(&m, BACKUP_HEADER, h->octets);
	hmac_sha256_update(&m, BACKUP_KEY, master);
	hmac_sha256_digest(&m, BACKUP_KEY, key);
	hmac_sha256_set_key(&m, BACKUP_KEY, key);
	hmac_sha256_update(&m, sizeof info, info);
	hmac_sha256_digest(&m, BACKUP_KEY, key);
	secret_wipe(&m, sizeof m);
}

void backup_box_init(struct backup_box *b, enum backup_part part, const uint8_t key[BACKUP_KEY])
{
	*b = (struct backup_box){.part = part};
	gcm_aes256_set_key(&b->gcm, key);
}

static void start_piece(struct backup_box *b, const uint8_t head[BACKUP_PIECE_HEAD])
{
	struct buf nonce = buf_of((uint8_t[GCM_IV_SIZE]){0}, GCM_IV_SIZE);

	buf_u32(&nonce, 0);
	buf_u32(&nonce, (uint32_t)(b->sequence >> 32));
	buf_u32(&nonce, (uint32_t)b->sequence);
	b->sequence++;
	gcm_aes256_set_iv(&b->gcm, GCM_IV_SIZE, nonce.p);
	gcm_aes256_update(&b->gcm, BACKUP_PIECE_HEAD, head);
}

struct span backup_seal(struct backup_box *b, bool last, struct span plain, uint8_t out[BACKUP_SEALED_MAX])
{
	struct buf head = buf_of(out, BACKUP_PIECE_HEAD);

	buf_u8(&head, (uint8_t)b->part);
	buf_u8(&head, last);
	buf_u16(&head, 0);
	buf_u32(&head, (uint32_t)plain.n);
	start_piece(b, out);
	gcm_aes256_encrypt(&b->gcm, plain.n, out + BACKUP_PIECE_HEAD, plain.p);
	gcm_aes256_digest(&b->gcm, BACKUP_TAG, out + BACKUP_PIECE_HEAD + plain.n);
	return span_of(out, BACKUP_PIECE_HEAD + plain.n + BACKUP_TAG);
}

const char *backup_piece_parse(const uint8_t head[BACKUP_PIECE_HEAD], struct backup_piece *p)
{
	struct cursor c = cursor_of(span_of(head, BACKUP_PIECE_HEAD));
	uint8_t part, last;
	uint16_t zero;
	uint32_t n;

	if (!cursor_u8(&c, &part) || !cursor_u8(&c, &last) || !cursor_u16(&c, &zero) || !cursor_u32(&c, &n) ||
	    part == BACKUP_NONE || part >= BACKUP_PARTS || last > 1 || zero || n > BACKUP_PIECE_MAX)
		return "it is damaged";
	*p = (struct backup_piece){.part = (enum backup_part)part, .last = last, .n = n};
	return NULL;
}

const char *backup_open(struct backup_box *b, struct span piece, uint8_t out[BACKUP_PIECE_MAX], struct span *plain)
{
	uint8_t tag[BACKUP_TAG];
	struct backup_piece p;

	if (piece.n < BACKUP_PIECE_HEAD || backup_piece_parse(piece.p, &p) || p.part != b->part || b->ended ||
	    piece.n != BACKUP_PIECE_HEAD + (size_t)p.n + BACKUP_TAG)
		return "it is damaged";
	start_piece(b, piece.p);
	gcm_aes256_decrypt(&b->gcm, p.n, out, piece.p + BACKUP_PIECE_HEAD);
	gcm_aes256_digest(&b->gcm, sizeof tag, tag);
	if (!secret_eq(tag, piece.p + BACKUP_PIECE_HEAD + p.n, sizeof tag)) {
		secret_wipe(out, p.n);
		return (b->part == BACKUP_CONF || b->part == BACKUP_FILES) && b->sequence == 1
		           ? "the passphrase is not the right one, or it is damaged"
		           : "it is damaged";
	}
	b->ended = p.last;
	*plain = span_of(out, p.n);
	return NULL;
}
