/* SPDX-License-Identifier: ISC */
/* The way of each datagram: whose flow it is, then what kind. Flows are made only for what begins like media or its keys. */
#include "audit/flow.h"
#include "audit/audit.h"
#include "audit/beside.h"
#include "wire/rtp.h"
#include "wire/stun.h"

enum { PORT_LEAST = 1024, IDLE_MS = 30000, SWEEP_FRAMES = 65536 };

static uint64_t fold(uint64_t a, uint64_t b)
{
	unsigned __int128 m = (unsigned __int128)a * b;

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* Keyed, so that no capture can choose what collides; quicker than SipHash, and probes are bounded besides. */
static uint64_t hash_of(const struct audit *a, const struct flow_key *k)
{
	const uint64_t *s = a->flow_secret;
	uint64_t w[5];

	memcpy(w, k, sizeof w);
	return fold(fold(w[0] ^ s[0], w[1] ^ s[1]) ^ fold(w[2] ^ s[2], w[3] ^ s[3]) ^ s[5], w[4] ^ s[4]);
}
_Static_assert(sizeof(struct flow_key) == 40, "five words are hashed");

unsigned flow_normal(const struct flow_key *in, struct flow_key *out)
{
	int c = memcmp(in->src, in->dst, sizeof in->src);

	if (c < 0 || (c == 0 && in->sport <= in->dport)) {
		*out = *in;
		return 1;
	}
	*out = (struct flow_key){.sport = in->dport, .dport = in->sport, .proto = in->proto};
	memcpy(out->src, in->dst, sizeof out->src);
	memcpy(out->dst, in->src, sizeof out->dst);
	return 0;
}

static bool find(const struct audit *a, const struct flow_key *k, uint64_t h, uint32_t *cell)
{
	for (uint32_t i = 0; i < FLOW_PROBES; i++) {
		*cell = (uint32_t)(h + i) & (FLOW_CELLS - 1);
		uint32_t f = a->flow_cell[*cell];
		if (f == NONE || memcmp(&a->flow[f].key, k, sizeof *k) == 0)
			return true;
	}
	return false;
}

struct flow *flow_find(const struct audit *a, const struct flow_key *k)
{
	uint32_t cell;

	return find(a, k, hash_of(a, k), &cell) && a->flow_cell[cell] != NONE ? &a->flow[a->flow_cell[cell]] : NULL;
}

/* Nothing in it that could be a call, and quiet for long. */
static bool is_idle(const struct audit *a, const struct flow *f, uint32_t now_ms)
{
	if (f->keying != NONE || (f->last_ms < now_ms && now_ms - f->last_ms < IDLE_MS))
		return false;
	for (unsigned d = 0; d < 2; d++)
		for (uint32_t s = f->stream[d]; s != NONE; s = a->stream[s].next)
			if (a->stream[s].advanced >= STREAM_LEAST / 2)
				return false;
	return true;
}

static void drop(struct audit *a, uint32_t i)
{
	struct flow *f = &a->flow[i];

	stream_free_chain(a, f->stream[0]);
	stream_free_chain(a, f->stream[1]);
	*f = (struct flow){.leg = a->flow_free}; /* a chain of those that are free */
	a->flow_free = i;
	a->flows_used--;
}

/* What scanners and name servers left behind makes room. */
static void sweep(struct audit *a, uint32_t now_ms)
{
	uint32_t cell;

	if (a->count.frames - a->flow_swept < SWEEP_FRAMES)
		return;
	a->flow_swept = a->count.frames;
	for (uint32_t i = 1; i <= a->flows.n; i++)
		if (a->flow[i].used && is_idle(a, &a->flow[i], now_ms))
			drop(a, i);
	memset(a->flow_cell, 0, FLOW_CELLS * sizeof *a->flow_cell);
	for (uint32_t i = 1; i <= a->flows.n; i++)
		if (a->flow[i].used && find(a, &a->flow[i].key, hash_of(a, &a->flow[i].key), &cell))
			a->flow_cell[cell] = i;
}

static struct flow *make(struct audit *a, const struct flow_key *k, uint32_t cell, uint32_t now_ms)
{
	if (a->flow_free == NONE && a->flows.n == a->flows.cap) {
		sweep(a, now_ms);
		a->count.flows_left += a->flow_free == NONE;
		return NULL; /* the cells have moved: the flow's next packet makes it */
	}
	uint32_t i = a->flow_free;
	if (i != NONE)
		a->flow_free = a->flow[i].leg;
	else
		i = table_take(&a->flows);
	a->flow[i] = (struct flow){.key = *k, .first_ms = now_ms, .last_ms = now_ms, .file = a->file, .used = true};
	a->flow_cell[cell] = i;
	a->flows_used++;
	return &a->flow[i];
}

/* Could this open a flow? Ports of the system and names are none of telephony's media. */
static bool may_begin(const struct packet *p, enum wire_kind kind)
{
	if (kind == WIRE_OTHER || p->key.sport < PORT_LEAST || p->key.dport < PORT_LEAST)
		return false;
	if (kind == WIRE_STUN)
		return stun_is(p->payload);
	return kind != WIRE_DTLS || (p->payload.n > 13 && p->payload.p[1] == 0xfe);
}

void flow_add(struct audit *a, const struct packet *p)
{
	struct flow_key k;
	uint32_t cell, now = audit_ms(a, p->time_us);
	unsigned to_hi = flow_normal(&p->key, &k);
	enum wire_kind kind = wire_classify(p->payload);

	if (kind == WIRE_STUN)
		beside_stun(a, p->payload);

	if (!find(a, &k, hash_of(a, &k), &cell)) {
		a->count.flows_left++;
		return;
	}
	struct flow *f = a->flow_cell[cell] != NONE ? &a->flow[a->flow_cell[cell]] : NULL;
	if (!f && may_begin(p, kind))
		f = make(a, &k, cell, now);
	if (!f)
		return;
	f->first_ms = now < f->first_ms ? now : f->first_ms;
	f->last_ms = now > f->last_ms ? now : f->last_ms;
	f->n++;
	if (kind == WIRE_RTP)
		stream_add(a, f, to_hi, p);
	else if (kind == WIRE_DTLS || kind == WIRE_ZRTP)
		keying_add(a, f, to_hi, p, kind);
	else if (kind == WIRE_RTCP && !p->cut)
		beside_rtcp(a, f, p->payload);
}
