/* SPDX-License-Identifier: ISC */
/* TLS connections, of which some carry signalling that nobody can read: told by what the client says in clear, or by who exchanges
 * media without readable signalling and with whom. */
#include "audit/judge.h"
#include "audit/tls_seen.h"

enum { PORT_SIP_TLS = 5061, PAIRS_LOOK = 32 };

/* Ports of TLS that is something else. */
static bool is_usual(uint16_t port)
{
	static const uint16_t ports[] = {443, 465, 563, 587, 636, 853, 989, 990, 992, 993, 995, 3389, 5223, 8443, 8883};

	for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
		if (ports[i] == port)
			return true;
	return false;
}

bool tls_pair_match(const void *owner, uint32_t i, struct span key)
{
	return memcmp(((const struct audit *)owner)->tls_pair[i].client, key.p, 16) == 0;
}

static struct span server_key(const uint8_t server[16], uint16_t port, uint8_t key[18])
{
	memcpy(key, server, 16);
	memcpy(key + 16, &port, 2);
	return span_of(key, 18);
}

bool tls_server_match(const void *owner, uint32_t i, struct span key)
{
	const struct tls_pair *t = &((const struct audit *)owner)->tls_pair[i];
	uint8_t own[18];

	return span_eq(server_key(t->server, t->port, own), key);
}

static struct tls_pair *find(const struct audit *a, const uint8_t client[16], const uint8_t server[16], uint16_t port)
{
	uint32_t step = 0, i;

	for (unsigned n = 0; n < PAIRS_LOOK && map_each(&a->tls_map, span_of(client, 16), &step, &i); n++)
		if (a->tls_pair[i].port == port && memcmp(a->tls_pair[i].server, server, 16) == 0)
			return &a->tls_pair[i];
	return NULL;
}

static bool has_room(const struct audit *a, const uint8_t client[16])
{
	uint32_t step = 0, i, n = 0;

	while (n < PAIRS_LOOK && map_each(&a->tls_map, span_of(client, 16), &step, &i))
		n++;
	return n < PAIRS_LOOK;
}

static struct tls_pair *make(struct audit *a, const uint8_t client[16], const uint8_t server[16], uint16_t port)
{
	uint32_t i = has_room(a, client) ? table_take(&a->tls_pairs) : NONE;

	if (i == NONE) {
		a->count.tls_left++;
		return NULL;
	}
	a->tls_pair[i] = (struct tls_pair){.port = port};
	memcpy(a->tls_pair[i].client, client, 16);
	memcpy(a->tls_pair[i].server, server, 16);
	map_put(&a->tls_map, span_of(client, 16), i);
	uint8_t key[18];
	if (!map_get(&a->tls_server_map, server_key(server, port, key), &a->tls_pair[i].first)) {
		a->tls_pair[i].first = i;
		map_put(&a->tls_server_map, server_key(server, port, key), i);
	}
	a->tls_pair[a->tls_pair[i].first].clients++;
	return &a->tls_pair[i];
}

/* A connection that began before the capture: the lower port is the server's. */
static void begun_before(struct audit *a, const struct packet *p)
{
	bool to_server = p->key.dport < p->key.sport;
	const uint8_t *client = to_server ? p->key.src : p->key.dst, *server = to_server ? p->key.dst : p->key.src;
	uint16_t port = to_server ? p->key.dport : p->key.sport;

	if (is_usual(port) || find(a, client, server, port))
		return;
	struct tls_pair *t = make(a, client, server, port);
	if (t) {
		t->n = 1;
		t->before = true;
		t->sip = port == PORT_SIP_TLS;
	}
}

void tls_add(struct audit *a, const struct packet *p)
{
	struct tls_seen hello;

	if (!tls_seen(p->payload, &hello)) {
		begun_before(a, p);
		return;
	}
	bool sip = hello.alpn_sip || tls_name_is_sip(hello.name) || p->key.dport == PORT_SIP_TLS;
	struct tls_pair *t = NULL;
	if (sip || hello.alpn_web || !is_usual(p->key.dport)) {
		t = find(a, p->key.src, p->key.dst, p->key.dport);
		t = t ? t : make(a, p->key.src, p->key.dst, p->key.dport);
	}
	if (!t) {
		a->count.other[sip ? OTHER_SIP_TLS : OTHER_TLS]++;
		return;
	}
	t->n += !t->before;
	t->before = false;
	t->sip |= sip;
	t->web |= hello.alpn_web;
}

/* --- at the end: beside whose media --- */

static void beside(struct audit *a, const uint8_t x[16], const uint8_t y[16], bool dtls)
{
	uint32_t step = 0, i;

	for (unsigned n = 0; n < PAIRS_LOOK && map_each(&a->tls_map, span_of(x, 16), &step, &i); n++) {
		struct tls_pair *t = &a->tls_pair[i];
		if ((!t->web || dtls) && (memcmp(t->server, y, 16) == 0 || find(a, y, t->server, t->port)))
			t->beside = true;
	}
}

/* What more than one client was connected to, or what said so itself, is a server. */
static void note_server(struct audit *a, const struct tls_pair *t)
{
	uint32_t h = t->sip || a->tls_pair[t->first].clients > 1 ? audit_host(a, t->server) : NONE;

	if (h != NONE)
		a->host[h].flags |= HOST_SERVER;
}

void tls_judge(struct audit *a)
{
	for (uint32_t i = 1; i <= a->flows.n; i++) {
		const struct flow *f = &a->flow[i];
		bool dtls = f->keying != NONE && a->keying[f->keying].dtls_n > 0;
		if (!f->used || f->leg != NONE || !flow_has_media(a, f))
			continue;
		beside(a, f->key.src, f->key.dst, dtls);
		beside(a, f->key.dst, f->key.src, dtls);
	}
	for (uint32_t i = 1; i <= a->tls_pairs.n; i++) {
		const struct tls_pair *t = &a->tls_pair[i];
		enum other_kind k = t->sip       ? OTHER_SIP_TLS
		                    : !t->beside ? OTHER_TLS
		                    : t->web     ? OTHER_WSS
		                                 : OTHER_SIP_TLS;
		a->count.other[k] += t->n;
		if (k != OTHER_TLS)
			note_server(a, t);
	}
}
