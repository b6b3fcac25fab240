/* SPDX-License-Identifier: ISC */
/* Which legs and flows are one call: the same Call-ID or Session-ID, the same ports in both descriptions, the same source that passes
 * through a relay, or a server that was called and at once called on for the same person. */
#include "audit/judge.h"
#include "audit/sort.h"
#include <stdlib.h>

enum { B2B_MS = 4000, B2B_LOOK = 256, RELAY_MS = 5000, RELAY_SEQ = 2000, SAME_MAX = 32 };

static uint32_t distance(uint32_t x, uint32_t y)
{
	return x > y ? x - y : y - x;
}

static void by_call_id(struct audit *a, struct calls *c)
{
	for (uint32_t i = 1; i <= a->legs.n; i++) {
		struct span key = span_of(&a->leg[i].call_id, sizeof a->leg[i].call_id);
		uint32_t first;
		if (map_get(&a->call_map, key, &first))
			calls_union(c, i, first);
		else
			map_put(&a->call_map, key, i);
	}
}

static bool share_host(const struct leg *x, const struct leg *y)
{
	return x->host[1] == y->host[0] || x->host[0] == y->host[1] || x->host[0] == y->host[0] ||
	       x->host[1] == y->host[1];
}

static void by_endpoint(struct audit *a, struct calls *c)
{
	for (uint32_t i = 1; i <= a->endpoints.n; i++) {
		const struct endpoint *e = &a->endpoint[i];
		uint8_t key[18];
		uint32_t step = 0, other;
		memcpy(key, e->ip, 16);
		memcpy(key + 16, &e->port, 2);
		for (unsigned n = 0;
		     n < SAME_MAX && map_each(&a->endpoint_map, span_of(key, sizeof key), &step, &other); n++) {
			const struct leg *x = &a->leg[e->leg], *y = &a->leg[a->endpoint[other].leg];
			if (x != y && share_host(x, y) && distance(x->invite_ms, y->invite_ms) < B2B_MS)
				calls_union(c, e->leg, a->endpoint[other].leg);
		}
	}
}

/* --- a source that a relay passes on --- */

static bool by_ssrc(const void *owner, uint32_t i, uint32_t j)
{
	const struct stream *s = ((const struct audit *)owner)->stream;

	return s[i].ssrc != s[j].ssrc ? s[i].ssrc < s[j].ssrc : i < j;
}

static bool same_ip(const uint8_t *x, const uint8_t *y)
{
	return memcmp(x, y, 16) == 0;
}

/* The host that two flows share, or NULL. */
static const uint8_t *between(const struct flow *f, const struct flow *g)
{
	if (same_ip(f->key.src, g->key.src) || same_ip(f->key.src, g->key.dst))
		return f->key.src;
	return same_ip(f->key.dst, g->key.src) || same_ip(f->key.dst, g->key.dst) ? f->key.dst : NULL;
}

/* The handshake is the same on both sides of the relay, so its ends lie beyond. */
static void note_passing(struct audit *a, struct flow *f, struct flow *g)
{
	static const uint8_t none[8];
	const struct keying *k = &a->keying[f->keying], *m = &a->keying[g->keying];

	if (f->keying == NONE || g->keying == NONE)
		return;
	bool dtls = memcmp(k->hello, none, sizeof none) != 0 && memcmp(k->hello, m->hello, sizeof k->hello) == 0;
	if (dtls || (k->zrtp.open && m->zrtp.open))
		f->passing = g->passing = true;
}

static void relayed(struct audit *a, struct calls *c, const struct stream *s, const struct stream *t)
{
	struct flow *f = &a->flow[s->flow], *g = &a->flow[t->flow];
	const uint8_t *relay = between(f, g);

	if (f == g || !relay || distance(s->first_ms, t->first_ms) > RELAY_MS ||
	    (uint16_t)(s->first_seq - t->first_seq + RELAY_SEQ) > 2 * RELAY_SEQ)
		return;
	note_passing(a, f, g);
	uint32_t h = audit_host(a, relay);
	if (h != NONE)
		a->host[h].flags |= HOST_SERVER;
	calls_union(c, flow_node(a, f, s->flow), flow_node(a, g, t->flow));
}

static void by_source(struct audit *a, struct calls *c)
{
	uint32_t *order = calloc(a->streams.n + 1, sizeof *order), n = 0;

	for (uint32_t i = 1; order && i <= a->flows.n; i++)
		for (unsigned d = 0; a->flow[i].used && d < 2; d++)
			for (uint32_t s = a->flow[i].stream[d]; s != NONE; s = a->stream[s].next)
				if (stream_is_media(&a->stream[s]))
					order[n++] = s;
	sort_indexes(order, n, by_ssrc, a);
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t k = i + 1;
		     k < n && k < i + SAME_MAX && a->stream[order[k]].ssrc == a->stream[order[i]].ssrc; k++)
			relayed(a, c, &a->stream[order[i]], &a->stream[order[k]]);
	free(order);
}

