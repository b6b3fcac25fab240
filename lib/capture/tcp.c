/* SPDX-License-Identifier: ISC */
#include "capture/tcp.h"
#include <stdlib.h>

static struct span key_of(const struct flow_key *k)
{
	return span_of(k, sizeof *k);
}

static bool match(const void *owner, uint32_t slot, struct span key)
{
	const struct tcp *t = owner;

	return span_eq(key_of(&t->stream[slot].key), key);
}

bool tcp_init(struct tcp *t)
{
	*t = (struct tcp){.turn = 0};
	t->memory = malloc((size_t)TCP_STREAMS * TCP_BUFFER);
	if (!t->memory || !map_init(&t->map, TCP_STREAMS, match, t)) {
		free(t->memory);
		return false;
	}
	for (size_t i = 0; i < TCP_STREAMS; i++)
		t->stream[i].buffer = t->memory + i * TCP_BUFFER;
	return true;
}

void tcp_fini(struct tcp *t)
{
	map_fini(&t->map);
	free(t->memory);
}

static void forget(struct tcp *t, struct tcp_stream *s)
{
	map_del(&t->map, key_of(&s->key), (uint32_t)(s - t->stream));
	s->turn = 0;
}

static struct tcp_stream *begin(struct tcp *t, const struct packet *p)
{
	unsigned oldest = 0;

	for (unsigned i = 1; i < TCP_STREAMS; i++)
		if (t->stream[i].turn < t->stream[oldest].turn)
			oldest = i;
	struct tcp_stream *s = &t->stream[oldest];
	if (s->turn)
		forget(t, s);
	s->key = p->key;
	s->seq = p->seq;
	s->ranges = s->ahead = 0;
	map_put(&t->map, key_of(&s->key), (uint32_t)(s - t->stream));
	return s;
}

/* Join [from, to) with the ranges that it touches. False: one hole more than there is room for. */
static bool add_range(struct tcp_stream *s, uint32_t from, uint32_t to)
{
	unsigned i = 0, j;

	while (i < s->ranges && s->range[i].to < from)
		i++;
	for (j = i; j < s->ranges && s->range[j].from <= to; j++) {
		from = s->range[j].from < from ? s->range[j].from : from;
		to = s->range[j].to > to ? s->range[j].to : to;
	}
	if (i == j && s->ranges == TCP_RANGES)
		return false;
	memmove(&s->range[i + 1], &s->range[j], (s->ranges - j) * sizeof s->range[0]);
	s->ranges = (uint16_t)(s->ranges + 1 - (j - i));
	s->range[i].from = from;
	s->range[i].to = to;
	return true;
}

static void drop_front(struct tcp_stream *s, uint32_t n)
{
	uint32_t end = s->ranges ? s->range[s->ranges - 1].to : 0;
	unsigned kept = 0;

	if (n < end)
		memmove(s->buffer, s->buffer + n, end - n);
	s->seq += n;
	for (unsigned i = 0; i < s->ranges; i++) {
		if (s->range[i].to <= n)
			continue;
		s->range[kept].from = s->range[i].from > n ? s->range[i].from - n : 0;
		s->range[kept++].to = s->range[i].to - n;
	}
	s->ranges = (uint16_t)kept;
}

/* What was taken goes at once, or each of many small messages would move all that stand behind it. */
static void read_front(struct tcp_stream *s, const struct packet *p, const struct tcp_reader *r)
{
	if (!s->ranges || s->range[0].from > 0)
		return;
	struct span left = span_of(s->buffer, s->range[0].to);
	s->ahead = 0;
	while (left.n) {
		size_t n = r->take(r->arg, p, left);
		if (n == 0 || n > left.n)
			break;
		left = span_skip(left, n);
	}
	if (left.n < s->range[0].to)
		drop_front(s, s->range[0].to - (uint32_t)left.n);
}

