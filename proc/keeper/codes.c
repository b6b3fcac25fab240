/* SPDX-License-Identifier: ISC */
#include "keeper/codes.h"
#include "base/rand.h"
#include "base/secret.h"
#include "keeper/keeper.h"
#include "vault/code.h"
#include <nettle/sha2.h>

struct kept_code {
	int64_t end_ms;
	uint32_t tries, zero;
	uint8_t hash[SHA256_DIGEST_SIZE];
};

static struct span key_of(const uint32_t *device)
{
	return span_of(device, sizeof *device);
}

static void hash_code(const uint8_t bits[CODE_BITS], uint8_t hash[SHA256_DIGEST_SIZE])
{
	struct sha256_ctx h;

	sha256_init(&h);
	sha256_update(&h, CODE_BITS, bits);
	sha256_digest(&h, SHA256_DIGEST_SIZE, hash);
}

void codes_init(struct codes *c, struct store *s)
{
	*c = (struct codes){.store = s};
}

const char *codes_make(struct codes *c, int64_t now_wall_ms, uint32_t device, struct buf *text)
{
	struct kept_code k = {.end_ms = now_wall_ms + CODES_LIFE_MS};
	uint8_t bits[CODE_BITS];

	rand_bytes(bits, sizeof bits);
	hash_code(bits, k.hash);
	const char *why = store_put(c->store, KEEP_CODE, key_of(&device), span_of(&k, sizeof k));
	if (!why) {
		code_put(text, device, bits);
		c->made++;
	}
	secret_wipe(bits, sizeof bits);
	return why;
}

static bool is_right(const struct kept_code *k, uint32_t device, struct span text)
{
	uint8_t bits[CODE_BITS] = {0}, hash[SHA256_DIGEST_SIZE];
	uint32_t named = 0;

	bool ok = code_parse(text, &named, bits) && named == device;
	hash_code(bits, hash);
	secret_wipe(bits, sizeof bits);
	return secret_eq(hash, k->hash, sizeof hash) && ok;
}

/* The try is on disk before it is judged, so that no crash gives it back. */
const char *codes_use(struct codes *c, int64_t now_wall_ms, uint32_t device, struct span text)
{
	struct kept_code k;
	struct span v;

	if (!store_get(c->store, KEEP_CODE, key_of(&device), &v) || v.n != sizeof k)
		return "this phone's code was used already (`ringfence phone renew PHONE --new-key` makes another one)";
	memcpy(&k, v.p, sizeof k);
	bool right = is_right(&k, device, text), late = now_wall_ms >= k.end_ms;
	if (right || late || ++k.tries >= CODES_TRIES) {
		const char *why = store_del(c->store, KEEP_CODE, key_of(&device));
		if (why)
			return why;
	} else {
		const char *why = store_put(c->store, KEEP_CODE, key_of(&device), span_of(&k, sizeof k));
		if (why)
			return why;
	}
	if (late)
		return "the code is older than a day (`ringfence phone renew PHONE --new-key` makes another one)";
	c->used += right;
	c->wrong += !right;
	return right ? NULL : "wrong code";
}
