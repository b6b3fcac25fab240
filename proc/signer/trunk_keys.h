/* SPDX-License-Identifier: ISC */
/* A key for each trunk that was ever asked a certificate for, by the trunk's name, and one that is to replace it: that waits until
 * the site has a certificate of it, and then the one before it is destroyed. */
#ifndef SIGNER_TRUNK_KEYS_H
#define SIGNER_TRUNK_KEYS_H

#include "base/buf.h"
#include "ipc/child.h"

enum {
	TRUNK_KEYS_MAX = 128, /* both of 64 names */
	TRUNK_KEYS_BYTES = TRUNK_KEYS_MAX * 128,
};

/* NULL, or why this site's certificates of trunks cannot be shown. */
const char *trunk_keys_judge(const struct site *s);
/* The keys of this site's trunks, from now on. */
void trunk_keys_take(const struct site *s);

/* Nothing is appended when the trunk (index) has no key, or is none of this site: edge may know the one before or after it. */
void trunk_keys_sign(uint8_t trunk, const uint8_t hash[32], struct buf *der);

void trunk_keys_on_request_want(struct link *from, const struct ipc_view *v);

#endif
