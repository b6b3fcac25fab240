/* SPDX-License-Identifier: ISC */
#include "base/span.h"

bool span_eq_case(struct span a, struct span b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
			return false;
	return true;
}

bool span_starts(struct span s, struct span prefix)
{
	return s.n >= prefix.n && span_eq(span_head(s, prefix.n), prefix);
}

bool span_starts_case(struct span s, struct span prefix)
{
	return s.n >= prefix.n && span_eq_case(span_head(s, prefix.n), prefix);
}

struct span span_head(struct span s, size_t n)
{
	return span_of(s.p, n < s.n ? n : s.n);
}

struct span span_skip(struct span s, size_t n)
{
	if (n > s.n)
		n = s.n;
	return n == 0 ? s : span_of(s.p + n, s.n - n);
}

size_t span_find(struct span s, uint8_t c)
{
	const uint8_t *at = s.n ? memchr(s.p, c, s.n) : NULL;
	return at ? (size_t)(at - s.p) : s.n;
}

struct span span_trim(struct span s)
{
	while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = span_skip(s, 1);
	while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

bool span_decimal(struct span s, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	if (s.n == 0 || s.n > 20)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t d = (uint8_t)(s.p[i] - '0');
		if (d > 9 || v > (max - d) / 10 || d > max)
			return false;
		v = v * 10 + d;
	}
	*out = v;
	return true;
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int span_unhex(struct span s, uint8_t *out, size_t cap)
{
	if (s.n % 2 != 0 || s.n / 2 > cap)
		return -1;
	for (size_t i = 0; i < s.n / 2; i++) {
		int hi = hex_digit(s.p[2 * i]), lo = hex_digit(s.p[2 * i + 1]);
		if (hi < 0 || lo < 0)
			return -1;
		out[i] = (uint8_t)(hi << 4 | lo);
	}
	return (int)(s.n / 2);
}

static int base64_digit(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int span_unbase64(struct span s, uint8_t *out, size_t cap)
{
	size_t digits = s.n, at = 0;
	uint32_t bits = 0;
	unsigned have = 0;

	while (digits && s.n - digits < 2 && s.p[digits - 1] == '=')
		digits--;
	if (digits % 4 == 1 || (digits != s.n && s.n % 4 != 0) || digits / 4 * 3 + digits % 4 * 3 / 4 > cap)
		return -1;
	for (size_t i = 0; i < digits; i++) {
		int v = base64_digit(s.p[i]);
		if (v < 0)
			return -1;
		bits = bits << 6 | (uint32_t)v;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[at++] = (uint8_t)(bits >> have);
			bits &= (1U << have) - 1;
		}
	}
	return bits == 0 ? (int)at : -1;
}

bool span_cstr(struct span s, char *out, size_t cap)
{
	if (s.n >= cap || span_find(s, 0) != s.n)
		return false;
	if (s.n)
		memcpy(out, s.p, s.n);
	out[s.n] = 0;
	return true;
}
