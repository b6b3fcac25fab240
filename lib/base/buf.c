/* SPDX-License-Identifier: ISC */
#include "base/buf.h"

void buf_put(struct buf *b, const void *p, size_t n)
{
	if (b->full || n > b->cap - b->n) {
		b->full = true;
		return;
	}
	if (n)
		memcpy(b->p + b->n, p, n);
	b->n += n;
}

void buf_str(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void buf_u8(struct buf *b, uint8_t v)
{
	buf_put(b, &v, 1);
}

void buf_u16(struct buf *b, uint16_t v)
{
	uint8_t o[2] = {(uint8_t)(v >> 8), (uint8_t)v};
	buf_put(b, o, sizeof o);
}

void buf_u32(struct buf *b, uint32_t v)
{
	uint8_t o[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
	buf_put(b, o, sizeof o);
}

void buf_decimal(struct buf *b, uint64_t v)
{
	uint8_t digits[20];
	size_t at = sizeof digits;

	do
		digits[--at] = (uint8_t)('0' + v % 10);
	while (v /= 10);
	buf_put(b, digits + at, sizeof digits - at);
}

void buf_hex(struct buf *b, const void *p, size_t n)
{
	static const char hex[16] = "0123456789abcdef";
	const uint8_t *in = p;

	if (b->full || n > (b->cap - b->n) / 2) {
		b->full = true;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		b->p[b->n++] = (uint8_t)hex[in[i] >> 4];
		b->p[b->n++] = (uint8_t)hex[in[i] & 15];
	}
}

void buf_base64(struct buf *b, const void *p, size_t n)
{
	static const char abc[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *in = p;

	for (size_t i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)in[i] << 16;
		if (i + 1 < n)
			v |= (uint32_t)in[i + 1] << 8;
		if (i + 2 < n)
			v |= in[i + 2];
		buf_u8(b, (uint8_t)abc[v >> 18]);
		buf_u8(b, (uint8_t)abc[v >> 12 & 63]);
		buf_u8(b, i + 1 < n ? (uint8_t)abc[v >> 6 & 63] : '=');
		buf_u8(b, i + 2 < n ? (uint8_t)abc[v & 63] : '=');
	}
}

const char *buf_cstr(struct buf *b)
{
	if (b->full || b->n == b->cap)
		return NULL;
	b->p[b->n] = 0;
	return (const char *)b->p;
}
