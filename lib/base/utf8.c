/* SPDX-License-Identifier: ISC */
#include "base/utf8.h"
#include <stdint.h>

size_t utf8_step(const uint8_t *p, size_t left)
{
	static const struct {
		uint8_t first, last, low, high, n; /* low..high bound the second octet */
	} form[] = {
	    {0xc2, 0xdf, 0x80, 0xbf, 2},
	    {0xe0, 0xe0, 0xa0, 0xbf, 3},
	    {0xe1, 0xec, 0x80, 0xbf, 3},
	    {0xed, 0xed, 0x80, 0x9f, 3},
	    {0xee, 0xef, 0x80, 0xbf, 3},
	    {0xf0, 0xf0, 0x90, 0xbf, 4},
	    {0xf1, 0xf3, 0x80, 0xbf, 4},
	    {0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	if (*p < 0x80)
		return 1;
	for (size_t i = 0; i < sizeof form / sizeof form[0]; i++) {
		if (*p < form[i].first || *p > form[i].last)
			continue;
		if (form[i].n > left || p[1] < form[i].low || p[1] > form[i].high)
			return 0;
		for (size_t k = 2; k < form[i].n; k++)
			if ((p[k] & 0xc0) != 0x80)
				return 0;
		return form[i].n;
	}
	return 0;
}

/* Turns the direction of writing, or breaks a line: a name with it reads as another on somebody's display. */
static bool misleads(uint32_t c)
{
	return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x2028 || c == 0x2029 ||
	       c == 0xfeff;
}

/* As utf8_step(), and 0 for a control or what misleads. */
static size_t character(const uint8_t *p, size_t n)
{
	const size_t len = utf8_step(p, n);

	if (len == 1)
		return p[0] >= 0x20 && p[0] != 0x7f;
	if (len == 2 && p[0] == 0xc2 && p[1] < 0xa0)
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