/* --- a server that calls on --- */

static bool by_invite(const void *owner, uint32_t i, uint32_t j)
{
	const struct leg *l = ((const struct audit *)owner)->leg;

	return l[i].invite_ms != l[j].invite_ms ? l[i].invite_ms < l[j].invite_ms : i < j;
}

/* RFC 7989: the caller's half of it stays the same through back-to-back agents. */
static bool by_session_id(const void *owner, uint32_t i, uint32_t j)
{
	const struct leg *l = ((const struct audit *)owner)->leg;

	return l[i].session != l[j].session ? l[i].session < l[j].session : i < j;
}

static void by_session(struct audit *a, struct calls *c)
{
	uint32_t *order = calloc(a->legs.n + 1, sizeof *order), n = 0;

	for (uint32_t i = 1; order && i <= a->legs.n; i++)
		if (a->leg[i].session)
			order[n++] = i;
	sort_indexes(order, n, by_session_id, a);
	for (uint32_t i = 1; i < n; i++)
		if (a->leg[order[i]].session == a->leg[order[i - 1]].session)
			calls_union(c, order[i], order[i - 1]);
	free(order);
}

static bool calls_on(const struct audit *a, const struct leg *x, const struct leg *y)
{
	if (x->host[1] != y->host[0] || x->host[0] == y->host[1] || x->from == NONE || x->from != y->from)
		return false;
	return x->to == y->to || !span_eq_case(audit_text_of(a, x->from), SPAN("anonymous"));
}

static void by_server(struct audit *a, struct calls *c)
{
	uint32_t *order = calloc(a->legs.n + 1, sizeof *order), n = 0;

	for (uint32_t i = 1; order && i <= a->legs.n; i++)
		order[n++] = i;
	sort_indexes(order, n, by_invite, a);
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t k = i + 1; k < n && k < i + B2B_LOOK; k++) {
			const struct leg *x = &a->leg[order[i]], *y = &a->leg[order[k]];
			if (y->invite_ms - x->invite_ms > B2B_MS)
				break;
			/* within a millisecond either may have been seen first */
			if (!calls_on(a, x, y) && (y->invite_ms != x->invite_ms || !calls_on(a, y, x)))
				continue;
			uint32_t server = x->host[1] == y->host[0] ? x->host[1] : y->host[1];
			a->host[server].flags |= HOST_SERVER;
			calls_union(c, order[i], order[k]);
		}
	free(order);
}

/* --- two flows without signalling, each with one direction of a call --- */

static bool by_hosts(const void *owner, uint32_t i, uint32_t j)
{
	const struct flow *f = &((const struct audit *)owner)->flow[i], *g = &((const struct audit *)owner)->flow[j];
	int hosts = memcmp(f->key.src, g->key.src, 2 * sizeof f->key.src);

	return hosts != 0 ? hosts < 0 : f->first_ms != g->first_ms ? f->first_ms < g->first_ms : i < j;
}

/* 1 or 2: the only direction in which something was sent. */
static unsigned one_way(const struct audit *a, const struct flow *f)
{
	unsigned ways = 0;

	for (unsigned d = 0; d < 2; d++)
		for (uint32_t s = f->stream[d]; s != NONE; s = a->stream[s].next)
			if (stream_is_media(&a->stream[s]))
				ways |= 1u << d;
	return ways;
}

static void by_direction(struct audit *a, struct calls *c)
{
	uint32_t *order = calloc(a->flows.n + 1, sizeof *order), n = 0;

	for (uint32_t i = 1; order && i <= a->flows.n; i++)
		if (a->flow[i].used && a->flow[i].leg == NONE &&
		    (one_way(a, &a->flow[i]) == 1 || one_way(a, &a->flow[i]) == 2))
			order[n++] = i;
	sort_indexes(order, n, by_hosts, a);
	for (uint32_t i = 0; i + 1 < n; i++) {
		const struct flow *f = &a->flow[order[i]], *g = &a->flow[order[i + 1]];
		if (memcmp(f->key.src, g->key.src, 2 * sizeof f->key.src) != 0 || g->first_ms - f->first_ms > B2B_MS ||
		    one_way(a, f) == one_way(a, g))
			continue;
		calls_union(c, flow_node(a, f, order[i]), flow_node(a, g, order[i + 1]));
		i++;
	}
	free(order);
}

void calls_join(struct audit *a, struct calls *c)
{
	by_call_id(a, c);
	by_session(a, c);
	by_endpoint(a, c);
	by_source(a, c);
	by_server(a, c);
	by_direction(a, c);
}
