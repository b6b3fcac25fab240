/* SPDX-License-Identifier: ISC */
#include "wire/nonce.h"
#include "base/secret.h"
#include <nettle/cmac.h>

void nonce_tag(const uint8_t key[NONCE_KEY], const uint8_t block[NONCE_BLOCK], uint64_t flow, struct span user,
    uint8_t tag[NONCE_TAG])
{
	struct cmac_aes128_ctx c;

	cmac_aes128_set_key(&c, key);
	cmac_aes128_update(&c, NONCE_BLOCK, block);
	cmac_aes128_update(&c, sizeof flow, (const uint8_t *)&flow);
	cmac_aes128_update(&c, user.n, user.p);
	cmac_aes128_digest(&c, NONCE_TAG, tag);
	secret_wipe(&c, sizeof c);
}

void nonce_put(
    struct buf *b, const uint8_t key[NONCE_KEY], const uint8_t block[NONCE_BLOCK], uint64_t flow, struct span user)
{
	uint8_t tag[NONCE_TAG];

	nonce_tag(key, block, flow, user, tag);
	buf_hex(b, block, NONCE_BLOCK);
	buf_hex(b, tag, NONCE_TAG);
}
