/* SPDX-License-Identifier: ISC */
#include "vault/store_file.h"
#include "base/buf.h"
#include "base/cursor.h"
#include "base/rand.h"
#include "base/secret.h"
#include <nettle/hmac.h>

static const char magic[16] = "ringfence store\n";

enum { GENERATION_AT = 16, ID_AT = 24, ID_N = 32, SECTOR = 512 };

static uint64_t read_u64(const uint8_t *p)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

static void write_u64(uint8_t *p, uint64_t v)
{
	for (int i = 7; i >= 0; i--, v >>= 8)
		p[i] = (uint8_t)v;
}

/* RFC 5869 2.2, 2.3 with one block of output */
void store_box_root(struct store_box *b, const char *process, const uint8_t boot_key[STORE_BOOT_KEY])
{
	static const char salt[] = "ringfence store 1";
	struct hmac_sha256_ctx h;

	hmac_sha256_set_key(&h, sizeof salt - 1, (const uint8_t *)salt);
	hmac_sha256_update(&h, STORE_BOOT_KEY, boot_key);
	hmac_sha256_digest(&h, sizeof b->root, b->root);
	hmac_sha256_set_key(&h, sizeof b->root, b->root);
	hmac_sha256_update(&h, strlen(process), (const uint8_t *)process);
	hmac_sha256_update(&h, 1, (const uint8_t *)"\1");
	hmac_sha256_digest(&h, sizeof b->root, b->root);
	secret_wipe(&h, sizeof h);
}

static void set_key(struct store_box *b, const char *process)
{
	uint8_t key[32];
	struct hmac_sha256_ctx h;

	hmac_sha256_set_key(&h, sizeof b->root, b->root);
	hmac_sha256_update(&h, strlen(process), (const uint8_t *)process);
	hmac_sha256_update(&h, sizeof b->header, b->header);
	hmac_sha256_update(&h, 1, (const uint8_t *)"\1");
	hmac_sha256_digest(&h, sizeof key, key);
	gcm_aes256_set_key(&b->gcm, key);
	b->generation = read_u64(b->header + GENERATION_AT);
	b->sequence = 0;
	secret_wipe(key, sizeof key);
	secret_wipe(&h, sizeof h);
}

void store_box_begin(struct store_box *b, const char *process, uint64_t generation)
{
	memset(b->header, 0, sizeof b->header);
	memcpy(b->header, magic, sizeof magic);
	write_u64(b->header + GENERATION_AT, generation);
	rand_bytes(b->header + ID_AT, ID_N);
	set_key(b, process);
}

/* The record's number is the nonce and its length is bound to it, so records cannot change places or be left out. */
static void start_record(struct store_box *b, const uint8_t length[4])
{
	uint8_t nonce[GCM_IV_SIZE] = {0};

	write_u64(nonce + 4, b->sequence);
	gcm_aes256_set_iv(&b->gcm, sizeof nonce, nonce);
	gcm_aes256_update(&b->gcm, 4, length);
}

struct span store_box_seal_plain(struct store_box *b, size_t n)
{
	struct buf sealed = buf_of(b->sealed, sizeof b->sealed);

	buf_u32(&sealed, (uint32_t)n);
	start_record(b, b->sealed);
	gcm_aes256_encrypt(&b->gcm, n, b->sealed + sealed.n, b->plain);
	sealed.n += n;
	gcm_aes256_digest(&b->gcm, STORE_TAG, b->sealed + sealed.n);
	b->sequence++;
	secret_wipe(b->plain, n);
	return span_of(b->sealed, sealed.n + STORE_TAG);
}

struct span store_box_seal(struct store_box *b, const struct store_record *r)
{
	struct buf plain = buf_of(b->plain, sizeof b->plain);

	buf_u8(&plain, (uint8_t)r->op);
	buf_u8(&plain, r->type);
	buf_u8(&plain, (uint8_t)r->key.n);
	buf_u8(&plain, 0);
	buf_u16(&plain, (uint16_t)r->value.n);
	buf_add(&plain, r->key);
	buf_add(&plain, r->value);
	return store_box_seal_plain(b, plain.n);
}

