/* SPDX-License-Identifier: ISC */
/* draft-ietf-opsawg-pcapng: sections, interfaces and the three kinds of packet blocks; all other blocks are stepped over. */
#include "capture/file.h"

enum { SECTION = 0x0a0d0d0a, INTERFACE = 1, PACKET = 2, SIMPLE = 3, ENHANCED = 6 };
enum { BYTE_ORDER_MAGIC = 0x1a2b3c4d };
enum { BLOCK_HEAD = 8, BLOCK_TAIL = 4, BLOCK_LEAST = 12, OPTION_TSRESOL = 9, OPTION_HEAD = 4 };
enum { INTERFACE_BODY = 8, PACKET_BODY = 20, SIMPLE_BODY = 4, SECTION_BODY = 16 };
enum { PER_S_DEFAULT = 1000000 };

/* A section says its own byte order, so its length is read after its magic. */
static bool section(struct capture *c, const uint8_t *p)
{
	uint32_t magic;

	memcpy(&magic, p + BLOCK_HEAD, sizeof magic);
	c->swapped = magic == __builtin_bswap32(BYTE_ORDER_MAGIC);
	c->interfaces = 0;
	return c->swapped || magic == BYTE_ORDER_MAGIC;
}

/* if_tsresol: a power of ten, or with the high bit of two. */
static uint64_t per_second(uint8_t resolution)
{
	uint64_t v = 1;
	unsigned power = resolution & 0x7f;

	if (resolution & 0x80)
		return power < 63 ? (uint64_t)1 << power : PER_S_DEFAULT;
	if (power > 18)
		return PER_S_DEFAULT;
	while (power-- > 0)
		v *= 10;
	return v;
}

static void interface(struct capture *c, const uint8_t *body, size_t n)
{
	struct capture_interface i = {
	    .link = capture_u16(c, body), .snap = capture_u32(c, body + 4), .per_s = PER_S_DEFAULT};
	size_t at = INTERFACE_BODY;

	if (c->interfaces == CAPTURE_INTERFACES)
		return;
	while (n - at >= OPTION_HEAD) {
		uint16_t code = capture_u16(c, body + at), len = capture_u16(c, body + at + 2);
		at += OPTION_HEAD;
		if (code == 0 || len > n - at)
			break;
		if (code == OPTION_TSRESOL && len >= 1)
			i.per_s = per_second(body[at]);
		size_t step = ((size_t)len + 3) & ~(size_t)3;
		if (step > n - at)
			break;
		at += step;
	}
	c->interface[c->interfaces++] = i;
}

static uint64_t time_us(const struct capture_interface *i, uint64_t units)
{
	if (i->per_s == PER_S_DEFAULT)
		return units;
	return units / i->per_s * 1000000 + (uint64_t)((unsigned __int128)(units % i->per_s) * 1000000 / i->per_s);
}

/* Enhanced and (obsolete) packet blocks: they differ in where the interface stands. */
static bool packet(const struct capture *c, const uint8_t *body, size_t n, bool enhanced, struct frame *out)
{
	uint32_t on = enhanced ? capture_u32(c, body) : capture_u16(c, body), len = capture_u32(c, body + 12);

	if (on >= c->interfaces || len > n - PACKET_BODY)
		return false;
	const struct capture_interface *i = &c->interface[on];
	out->time_us = time_us(i, (uint64_t)capture_u32(c, body + 4) << 32 | capture_u32(c, body + 8));
	out->wire_len = capture_u32(c, body + 16);
	out->data = span_of(body + PACKET_BODY, len);
	out->link = i->link;
	return true;
}

static bool simple(const struct capture *c, const uint8_t *body, size_t n, struct frame *out)
{
	if (c->interfaces == 0)
		return false;
	uint32_t len = capture_u32(c, body), snap = c->interface[0].snap;
	out->time_us = 0;
	out->wire_len = len;
	if (snap && len > snap)
		len = snap;
	if (len > n - SIMPLE_BODY)
		len = (uint32_t)(n - SIMPLE_BODY);
	out->data = span_of(body + SIMPLE_BODY, len);
	out->link = c->interface[0].link;
	return true;
}

/* True: it held a frame. Bodies are long enough for their kind. */
static bool block(struct capture *c, uint32_t type, const uint8_t *body, size_t n, struct frame *out)
{
	switch (type) {
	case INTERFACE:
		interface(c, body, n);
		return false;
	case ENHANCED:
	case PACKET:
		return packet(c, body, n, type == ENHANCED, out);
	default:
		return type == SIMPLE && simple(c, body, n, out);
	}
}

static size_t least(uint32_t type)
{
	return type == INTERFACE                    ? INTERFACE_BODY
	       : type == ENHANCED || type == PACKET ? PACKET_BODY
	       : type == SIMPLE                     ? SIMPLE_BODY
	                                            : 0;
}

enum capture_result pcapng_next(struct capture *c, struct frame *out)
{
	for (;;) {
		const uint8_t *p = capture_need(c, BLOCK_LEAST);
		if (!p)
			return capture_ended(c, false);
		uint32_t type = capture_u32(c, p);
		if (type == SECTION && !section(c, p))
			return CAPTURE_BAD;
		uint32_t n = capture_u32(c, p + 4);
		if (n < BLOCK_LEAST + least(type) || n % 4 != 0)
			return CAPTURE_BAD;
		if (least(type) == 0) {
			if (!capture_skip(c, n))
				return capture_ended(c, true);
			continue;
		}
		if (n > CAPTURE_WINDOW)
			return CAPTURE_BAD;
		p = capture_need(c, n);
		if (!p)
			return capture_ended(c, true);
		c->at += n;
		if (block(c, type, p + BLOCK_HEAD, n - BLOCK_HEAD - BLOCK_TAIL, out))
			return CAPTURE_FRAME;
	}
}
