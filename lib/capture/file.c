/* SPDX-License-Identifier: ISC */
#include "capture/file.h"
#include <errno.h>
#include <unistd.h>

/* draft-ietf-opsawg-pcap 4 */
enum { PCAP_US = 0xa1b2c3d4, PCAP_NS = 0xa1b23c4d, PCAPNG_SECTION = 0x0a0d0d0a };
enum { FILE_HEADER = 24, RECORD_HEADER = 16 };

void capture_open(struct capture *c, int fd, uint8_t *window)
{
	*c = (struct capture){.fd = fd, .window = window, .p = window};
}

void capture_of(struct capture *c, struct span file)
{
	*c = (struct capture){.fd = -1, .p = file.p, .n = file.n, .ended = true};
}

static void fill(struct capture *c, size_t n)
{
	size_t left = c->n - c->at;

	memmove(c->window, c->window + c->at, left);
	c->done += c->at;
	c->at = 0;
	c->n = left;
	while (c->n < n && !c->ended) {
		size_t room = CAPTURE_WINDOW - c->n;
		ssize_t got = read(c->fd, c->window + c->n, room < CAPTURE_READ ? room : CAPTURE_READ);
		if (got < 0 && errno == EINTR)
			continue;
		c->failed |= got < 0;
		c->ended |= got <= 0;
		c->n += got > 0 ? (size_t)got : 0;
	}
}

const uint8_t *capture_need(struct capture *c, size_t n)
{
	if (c->n - c->at < n && !c->ended)
		fill(c, n);
	return c->n - c->at < n ? NULL : c->p + c->at;
}

bool capture_skip(struct capture *c, uint64_t n)
{
	while (n > 0) {
		if (!capture_need(c, 1))
			return false;
		size_t here = c->n - c->at;
		size_t step = n < here ? (size_t)n : here;
		c->at += step;
		n -= step;
	}
	return true;
}

uint32_t capture_u32(const struct capture *c, const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof v);
	return c->swapped ? __builtin_bswap32(v) : v;
}

uint16_t capture_u16(const struct capture *c, const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof v);
	return c->swapped ? __builtin_bswap16(v) : v;
}

enum capture_result capture_ended(const struct capture *c, bool inside)
{
	if (c->failed)
		return CAPTURE_FAILED;
	return inside || c->at < c->n ? CAPTURE_CUT : CAPTURE_END;
}

static bool is_pcap(struct capture *c, uint32_t magic)
{
	c->swapped = magic == __builtin_bswap32(PCAP_US) || magic == __builtin_bswap32(PCAP_NS);
	uint32_t plain = c->swapped ? __builtin_bswap32(magic) : magic;
	c->nanoseconds = plain == PCAP_NS;
	return plain == PCAP_US || plain == PCAP_NS;
}

static enum capture_result begin(struct capture *c)
{
	const uint8_t *p = capture_need(c, 4);
	uint32_t magic;

	if (!p)
		return c->n == 0 && c->failed ? CAPTURE_FAILED : CAPTURE_BAD;
	memcpy(&magic, p, sizeof magic);
	c->begun = true;
	if (magic == PCAPNG_SECTION) {
		c->ng = true;
		return CAPTURE_FRAME;
	}
	if (!is_pcap(c, magic))
		return CAPTURE_BAD;
	p = capture_need(c, FILE_HEADER);
	if (!p)
		return capture_ended(c, true);
	c->link = (uint16_t)capture_u32(c, p + 20); /* above it: how long the frames' checksums are */
	c->at += FILE_HEADER;
	return CAPTURE_FRAME;
}

static enum capture_result pcap_next(struct capture *c, struct frame *out)
{
	const uint8_t *p = capture_need(c, RECORD_HEADER);

	if (!p)
		return capture_ended(c, false);
	uint32_t fraction = capture_u32(c, p + 4), n = capture_u32(c, p + 8);
	out->time_us = (uint64_t)capture_u32(c, p) * 1000000 + (c->nanoseconds ? fraction / 1000 : fraction);
	out->wire_len = capture_u32(c, p + 12);
	out->link = c->link;
	if (n > CAPTURE_FRAME_MAX)
		return CAPTURE_BAD;
	p = capture_need(c, RECORD_HEADER + n);
	if (!p)
		return capture_ended(c, true);
	out->data = span_of(p + RECORD_HEADER, n);
	c->at += RECORD_HEADER + n;
	return CAPTURE_FRAME;
}

enum capture_result capture_next(struct capture *c, struct frame *out)
{
	if (!c->begun) {
		enum capture_result r = begin(c);
		if (r != CAPTURE_FRAME)
			return r;
	}
	return c->ng ? pcapng_next(c, out) : pcap_next(c, out);
}