static bool parse_plain(struct span plain, struct store_record *r)
{
	struct cursor c = cursor_of(plain);
	uint8_t op, key_n, zero;
	uint16_t value_n;

	if (!cursor_u8(&c, &op) || !cursor_u8(&c, &r->type) || !cursor_u8(&c, &key_n) || !cursor_u8(&c, &zero) ||
	    !cursor_u16(&c, &value_n) || !cursor_span(&c, key_n, &r->key) || !cursor_span(&c, value_n, &r->value))
		return false;
	r->op = (enum store_op)op;
	if (op == STORE_DEL && value_n && (key_n == 0 || value_n % key_n))
		return false; /* the value is more keys of that length */
	return cursor_left(&c) == 0 && zero == 0 && op >= STORE_PUT && op <= STORE_ADD && key_n <= STORE_KEY_MAX &&
	       value_n <= STORE_VALUE_MAX;
}

enum next { NEXT_RECORD, NEXT_END, NEXT_TORN, NEXT_DAMAGED };

/* Only one record is ever on its way to the disk, so what a crash cut off is shorter than the longest record and
 * reaches to the end of the file. */
static enum next cut_or_damaged(size_t left)
{
	return left <= STORE_SEALED_MAX ? NEXT_TORN : NEXT_DAMAGED;
}

/* Did the sector that begins here, or what of it is written from here on, not come to the disk? The length of a file may be there
 * without its octets (another process's sync commits it); they read as zeros. */
static bool is_lost(struct span file, size_t at)
{
	size_t end = (at / SECTOR + 1) * SECTOR;

	for (size_t i = at; i < end && i < file.n; i++)
		if (file.p[i])
			return false;
	return true;
}

/* Something stands behind the end that a record's length names. It was cut off all the same where the length is not what was
 * written: in a lost sector, or on both sides of one's end. The upper two octets of any length are zeros. */
static enum next lost_or_damaged(struct span file, size_t at)
{
	size_t low = at + 3;
	bool lost = is_lost(file, low / SECTOR > at / SECTOR ? low / SECTOR * SECTOR : at) ||
	            (low % SECTOR == 0 && is_lost(file, at + 2));

	return lost ? cut_or_damaged(file.n - at) : NEXT_DAMAGED;
}

static enum next open_next(struct store_box *b, struct span file, struct cursor *c, struct store_record *r)
{
	uint8_t tag[STORE_TAG];
	const uint8_t *head = c->p;
	size_t left = cursor_left(c);
	struct span body, given;
	uint32_t n;

	if (left == 0)
		return NEXT_END;
	if (!cursor_u32(c, &n) || n > STORE_PLAIN_MAX || !cursor_span(c, n, &body) ||
	    !cursor_span(c, STORE_TAG, &given))
		return cut_or_damaged(left);
	start_record(b, head);
	gcm_aes256_decrypt(&b->gcm, n, b->plain, body.p);
	gcm_aes256_digest(&b->gcm, sizeof tag, tag);
	if (!secret_eq(tag, given.p, sizeof tag))
		return cursor_left(c) == 0 ? NEXT_TORN : lost_or_damaged(file, (size_t)(head - file.p));
	b->sequence++;
	return parse_plain(span_of(b->plain, n), r) ? NEXT_RECORD : NEXT_DAMAGED;
}

struct store_found store_read(struct store_box *b, const char *process, struct span file,
    bool (*visit)(void *arg, const struct store_record *r), void *arg)
{
	struct store_found f = {.state = STORE_BEGUN};
	struct store_record r = {0};
	enum next next;

	if (file.n < STORE_NEWBORN)
		return (struct store_found){.state = STORE_ABSENT};
	if (memcmp(file.p, magic, sizeof magic) != 0)
		return (struct store_found){.state = STORE_DAMAGED};
	memcpy(b->header, file.p, STORE_HEADER);
	set_key(b, process);
	f.generation = b->generation;
	struct cursor c = cursor_of(span_skip(file, STORE_HEADER));
	while ((next = open_next(b, file, &c, &r)) == NEXT_RECORD) {
		bool changes = r.op == STORE_DEL || r.op == STORE_ADD; /* a rewrite only puts */
		bool misplaced = r.op == STORE_COMMIT ? f.state == STORE_WHOLE : changes && f.state != STORE_WHOLE;
		if (!misplaced && r.op == STORE_COMMIT) {
			f.state = STORE_WHOLE;
		} else if (misplaced || !visit(arg, &r)) {
			next = NEXT_DAMAGED;
			break;
		}
	}
	f.torn = next == NEXT_TORN;
	if (next == NEXT_DAMAGED)
		f.state = STORE_DAMAGED;
	secret_wipe(b->plain, sizeof b->plain);
	return f;
}
