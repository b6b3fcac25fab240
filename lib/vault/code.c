/* SPDX-License-Identifier: ISC */
#include "vault/code.h"

enum { LETTERS = 26, GROUP = 5 }; /* 130 bits; the last two are 0 */

static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567"; /* RFC 4648 6, in lower case */

void code_put(struct buf *b, uint32_t device, const uint8_t bits[CODE_BITS])
{
	uint32_t hold = 0, held = 0, at = 0;

	buf_decimal(b, device);
	for (int i = 0; i < LETTERS; i++) {
		if (i % GROUP == 0 && i < LETTERS - 1)
			buf_u8(b, '-');
		if (held < 5) {
			hold = hold << 8 | (at < CODE_BITS ? bits[at] : 0);
			at++;
			held += 8;
		}
		held -= 5;
		buf_u8(b, (uint8_t)alphabet[hold >> held & 31]);
	}
}

/* What people mistake for each other stands for the letter: the alphabet has no 0, 1, 8 or 9. */
static int letter_value(uint8_t c)
{
	c = ascii_lower(c);
	if (c == '0')
		c = 'o';
	else if (c == '1')
		c = 'l';
	else if (c == '8')
		c = 'b';
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

bool code_parse(struct span text, uint32_t *device, uint8_t bits[CODE_BITS])
{
	size_t dash = span_find(text, '-');
	uint8_t out[CODE_BITS] = {0};
	uint32_t hold = 0, held = 0, n = 0, letters = 0;
	uint64_t number = 0;

	if (text.n > CODE_TEXT_MAX || dash == text.n || !span_decimal(span_head(text, dash), UINT32_MAX, &number))
		return false;
	for (size_t i = dash + 1; i < text.n; i++) {
		if (text.p[i] == '-' || text.p[i] == ' ')
			continue;
		int v = letter_value(text.p[i]);
		if (v < 0 || ++letters > LETTERS)
			return false;
		hold = hold << 5 | (uint32_t)v;
		held += 5;
		if (held >= 8 && n < CODE_BITS) {
			held -= 8;
			out[n++] = (uint8_t)(hold >> held);
		}
	}
	if (letters != LETTERS || (hold & 3) != 0)
		return false;
	memcpy(bits, out, sizeof out);
	*device = (uint32_t)number;
	return true;
}
