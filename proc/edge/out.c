/* SPDX-License-Identifier: ISC */
#include "out.h"
#include "base/blocks.h"
#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum { BLOCK = 4096, SEND_BLOCKS = 16 };

struct out_block {
	struct out_block *next;
	uint16_t start, end;
	uint8_t bytes[BLOCK - 16];
};
_Static_assert(sizeof(struct out_block) == BLOCK, "a page each");

static struct blocks blocks;

bool out_open(uint32_t n)
{
	return blocks_init(&blocks, n, sizeof(struct out_block));
}

static struct out_block *take(void)
{
	struct out_block *b = blocks_take(&blocks, 0);

	if (b) {
		b->next = NULL;
		b->start = b->end = 0;
	}
	return b;
}

bool out_put(struct out *o, struct span s)
{
	if (s.n > OUT_MAX - o->n)
		return false;
	while (s.n) {
		struct out_block *b = o->last;
		if (!b || b->end == sizeof b->bytes) {
			b = take();
			if (!b)
				return false;
			if (o->last)
				o->last->next = b;
			else
				o->first = b;
			o->last = b;
		}
		size_t room = sizeof b->bytes - b->end, n = s.n < room ? s.n : room;
		memcpy(b->bytes + b->end, s.p, n);
		b->end = (uint16_t)(b->end + n);
		o->n += (uint32_t)n;
		s = span_skip(s, n);
	}
	return true;
}

static void drop(struct out *o, size_t n)
{
	o->n -= (uint32_t)n;
	while (o->first && n >= (size_t)(o->first->end - o->first->start)) {
		struct out_block *b = o->first;
		n -= (size_t)(b->end - b->start);
		o->first = b->next;
		if (!o->first)
			o->last = NULL;
		blocks_give(&blocks, b);
	}
	if (o->first)
		o->first->start = (uint16_t)(o->first->start + n);
}

enum out_state out_send(struct out *o, int fd)
{
	while (o->n) {
		struct iovec io[SEND_BLOCKS];
		struct msghdr m = {.msg_iov = io};
		size_t asked = 0;

		for (struct out_block *b = o->first; b && m.msg_iovlen < SEND_BLOCKS; b = b->next) {
			io[m.msg_iovlen++] = (struct iovec){b->bytes + b->start, (size_t)(b->end - b->start)};
			asked += (size_t)(b->end - b->start);
		}
		ssize_t n = sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR || errno == ENOBUFS ? OUT_BLOCKED : OUT_BROKEN;
		drop(o, (size_t)n);
		if ((size_t)n < asked)
			return OUT_BLOCKED;
	}
	return OUT_DONE;
}

void out_clear(struct out *o)
{
	while (o->first) {
		struct out_block *b = o->first;
		o->first = b->next;
		blocks_give(&blocks, b);
	}
	*o = (struct out){0};
}

void out_status(struct proc_status *s)
{
	status_add(s, "out-blocks", STATUS_POOL, blocks.used, blocks.cap, blocks.peak, blocks.refused);
}
