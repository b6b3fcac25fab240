/* SPDX-License-Identifier: ISC */
#include "capture/packet.h"

static bool is_of(const struct frag *s, const struct fragment *g)
{
	return s->turn && s->id == g->id && s->proto == g->proto && memcmp(s->src, g->src, sizeof s->src) == 0 &&
	       memcmp(s->dst, g->dst, sizeof s->dst) == 0;
}

/* The datagram's own slot, a free one, or that of the oldest. */
static struct frag *slot_for(struct frags *f, const struct fragment *g)
{
	struct frag *oldest = f->slot;

	for (struct frag *s = f->slot; s < f->slot + FRAG_SLOTS; s++) {
		if (is_of(s, g))
			return s;
		if (s->turn < oldest->turn)
			oldest = s;
	}
	oldest->turn = ++f->turn;
	oldest->id = g->id;
	oldest->proto = g->proto;
	memcpy(oldest->src, g->src, sizeof oldest->src);
	memcpy(oldest->dst, g->dst, sizeof oldest->dst);
	oldest->have = oldest->total = 0;
	memset(oldest->seen, 0, sizeof oldest->seen);
	return oldest;
}

/* A unit of 8 octets counts once, whoever sends it again. */
static void mark(struct frag *s, const struct fragment *g)
{
	for (uint32_t at = g->at; at < g->at + g->data.n; at += 8) {
		uint32_t unit = at / 8, left = (uint32_t)(g->at + g->data.n - at);
		if (!(s->seen[unit / 8] >> unit % 8 & 1))
			s->have += left < 8 ? left : 8;
		s->seen[unit / 8] |= (uint8_t)(1 << unit % 8);
	}
}

bool frag_add(struct frags *f, const struct fragment *g, struct span *whole)
{
	if (g->data.n == 0 || g->data.n > FRAG_MAX || g->at > FRAG_MAX - g->data.n || (g->more && g->data.n % 8 != 0))
		return false;
	struct frag *s = slot_for(f, g);
	memcpy(s->data + g->at, g->data.p, g->data.n);
	mark(s, g);
	if (!g->more)
		s->total = g->at + (uint32_t)g->data.n;
	if (s->total == 0 || s->have < s->total)
		return false;
	*whole = span_of(s->data, s->total);
	s->turn = 0;
	return true;
}
