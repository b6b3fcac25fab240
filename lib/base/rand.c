/* SPDX-License-Identifier: ISC */
#include "base/rand.h"
#include "base/buf.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

enum { SHARED_MAX = 64 };

static void fill(uint8_t *p, size_t n)
{
	while (n) {
		ssize_t got = getrandom(p, n, 0);
		if (got < 0 && errno != EINTR)
			abort();
		if (got > 0) {
			p += got;
			n -= (size_t)got;
		}
	}
}

/* Small requests share one system call; what was handed out is wiped. */
void rand_bytes(void *p, size_t n)
{
	static uint8_t stock[4096];
	static size_t left;

	if (n > SHARED_MAX) {
		fill(p, n);
		return;
	}
	if (left < n) {
		fill(stock, sizeof stock);
		left = sizeof stock;
	}
	left -= n;
	memcpy(p, stock + left, n);
	memset(stock + left, 0, n);
}

uint32_t rand_u32(void)
{
	uint32_t v;
	rand_bytes(&v, sizeof v);
	return v;
}

void rand_hex(char *out, size_t n)
{
	uint8_t raw[32];
	struct buf b = buf_of(out, 2 * n + 1);

	if (n > sizeof raw)
		abort();
	rand_bytes(raw, n);
	buf_hex(&b, raw, n);
	(void)buf_cstr(&b);
	explicit_bzero(raw, sizeof raw);
}
