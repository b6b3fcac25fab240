/* SPDX-License-Identifier: ISC */
/* Which phones to fix first: those at an end of the most open calls. */
#include "audit/report.h"
#include "audit/sort.h"
#include "base/json.h"
#include <stdlib.h>

enum { PHONES_MAX = 100 };

static void at_end(struct audit *a, uint32_t host, uint32_t call, const struct verdict *v, uint32_t number)
{
	struct host *h = &a->host[host];

	if (host == NONE || (h->flags & HOST_SERVER))
		return;
	if (h->last_call == call) { /* counted with another leg of this call */
		h->why |= v->grade == AUDIT_OPEN ? v->why : 0;
		return;
	}
	h->last_call = call;
	h->calls++;
	if (h->number == NONE)
		h->number = number;
	if (v->grade == AUDIT_OPEN) {
		h->open++;
		h->why |= v->why;
	}
}

void phones_count(struct audit *a, struct calls *c)
{
	for (uint32_t root = 1; root <= a->legs.n + a->flows.n; root++) {
		if (!c->node[root].id)
			continue;
		for (uint32_t i = root; i != NONE; i = c->node[i].next) {
			const struct verdict *v = &c->node[i].v;
			if (v->grade == AUDIT_NONE)
				continue;
			if (i <= a->legs.n) {
				at_end(a, a->leg[i].host[0], c->node[root].id, v, a->leg[i].from);
				at_end(a, a->leg[i].host[1], c->node[root].id, v, a->leg[i].to);
			} else {
				const struct flow *f = &a->flow[i - a->legs.n];
				at_end(a, audit_host(a, f->key.src), c->node[root].id, v, NONE);
				at_end(a, audit_host(a, f->key.dst), c->node[root].id, v, NONE);
			}
		}
	}
}

static bool most_open(const void *owner, uint32_t i, uint32_t j)
{
	const struct host *h = ((const struct audit *)owner)->host;

	return h[i].open != h[j].open ? h[i].open > h[j].open : memcmp(h[i].ip, h[j].ip, sizeof h->ip) < 0;
}

static void phone(struct report *r, const struct audit *a, const struct host *h)
{
	/* what to do says of which make a phone is */
	bool known = h->device != NONE && !r->anonymise;

	r->line = buf_of(r->room, sizeof r->room);
	json_begin(&r->line, "phone");
	report_address(r, "address", h->ip);
	report_person(r, "number", a, h->number);
	report_device(r, "device", a, h->device);
	json_number(&r->line, "calls", h->calls);
	json_number(&r->line, "open", h->open);
	report_whys(r, h->why);
	json_word(&r->line, "remedy", remedy_of(known ? audit_text_of(a, h->device) : span_of(NULL, 0)));
	report_line(r);
}

void phones_report(struct report *r, struct audit *a)
{
	uint32_t *list = calloc(a->hosts.n + 1, sizeof *list), n = 0;

	for (uint32_t i = 1; list && i <= a->hosts.n; i++)
		if (a->host[i].open)
			list[n++] = i;
	sort_indexes(list, n, most_open, a);
	for (uint32_t i = 0; i < n && i < PHONES_MAX; i++)
		phone(r, a, &a->host[list[i]]);
	free(list);
}
