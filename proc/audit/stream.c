/* SPDX-License-Identifier: ISC */
#include "audit/audit.h"
#include "wire/rtp.h"

enum { NEAR = 64, SAMPLE_FIRST = 3, SAMPLE_AGAIN = 50, SPARSE = 32, UNIT = 40 };

void stream_free_chain(struct audit *a, uint32_t first)
{
	for (uint32_t s = first, next; s != NONE; s = next) {
		next = a->stream[s].next;
		a->stream[s].next = a->stream_free;
		a->stream_free = s;
	}
}

static uint32_t take(struct audit *a)
{
	uint32_t s = a->stream_free;

	if (s == NONE)
		return table_take(&a->streams);
	a->stream_free = a->stream[s].next;
	return s;
}

/* One that never became a stream makes room for the next in its flow. */
static struct stream *make(struct audit *a, struct flow *f, unsigned to_hi, const struct rtp *r, uint32_t now)
{
	unsigned n = 0;
	uint32_t s, reuse = NONE, sample = NONE;

	for (s = f->stream[to_hi]; s != NONE; s = a->stream[s].next, n++)
		if (a->stream[s].advanced < STREAM_LEAST / 2)
			reuse = s;
	if (n >= STREAMS_OF_FLOW / 2 && reuse != NONE) {
		s = reuse;
		sample = a->stream[s].sample;
	} else {
		s = n < STREAMS_OF_FLOW ? take(a) : NONE;
		if (s == NONE) {
			a->count.streams_left++;
			return NULL;
		}
		a->stream[s].next = f->stream[to_hi];
		f->stream[to_hi] = s;
	}
	a->stream[s] = (struct stream){.next = a->stream[s].next,
	    .flow = (uint32_t)(f - a->flow),
	    .ssrc = r->ssrc,
	    .first_ms = now,
	    .last_ms = now,
	    .last_seq = (uint16_t)(r->seq - 1),
	    .first_seq = r->seq,
	    .last_ts = r->timestamp,
	    .sample = sample,
	    .to_hi = (uint8_t)to_hi};
	if (sample != NONE)
		a->sample[sample].n = 0;
	return &a->stream[s];
}

static struct stream *find(struct audit *a, struct flow *f, unsigned to_hi, const struct rtp *r, uint32_t now)
{
	for (uint32_t s = f->stream[to_hi]; s != NONE; s = a->stream[s].next)
		if (a->stream[s].ssrc == r->ssrc)
			return &a->stream[s];
	return make(a, f, to_hi, r, now);
}

/* How far timestamps go from one packet to the next, by majority; a longer step is a pause in the speech. */
static void steps(struct stream *s, uint32_t far, uint32_t packets)
{
	if (far == s->step * packets)
		s->step_n++;
	else if (s->step_n == 0 && far && far % packets == 0)
		s->step = far / packets;
	else if (s->step && far > s->step * packets && far < UINT32_MAX / 2)
		s->gaps++;
	else if (far && s->step_n)
		s->step_n--;
}

static void timing(struct stream *s, const struct rtp *r)
{
	int16_t ahead = (int16_t)(r->seq - s->last_seq);
	uint32_t step = r->timestamp - s->last_ts;

	if (ahead > -NEAR && ahead < NEAR)
		s->in_row++;
	s->advanced += ahead > 0 && ahead < NEAR;
	if (ahead > 0 && ahead < NEAR)
		steps(s, step, (uint32_t)ahead);
	if (ahead > 0 || ahead < -NEAR) {
		s->last_seq = r->seq;
		s->last_ts = r->timestamp;
	}
}

static void count_length(struct stream *s, uint8_t pt, uint16_t len, uint32_t now)
{
	for (unsigned i = 0; i < LENGTHS_MAX; i++) {
		struct length *l = &s->length[i];
		if (l->n == 0)
			*l = (struct length){.len = len, .pt = pt, .first_ms = now};
		if (l->len != len || l->pt != pt)
			continue;
		l->n++;
		l->first_ms = now < l->first_ms ? now : l->first_ms;
		l->last_ms = now > l->last_ms ? now : l->last_ms;
		return;
	}
	s->others++;
	s->others_pt = pt;
}

static void look(struct stream *s, struct span payload)
{
	size_t n = payload.n < SAMPLED_OCTETS ? payload.n : SAMPLED_OCTETS;

	if (n < 4) /* comfort noise, digits */
		return;
	for (size_t i = 0; i < n; i++)
		s->all[payload.p[i] >> 4]++;
	s->first[payload.p[0] >> 4]++;
	s->sampled++;
}

/* Of what may be encrypted, a packet for the proof of keys: one of the first, and a later one instead, since early ones may
 * have been clear. */
static void keep_sample(struct audit *a, struct stream *s, const struct rtp *r, const struct packet *p)
{
	if (p->cut || p->payload.n > SAMPLE_MAX || (r->pt < 10 && r->payload_len % UNIT == 0 && s->n > SAMPLE_FIRST))
		return;
	if (s->sample == NONE)
		s->sample = table_take(&a->samples);
	if (s->sample == NONE)
		return;
	struct sample *k = &a->sample[s->sample];
	k->n = (uint16_t)p->payload.n;
	memcpy(k->data, p->payload.p, p->payload.n);
}

/* The first packet after a handshake: what came before is judged now, and what comes is looked at anew. */
static void begin_keyed(struct stream *s)
{
	s->keyed = true;
	s->early = s->n;
	s->early_clear = stream_is_uneven(s);
	memset(s->all, 0, sizeof s->all);
	memset(s->first, 0, sizeof s->first);
	s->sampled = 0;
}

void stream_add(struct audit *a, struct flow *f, unsigned to_hi, const struct packet *p)
{
	uint32_t now = audit_ms(a, p->time_us);
	struct stream *s;
	struct rtp r;

	if (!rtp_parse(p->payload, &r) || !(s = find(a, f, to_hi, &r, now)))
		return;
	if (!s->keyed && f->keying != NONE && a->keying[f->keying].done_ms)
		begin_keyed(s);
	s->n++;
	s->first_ms = now < s->first_ms ? now : s->first_ms;
	s->last_ms = now > s->last_ms ? now : s->last_ms;
	timing(s, &r);
	if (!p->cut)
		count_length(s, r.pt, r.payload_len, now);
	if ((s->sampled < SAMPLED_ALL || s->n % SPARSE == 0) && s->sampled < SAMPLED_MAX)
		look(s, span_of(p->payload.p + r.payload_at, r.payload_len));
	if (s->n == SAMPLE_FIRST || s->n == SAMPLE_AGAIN)
		keep_sample(a, s, &r, p);
}
