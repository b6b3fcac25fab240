/* SPDX-License-Identifier: ISC */
/* Our own nonces for digest authentication (RFC 7616 3.3, 5.4): a block that says nothing to anyone but who made it, and a tag
 * that binds it to one connection and user. Blocks are made a sheet at a time; whoever has the sheet's key can bind its blocks. */
#ifndef WIRE_NONCE_H
#define WIRE_NONCE_H

#include "base/buf.h"

enum {
	NONCE_BLOCK = 16,
	NONCE_TAG = 16,
	NONCE_KEY = 16,
	NONCE_TEXT = 2 * (NONCE_BLOCK + NONCE_TAG),
	NONCE_SHEET = 64,           /* blocks */
	NONCE_SHEET_MS = 10 * 1000, /* it is used for so long */
};

void nonce_tag(const uint8_t key[NONCE_KEY], const uint8_t block[NONCE_BLOCK], uint64_t flow, struct span user,
    uint8_t tag[NONCE_TAG]);

/* Append NONCE_TEXT octets. */
void nonce_put(
    struct buf *b, const uint8_t key[NONCE_KEY], const uint8_t block[NONCE_BLOCK], uint64_t flow, struct span user);

#endif
