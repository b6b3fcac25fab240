/* SPDX-License-Identifier: ISC */
#include "cmd.h"

static int value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* RFC 4648 4, with its padding and nothing else. */
bool base64_read(const char *text, struct buf *out)
{
	for (; *text; text += 4) {
		uint32_t bits = 0;
		int n = 0;
		for (int i = 0; i < 4; i++) {
			int v = n == i ? value(text[i]) : -1;
			if (v < 0 && (i < 2 || text[i] != '='))
				return false;
			n += v >= 0;
			bits = bits << 6 | (v >= 0 ? (uint32_t)v : 0);
		}
		if (n < 4 && text[4])
			return false;
		for (int i = 0; i < n - 1; i++)
			buf_u8(out, (uint8_t)(bits >> (16 - 8 * i)));
	}
	return !out->full;
}
