/* SPDX-License-Identifier: ISC */
/* A writer over memory that somebody else owns. What does not fit sets `full` and writes nothing more, so a chain
 * of puts is checked once, at its end. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/span.h"

struct buf {
	uint8_t *p;
	size_t n, cap;
	bool full;
};

static inline struct buf buf_of(void *mem, size_t cap)
{
	return (struct buf){.p = mem, .cap = cap};
}

static inline struct span buf_span(const struct buf *b)
{
	return span_of(b->p, b->n);
}

void buf_put(struct buf *b, const void *p, size_t n);
void buf_str(struct buf *b, const char *s);
void buf_u8(struct buf *b, uint8_t v);
void buf_u16(struct buf *b, uint16_t v); /* big-endian */
void buf_u32(struct buf *b, uint32_t v);
void buf_decimal(struct buf *b, uint64_t v);
void buf_hex(struct buf *b, const void *p, size_t n); /* lower case */
void buf_base64(struct buf *b, const void *p, size_t n);

static inline void buf_add(struct buf *b, struct span s)
{
	buf_put(b, s.p, s.n);
}

#define BUF_LIT(b, literal) buf_put((b), "" literal, sizeof(literal) - 1)

/* Terminate with NUL without counting it; the C string, or NULL if it did not fit. */
const char *buf_cstr(struct buf *b);

#endif