/* Give up the hole in front, or a message that fills the buffer: go on where one can begin. */
static void skip_hole(struct tcp *t, struct tcp_stream *s, const struct packet *p, const struct tcp_reader *r)
{
	t->lost++;
	s->ahead = 0;
	while (s->ranges) {
		drop_front(s, s->range[0].from ? s->range[0].from : s->range[0].to);
		if (s->ranges && s->range[0].from == 0 && r->wants(r->arg, span_of(s->buffer, s->range[0].to)))
			break;
	}
	read_front(s, p, r);
}

/* True: it stands in the buffer now. */
static bool store(struct tcp_stream *s, const struct packet *p)
{
	uint32_t at = p->seq - s->seq;
	struct span d = p->payload;

	if (at > UINT32_MAX / 2) { /* begins with what was read before */
		uint32_t old = s->seq - p->seq;
		if (old >= d.n)
			return true;
		d = span_skip(d, old);
		at = 0;
	}
	if (at > TCP_BUFFER || d.n > TCP_BUFFER - at || !add_range(s, at, at + (uint32_t)d.n))
		return false;
	memcpy(s->buffer + at, d.p, d.n);
	return true;
}

static bool is_text(struct span s)
{
	for (size_t i = 0; i < s.n && i < 16; i++)
		if ((s.p[i] < 0x20 || s.p[i] > 0x7e) && s.p[i] != '\r' && s.p[i] != '\n')
			return false;
	return true;
}

static void keep_orphan(struct tcp *t, const struct packet *p)
{
	if (p->payload.n > TCP_ORPHAN_MAX || !is_text(p->payload))
		return;
	struct tcp_orphan *o = &t->orphan[t->orphans++ % TCP_ORPHANS];
	o->key = p->key;
	o->seq = p->seq;
	o->n = (uint16_t)p->payload.n;
	memcpy(o->data, p->payload.p, p->payload.n);
}

static void adopt_orphans(struct tcp *t, struct tcp_stream *s)
{
	for (struct tcp_orphan *o = t->orphan; o < t->orphan + TCP_ORPHANS; o++) {
		if (o->n == 0 || o->seq - s->seq > TCP_BUFFER || !span_eq(key_of(&o->key), key_of(&s->key)))
			continue;
		struct packet p = {.key = o->key, .seq = o->seq, .payload = span_of(o->data, o->n)};
		(void)store(s, &p);
		o->n = 0;
	}
}

static void begin_again(struct tcp *t, struct tcp_stream *s, const struct packet *p, const struct tcp_reader *r)
{
	t->lost++;
	s->ranges = s->ahead = 0;
	s->seq = p->seq;
	if (!r->wants(r->arg, p->payload) || !store(s, p))
		forget(t, s);
	else
		read_front(s, p, r);
}

/* The stream that this segment belongs to, if there is one or one begins with it. */
static struct tcp_stream *stream_of(struct tcp *t, const struct packet *p, const struct tcp_reader *r)
{
	uint32_t slot;
	bool known = map_get(&t->map, key_of(&p->key), &slot);

	if (known && (p->syn || (p->fin && p->payload.n == 0))) {
		forget(t, &t->stream[slot]);
		known = false;
	}
	if (p->payload.n == 0)
		return NULL;
	if (known)
		return &t->stream[slot];
	if (!r->wants(r->arg, p->payload)) {
		keep_orphan(t, p);
		return NULL;
	}
	struct tcp_stream *s = begin(t, p);
	adopt_orphans(t, s);
	return s;
}

void tcp_add(struct tcp *t, const struct packet *p, const struct tcp_reader *r)
{
	struct tcp_stream *s = stream_of(t, p, r);

	if (!s)
		return;
	s->turn = ++t->turn;
	if (!store(s, p)) {
		begin_again(t, s, p, r);
		return;
	}
	if (s->ranges && s->range[0].from > 0 && ++s->ahead > TCP_AHEAD_MAX)
		skip_hole(t, s, p, r);
	else
		read_front(s, p, r);
	if (s->turn && s->ranges && s->range[0].from == 0 && s->range[0].to == TCP_BUFFER)
		skip_hole(t, s, p, r);
}
