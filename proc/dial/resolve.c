/* SPDX-License-Identifier: ISC */
#include "resolve.h"
#include "base/rand.h"
#include "dns.h"
#include <ares.h>
#include <stdio.h>

enum { SIP_PORT = 5060, SIPS_PORT = 5061 };

/* By transport: the service of RFC 3263 4.1, and what stands before a name without NAPTR. */
static const struct {
	const char *service, *prefix;
} by_transport[TRUNK_TRANSPORTS] = {
    [TRUNK_TLS] = {"SIPS+D2T", "_sips._tcp."},
    [TRUNK_TCP] = {"SIP+D2T", "_sip._tcp."},
    [TRUNK_UDP] = {"SIP+D2U", "_sip._udp."},
};

static struct resolving {
	resolved *done; /* NULL: nothing is asked */
	struct host host[HOSTS_MAX];
	uint32_t hosts, host_at;
	struct targets found;
	struct timer timer;
	bool stopping;
} table[SITE_TRUNKS_MAX];

static uint8_t index_of(const struct resolving *r)
{
	return (uint8_t)(r - table);
}

static const struct trunk_conf *conf_of(const struct resolving *r)
{
	return &child_site()->trunk[r - table];
}

static uint16_t port_of(const struct trunk_conf *c)
{
	return c->port ? c->port : c->transport == TRUNK_TLS ? SIPS_PORT : SIP_PORT;
}

static uint32_t below(uint32_t n)
{
	return rand_u32() % n;
}

static void finish(struct resolving *r)
{
	resolved *done = r->done;

	timer_cancel(&child_wheel, &r->timer);
	r->done = NULL;
	if (done)
		done(index_of(r), &r->found);
}

static void next_host(struct resolving *r);

static void take(struct resolving *r, const struct addr *a)
{
	if (r->found.n < TARGETS_MAX && addr_is_hosts(a))
		r->found.at[r->found.n++] = *a;
}

static int family_of(const struct trunk_conf *c)
{
	return child_site()->listener[c->listener].bind.family;
}

static void on_addresses(void *arg, const uint8_t *answer, int n)
{
	struct resolving *r = arg;
	struct ares_addrttl v4[TARGETS_PER_HOST];
	struct ares_addr6ttl v6[TARGETS_PER_HOST];
	int got = TARGETS_PER_HOST;
	uint16_t port = r->host[r->host_at].port;
	bool is_v4 = family_of(conf_of(r)) == 4;
	int e = n == 0  ? ARES_ENODATA
	        : is_v4 ? ares_parse_a_reply(answer, n, NULL, v4, &got)
	                : ares_parse_aaaa_reply(answer, n, NULL, v6, &got);

	for (int i = 0; e == ARES_SUCCESS && i < got; i++) {
		struct sockaddr_storage sa = {0};
		struct addr a;
		if (is_v4)
			*(struct sockaddr_in *)(void *)&sa =
			    (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = v4[i].ipaddr};
		else {
			struct sockaddr_in6 *in6 = (void *)&sa;
			in6->sin6_family = AF_INET6;
			memcpy(&in6->sin6_addr, &v6[i].ip6addr, sizeof in6->sin6_addr);
		}
		if (!addr_from_sockaddr((const struct sockaddr *)&sa, &a))
			continue;
		a.port = port;
		take(r, &a);
	}
	if (r->stopping)
		return;
	r->host_at++;
	next_host(r);
}

static void next_host(struct resolving *r)
{
	if (r->host_at == r->hosts || r->found.n == TARGETS_MAX) {
		finish(r);
		return;
	}
	dns_ask(index_of(r), r->host[r->host_at].name, family_of(conf_of(r)) == 4 ? DNS_A : DNS_AAAA, on_addresses, r);
}

/* The name itself, with no SRV to say otherwise (RFC 3263 4.2). */
static void ask_name_itself(struct resolving *r)
{
	r->hosts = 1;
	r->host_at = 0;
	r->host[0] = (struct host){.port = port_of(conf_of(r))};
	snprintf(r->host[0].name, sizeof r->host[0].name, "%s", conf_of(r)->server);
	next_host(r);
}

