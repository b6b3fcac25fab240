/* SPDX-License-Identifier: ISC */
#include "keeper/nonces.h"
#include "base/rand.h"
#include "base/secret.h"
#include "base/siphash.h"
#include <nettle/aes.h>
#include <nettle/hmac.h>
#include <stdlib.h>

enum { BLOCK = 16, TAG = 16 };

struct nonce_keys {
	struct aes256_ctx hide, show;
	struct hmac_sha256_ctx bind;
	uint8_t user[16];
};

bool nonces_init(struct nonces *n, uint32_t cap)
{
	uint8_t key[AES256_KEY_SIZE];

	*n = (struct nonces){.next = 1, .keys = secret_new(sizeof *n->keys)};
	rand_bytes(key, sizeof key);
	aes256_set_encrypt_key(&n->keys->hide, key);
	aes256_invert_key(&n->keys->show, &n->keys->hide);
	rand_bytes(key, sizeof key);
	hmac_sha256_set_key(&n->keys->bind, sizeof key, key);
	rand_bytes(n->keys->user, sizeof n->keys->user);
	secret_wipe(key, sizeof key);
	n->use = calloc(cap, sizeof *n->use);
	return n->use && recent_init(&n->recent, cap);
}

void nonces_fini(struct nonces *n)
{
	recent_fini(&n->recent);
	free(n->use);
	secret_free(n->keys, sizeof *n->keys);
}

static void make_tag(
    const struct nonces *n, const uint8_t block[BLOCK], uint64_t flow, struct span user, uint8_t tag[TAG])
{
	struct hmac_sha256_ctx h = n->keys->bind;

	hmac_sha256_update(&h, BLOCK, block);
	hmac_sha256_update(&h, sizeof flow, (const uint8_t *)&flow);
	hmac_sha256_update(&h, user.n, user.p);
	hmac_sha256_digest(&h, TAG, tag);
	secret_wipe(&h, sizeof h);
}

void nonces_put(struct nonces *n, uint64_t now_ms, uint64_t flow, struct span user, struct buf *b)
{
	uint64_t clear[2] = {n->next++, now_ms};
	uint8_t raw[BLOCK + TAG];

	memcpy(raw, clear, BLOCK);
	aes256_encrypt(&n->keys->hide, BLOCK, raw, raw);
	make_tag(n, raw, flow, user, raw + BLOCK);
	buf_hex(b, raw, sizeof raw);
}

static void make_key(const struct nonces *n, const struct nonce_claim *c, uint8_t key[RECENT_KEY])
{
	uint64_t user = siphash(n->keys->user, c->user);

	memcpy(key, &c->flow, 8);
	memcpy(key + 8, &user, 8);
}

uint64_t nonces_check(struct nonces *n, uint64_t now_ms, const struct nonce_claim *c)
{
	uint8_t raw[BLOCK + TAG] = {0}, tag[TAG], key[RECENT_KEY];
	uint64_t clear[2];

	bool ok = c->nonce.n == NONCE_TEXT && span_unhex(c->nonce, raw, sizeof raw) == sizeof raw;
	make_tag(n, raw, c->flow, c->user, tag);
	if (!secret_eq(tag, raw + BLOCK, TAG) || !ok || c->count == 0)
		return 0;
	aes256_decrypt(&n->keys->show, BLOCK, (uint8_t *)clear, raw);
	uint64_t number = clear[0], age_ms = now_ms - clear[1];
	make_key(n, c, key);
	int64_t slot = recent_find(&n->recent, key);
	if (slot >= 0 && n->use[slot].number == number)
		return c->count > n->use[slot].count && age_ms <= NONCE_LIFE_MS ? number : 0;
	bool later = slot >= 0 ? number > n->use[slot].number : number > n->floor;
	return later && age_ms <= NONCE_FIRST_MS ? number : 0;
}

void nonces_spend(struct nonces *n, uint64_t number, const struct nonce_claim *c, bool right)
{
	uint8_t key[RECENT_KEY];
	bool fresh;

	make_key(n, c, key);
	int64_t slot = recent_find(&n->recent, key);
	if (slot < 0) {
		slot = recent_take(&n->recent, key, &fresh);
		if (!fresh && n->use[slot].number > n->floor)
			n->floor = n->use[slot].number;
	}
	n->use[slot] = (struct nonce_use){number, right ? c->count : UINT32_MAX};
}
