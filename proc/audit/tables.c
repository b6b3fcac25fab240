/* SPDX-License-Identifier: ISC */
#include "audit/audit.h"
#include "audit/flow.h"
#include "audit/web.h"
#include "base/rand.h"
#include <stdlib.h>

static bool leg_match(const void *owner, uint32_t i, struct span key)
{
	const struct leg *l = &((const struct audit *)owner)->leg[i];
	uint64_t id;
	uint32_t host[2];

	memcpy(&id, key.p, sizeof id);
	memcpy(host, key.p + sizeof id, sizeof host);
	return l->call_id == id &&
	       ((l->host[0] == host[0] && l->host[1] == host[1]) || (l->host[0] == host[1] && l->host[1] == host[0]));
}

static bool call_match(const void *owner, uint32_t i, struct span key)
{
	return memcmp(&((const struct audit *)owner)->leg[i].call_id, key.p, sizeof(uint64_t)) == 0;
}

static bool endpoint_match(const void *owner, uint32_t i, struct span key)
{
	const struct endpoint *e = &((const struct audit *)owner)->endpoint[i];

	return memcmp(e->ip, key.p, 16) == 0 && memcmp(&e->port, key.p + 16, 2) == 0;
}

static bool host_match(const void *owner, uint32_t i, struct span key)
{
	return memcmp(((const struct audit *)owner)->host[i].ip, key.p, 16) == 0;
}

static bool text_match(const void *owner, uint32_t i, struct span key)
{
	return span_eq(audit_text_of(owner, i), key);
}

static bool edge_match(const void *owner, uint32_t i, struct span key)
{
	return memcmp(&((const struct audit *)owner)->edge[i], key.p, 2 * sizeof(uint32_t)) == 0;
}

/* Zeroed memory that is touched only as it is used. */
#define TABLE(a, what, CAP) ((a)->what##s.cap = (CAP), ((a)->what = calloc((CAP) + 1, sizeof *(a)->what)) != NULL)

static bool init_tables(struct audit *a)
{
	return TABLE(a, flow, FLOWS_MAX) && TABLE(a, stream, STREAMS_MAX) && TABLE(a, sample, SAMPLES_MAX) &&
	       TABLE(a, keying, KEYINGS_MAX) && TABLE(a, leg, LEGS_MAX) && TABLE(a, endpoint, ENDPOINTS_MAX) &&
	       TABLE(a, key, KEYS_MAX) && TABLE(a, host, HOSTS_MAX) && TABLE(a, text, STRINGS_MAX) &&
	       TABLE(a, edge, EDGES_MAX) && TABLE(a, tls_pair, TLS_PAIRS_MAX);
}

bool audit_init(struct audit *a)
{
	*a = (struct audit){.files = 1};
	rand_bytes(a->secret, sizeof a->secret);
	rand_bytes(a->flow_secret, sizeof a->flow_secret);
	return init_tables(a) && (a->frags = calloc(1, sizeof *a->frags)) && tcp_init(&a->tcp) &&
	       (a->flow_cell = calloc(FLOW_CELLS, sizeof *a->flow_cell)) && (a->text_octets = malloc(STRING_OCTETS)) &&
	       (a->web_room = malloc(WEB_ROOM)) && map_init(&a->tls_map, TLS_PAIRS_MAX, tls_pair_match, a) &&
	       map_init(&a->tls_server_map, TLS_PAIRS_MAX, tls_server_match, a) &&
	       map_init(&a->leg_map, LEGS_MAX, leg_match, a) && map_init(&a->call_map, LEGS_MAX, call_match, a) &&
	       map_init(&a->endpoint_map, ENDPOINTS_MAX, endpoint_match, a) &&
	       map_init(&a->host_map, HOSTS_MAX, host_match, a) && map_init(&a->text_map, STRINGS_MAX, text_match, a) &&
	       map_init(&a->edge_map, EDGES_MAX, edge_match, a);
}

void audit_fini(struct audit *a)
{
	enum { ALL = 15, MAPS = 8 };
	void *all[ALL] = {a->flow, a->stream, a->sample, a->keying, a->leg, a->endpoint, a->key, a->host, a->text,
	    a->edge, a->frags, a->flow_cell, a->text_octets, a->tls_pair, a->web_room};
	struct map *maps[MAPS] = {&a->leg_map, &a->call_map, &a->endpoint_map, &a->host_map, &a->text_map, &a->edge_map,
	    &a->tls_map, &a->tls_server_map};

	for (size_t i = 0; i < ALL; i++)
		free(all[i]);
	for (size_t i = 0; i < MAPS; i++)
		map_fini(maps[i]);
	tcp_fini(&a->tcp);
}

uint32_t table_take(struct table_of *t)
{
	return t->n == t->cap ? NONE : ++t->n;
}

/* Milliseconds from 24 days before the first packet: files may come in any order. */
uint32_t audit_ms(struct audit *a, uint64_t time_us)
{
	int64_t ms = (int64_t)(time_us / 1000);

	if (!a->begun) {
		a->begun = true;
		a->base_ms = ms - INT32_MAX;
		a->first_us = a->last_us = time_us;
	}
	a->first_us = time_us < a->first_us ? time_us : a->first_us;
	a->last_us = time_us > a->last_us ? time_us : a->last_us;
	ms -= a->base_ms;
	return ms < 1 ? 1 : ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

int64_t audit_wall_ms(const struct audit *a, uint32_t ms)
{
	return a->base_ms + ms;
}

uint32_t audit_host(struct audit *a, const uint8_t ip[16])
{
	struct span key = span_of(ip, 16);
	uint32_t i;

	if (map_get(&a->host_map, key, &i))
		return i;
	i = table_take(&a->hosts);
	if (i != NONE) {
		memcpy(a->host[i].ip, ip, 16);
		map_put(&a->host_map, key, i);
	}
	return i;
}

struct span audit_text_of(const struct audit *a, uint32_t text)
{
	return span_of(a->text_octets + a->text[text].at, a->text[text].n);
}

uint32_t audit_text(struct audit *a, struct span s, enum text_kind kind)
{
	uint32_t i;

	s = span_head(s, TEXT_MAX);
	if (s.n == 0)
		return NONE;
	if (!map_get(&a->text_map, s, &i)) {
		i = s.n <= STRING_OCTETS - a->text_used ? table_take(&a->texts) : NONE;
		if (i == NONE) {
			a->count.texts_left++;
			return NONE;
		}
		a->text[i] = (struct text){.at = a->text_used, .n = (uint16_t)s.n};
		memcpy(a->text_octets + a->text_used, s.p, s.n);
		a->text_used += (uint32_t)s.n;
		map_put(&a->text_map, s, i);
	}
	a->text[i].kinds |= (uint8_t)kind;
	return i;
}

void audit_edge(struct audit *a, uint32_t from, uint32_t to)
{
	struct edge e = {.from = from, .to = to};
	struct span key = span_of(&e, 2 * sizeof(uint32_t));
	uint32_t i;

	if (from == NONE || to == NONE)
		return;
	if (!map_get(&a->edge_map, key, &i)) {
		i = table_take(&a->edges);
		if (i == NONE) {
			a->count.edges_left++;
			return;
		}
		a->edge[i] = e;
		map_put(&a->edge_map, key, i);
	}
	a->edge[i].calls++;
}