/* A single target of "." says that the service is not there (RFC 2782), whatever else lives at the name. */
static bool is_not_there(const struct ares_srv_reply *list)
{
	return list && !list->next && (!list->host[0] || strcmp(list->host, ".") == 0);
}

static void take_host(struct resolving *r, const struct ares_srv_reply *s)
{
	struct host *h = &r->host[r->hosts];

	if (r->hosts == HOSTS_MAX || !s->host[0] || s->port == 0)
		return;
	*h = (struct host){.port = s->port, .priority = s->priority, .weight = s->weight};
	if ((size_t)snprintf(h->name, sizeof h->name, "%s", s->host) < sizeof h->name)
		r->hosts++;
}

static void on_srv(void *arg, const uint8_t *answer, int n)
{
	struct resolving *r = arg;
	struct ares_srv_reply *list = NULL;

	if (r->stopping)
		return;
	r->hosts = r->host_at = 0;
	if (n && ares_parse_srv_reply(answer, n, &list) == ARES_SUCCESS)
		for (const struct ares_srv_reply *s = list; s; s = s->next)
			take_host(r, s);
	bool not_there = is_not_there(list);
	ares_free_data(list);
	order_hosts(r->host, r->hosts, below);
	if (r->hosts || not_there)
		next_host(r);
	else
		ask_name_itself(r);
}

/* The best record of our transport that leads to SRV. */
static const struct ares_naptr_reply *choose(const struct ares_naptr_reply *list, const char *service)
{
	const struct ares_naptr_reply *best = NULL;

	for (const struct ares_naptr_reply *p = list; p; p = p->next) {
		struct span flags = span_str((const char *)p->flags), what = span_str((const char *)p->service);
		if (!span_eq_case(flags, SPAN("s")) || !span_eq_case(what, span_str(service)) || !p->replacement[0])
			continue;
		if (!best || p->order < best->order || (p->order == best->order && p->preference < best->preference))
			best = p;
	}
	return best;
}

static void on_naptr(void *arg, const uint8_t *answer, int n)
{
	struct resolving *r = arg;
	const struct trunk_conf *c = conf_of(r);
	struct ares_naptr_reply *list = NULL;
	const struct ares_naptr_reply *best = NULL;
	char name[HOST_MAX];

	if (r->stopping)
		return;
	if (n && ares_parse_naptr_reply(answer, n, &list) == ARES_SUCCESS)
		best = choose(list, by_transport[c->transport].service);
	if (best && strlen(best->replacement) < sizeof name)
		snprintf(name, sizeof name, "%s", best->replacement);
	else
		snprintf(name, sizeof name, "%s%s", by_transport[c->transport].prefix, c->server);
	ares_free_data(list);
	dns_ask(index_of(r), name, DNS_SRV, on_srv, r);
}

void resolve_begin(uint8_t trunk, resolved *done)
{
	struct resolving *r = &table[trunk];
	const struct trunk_conf *c = conf_of(r);

	resolve_stop(trunk);
	r->done = done;
	r->found.n = 0;
	if (c->server_addr.family) {
		r->found.at[0] = c->server_addr;
		r->found.at[0].port = port_of(c);
		r->found.n = 1;
		finish(r);
		return;
	}
	timer_set(&child_wheel, &r->timer, child_now() + RESOLVE_MS);
	if (c->port)
		ask_name_itself(r);
	else
		dns_ask(trunk, c->server, DNS_NAPTR, on_naptr, r);
}

void resolve_stop(uint8_t trunk)
{
	struct resolving *r = &table[trunk];

	r->done = NULL;
	r->stopping = true;
	dns_cancel(trunk);
	r->stopping = false;
	timer_cancel(&child_wheel, &r->timer);
}

static void on_time(struct timer *t, uint64_t now_ms)
{
	struct resolving *r = (struct resolving *)(void *)((char *)t - offsetof(struct resolving, timer));
	resolved *done = r->done;

	(void)now_ms;
	resolve_stop(index_of(r));
	r->done = done;
	finish(r);
}

void resolve_open(void)
{
	for (int i = 0; i < SITE_TRUNKS_MAX; i++)
		table[i].timer.fire = on_time;
}
