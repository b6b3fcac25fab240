/* SPDX-License-Identifier: ISC */
/* Checked reads of big-endian binary formats. Each read tests what is left before any pointer moves, returns
 * false when short, and then leaves the cursor where it was; chain them with || and one error exit. */
#ifndef BASE_CURSOR_H
#define BASE_CURSOR_H

#include "base/span.h"

struct cursor {
	const uint8_t *p, *end;
};

static inline struct cursor cursor_of(struct span s)
{
	return (struct cursor){s.p, s.p + s.n};
}

static inline size_t cursor_left(const struct cursor *c)
{
	return (size_t)(c->end - c->p);
}

static inline bool cursor_u8(struct cursor *c, uint8_t *v)
{
	if (cursor_left(c) < 1)
		return false;
	*v = *c->p++;
	return true;
}

static inline bool cursor_u16(struct cursor *c, uint16_t *v)
{
	if (cursor_left(c) < 2)
		return false;
	*v = (uint16_t)(c->p[0] << 8 | c->p[1]);
	c->p += 2;
	return true;
}

static inline bool cursor_u24(struct cursor *c, uint32_t *v)
{
	if (cursor_left(c) < 3)
		return false;
	*v = (uint32_t)c->p[0] << 16 | (uint32_t)c->p[1] << 8 | c->p[2];
	c->p += 3;
	return true;
}

static inline bool cursor_u32(struct cursor *c, uint32_t *v)
{
	if (cursor_left(c) < 4)
		return false;
	*v = (uint32_t)c->p[0] << 24 | (uint32_t)c->p[1] << 16 | (uint32_t)c->p[2] << 8 | c->p[3];
	c->p += 4;
	return true;
}

static inline bool cursor_skip(struct cursor *c, size_t n)
{
	if (n > cursor_left(c))
		return false;
	c->p += n;
	return true;
}

static inline bool cursor_span(struct cursor *c, size_t n, struct span *s)
{
	if (n > cursor_left(c))
		return false;
	*s = span_of(c->p, n);
	c->p += n;
	return true;
}

/* A sub-cursor over the next n octets. */
static inline bool cursor_sub(struct cursor *c, size_t n, struct cursor *sub)
{
	if (n > cursor_left(c))
		return false;
	*sub = (struct cursor){c->p, c->p + n};
	c->p += n;
	return true;
}

#endif
