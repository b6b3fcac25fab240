/* SPDX-License-Identifier: ISC */
#include "vault/key_print.h"
#include "base/buf.h"
#include <nettle/sha2.h>

void sha_print(const uint8_t sha256[32], char text[KEY_PRINT_TEXT])
{
	struct buf b = buf_of(text, KEY_PRINT_TEXT);

	for (size_t i = 0; i < SHA256_DIGEST_SIZE; i += 4) {
		if (i)
			buf_str(&b, " ");
		buf_hex(&b, sha256 + i, 4);
	}
	(void)buf_cstr(&b);
}

void key_print(const uint8_t point[64], char text[KEY_PRINT_TEXT])
{
	uint8_t sha[SHA256_DIGEST_SIZE];
	struct sha256_ctx h;

	sha256_init(&h);
	sha256_update(&h, 64, point);
	sha256_digest(&h, sizeof sha, sha);
	sha_print(sha, text);
}
