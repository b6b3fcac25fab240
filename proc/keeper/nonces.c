/* SPDX-License-Identifier: ISC */
#include "keeper/nonces.h"
#include "base/rand.h"
#include "base/secret.h"
#include "base/siphash.h"
#include <nettle/aes.h>
#include <stdlib.h>

struct nonce_keys {
	struct aes256_ctx hide, show, bind;
	uint8_t user[16];
};

bool nonces_init(struct nonces *n, uint32_t cap)
{
	uint8_t key[AES256_KEY_SIZE];

	*n = (struct nonces){.sheet = 1, .keys = secret_new(sizeof *n->keys)};
	rand_bytes(key, sizeof key);
	aes256_set_encrypt_key(&n->keys->hide, key);
	aes256_invert_key(&n->keys->show, &n->keys->hide);
	rand_bytes(key, sizeof key);
	aes256_set_encrypt_key(&n->keys->bind, key);
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

static void make_sheet_key(const struct nonces *n, uint64_t sheet, uint8_t key[NONCE_KEY])
{
	const uint64_t clear[2] = {sheet};

	aes256_encrypt(&n->keys->bind, NONCE_KEY, key, (const uint8_t *)clear);
}

void nonces_give(struct nonces *n, uint64_t now_ms, uint8_t key[NONCE_KEY], uint8_t blocks[NONCE_SHEET * NONCE_BLOCK])
{
	uint64_t clear[NONCE_SHEET][2];

	for (uint64_t i = 0; i < NONCE_SHEET; i++) {
		clear[i][0] = n->sheet * NONCE_SHEET + i;
		clear[i][1] = now_ms;
	}
	aes256_encrypt(&n->keys->hide, sizeof clear, blocks, (const uint8_t *)clear);
	make_sheet_key(n, n->sheet++, key);
}

static void make_key(const struct nonces *n, const struct nonce_claim *c, uint8_t key[RECENT_KEY])
{
	uint64_t user = siphash(n->keys->user, c->user);

	memcpy(key, &c->flow, 8);
	memcpy(key + 8, &user, 8);
}

uint64_t nonces_check(struct nonces *n, uint64_t now_ms, const struct nonce_claim *c)
{
	uint8_t raw[NONCE_BLOCK + NONCE_TAG] = {0}, bound[NONCE_KEY], tag[NONCE_TAG], key[RECENT_KEY];
	uint64_t clear[2];

	bool ok = c->nonce.n == NONCE_TEXT && span_unhex(c->nonce, raw, sizeof raw) == sizeof raw;
	aes256_decrypt(&n->keys->show, NONCE_BLOCK, (uint8_t *)clear, raw);
	make_sheet_key(n, clear[0] / NONCE_SHEET, bound);
	nonce_tag(bound, raw, c->flow, c->user, tag);
	secret_wipe(bound, sizeof bound);
	if (!secret_eq(tag, raw + NONCE_BLOCK, NONCE_TAG) || !ok || c->count == 0)
		return 0;
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
