/* SPDX-License-Identifier: ISC */
/* Borrowed bytes. A span owns nothing; what must outlive the callback is copied. */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
	const uint8_t *p;
	size_t n;
};

#define SPAN(literal) ((struct span){(const uint8_t *)("" literal), sizeof(literal) - 1})
#define SPAN_ARG(s) (int)(s).n, (const char *)(s).p /* for "%.*s" */

static inline struct span span_of(const void *p, size_t n)
{
	return (struct span){p, n};
}

static inline struct span span_str(const char *s)
{
	return (struct span){(const uint8_t *)s, strlen(s)};
}

static inline bool span_eq(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* ASCII letters compare without case; other octets exactly. */
bool span_eq_case(struct span a, struct span b);
bool span_starts(struct span s, struct span prefix);
bool span_starts_case(struct span s, struct span prefix);

/* First n octets / what follows them; n past the end gives all / nothing. */
struct span span_head(struct span s, size_t n);
struct span span_skip(struct span s, size_t n);

/* Index of the first c, or s.n. */
size_t span_find(struct span s, uint8_t c);

/* Strip SP and HTAB on both sides. */
struct span span_trim(struct span s);

/* Decimal digits only, no sign, at most max. True and *out only if all of s was read. */
bool span_decimal(struct span s, uint64_t max, uint64_t *out);

/* Hex digits to octets; s.n must be 2 * cap at most. Length written, or -1. */
int span_unhex(struct span s, uint8_t *out, size_t cap);

/* Base64 (RFC 4648 4) to octets, with its padding or without any; bits left over must be 0. Length written, or -1. */
int span_unbase64(struct span s, uint8_t *out, size_t cap);

/* Copy into a NUL-terminated array; false (and nothing written) if it does not fit or holds a NUL. */
bool span_cstr(struct span s, char *out, size_t cap);

static inline uint8_t ascii_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

#endif
