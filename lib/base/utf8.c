/* SPDX-License-Identifier: ISC */
#include "base/utf8.h"
#include <stdint.h>

/* Turns the direction of writing, or breaks a line: a name with it reads as another on somebody's display. */
static bool misleads(uint32_t c)
{
	return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x2028 || c == 0x2029 ||
	       c == 0xfeff;
}

/* Octets of the UTF-8 character at p, 0 when it is none or a control: RFC 3629 4, no overlong forms, no surrogates. */
static size_t character(const uint8_t *p, size_t n)
{
	if (p[0] < 0x80)
		return p[0] >= 0x20 && p[0] != 0x7f;
	size_t len = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	if (p[0] < 0xc2 || p[0] > 0xf4 || len > n)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xc2 && p[1] < 0xa0) || (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	if (len == 3 && misleads((uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3fu)))
		return 0;
	return len;
}

bool utf8_text_ok(struct span text, size_t max)
{
	if (text.n > max)
		return false;
	for (size_t i = 0, step; i < text.n; i += step) {
		step = character(text.p + i, text.n - i);
		if (step == 0)
			return false;
	}
	return true;
}
