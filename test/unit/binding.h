/* SPDX-License-Identifier: ISC */
/* A Binding request as a phone sends it to check a pair of candidates (RFC 8445 7.2.2). */
#ifndef TEST_BINDING_H
#define TEST_BINDING_H

#include "wire/stun.h"
#include <nettle/hmac.h>

enum binding_role { BINDING_CONTROLLED = 0x8029, BINDING_CONTROLLING = 0x802a };

/* Good until the next. user: "ours:theirs"; use: with USE-CANDIDATE. */
static inline struct span binding_request(const char *user, const char *pwd, enum binding_role role, bool use)
{
	static uint8_t mem[256];
	struct buf b = buf_of(mem, sizeof mem);
	struct hmac_sha1_ctx mac;
	size_t n = strlen(user);

	buf_u16(&b, STUN_BINDING_REQUEST);
	buf_u16(&b, 0);
	buf_u32(&b, 0x2112a442);
	buf_put(&b, "transaction!", 12);
	buf_u16(&b, 0x0006);
	buf_u16(&b, (uint16_t)n);
	buf_put(&b, user, n);
	buf_put(&b, "\0\0\0", -n & 3);
	buf_u16(&b, (uint16_t)role);
	buf_u16(&b, 8);
	buf_put(&b, "tiebreak", 8);
	if (use) {
		buf_u16(&b, 0x0025);
		buf_u16(&b, 0);
	}
	mem[2] = (uint8_t)((b.n + 24 - 20) >> 8);
	mem[3] = (uint8_t)(b.n + 24 - 20);
	hmac_sha1_set_key(&mac, strlen(pwd), (const uint8_t *)pwd);
	hmac_sha1_update(&mac, b.n, mem);
	buf_u16(&b, 0x0008);
	buf_u16(&b, 20);
	hmac_sha1_digest(&mac, 20, mem + b.n);
	return span_of(mem, b.n + 20);
}

#endif
