/* SPDX-License-Identifier: ISC */
#include "changes.h"
#include <string.h>

/* What calls were made with, and lie in. */
static const char *of_both(struct changed from, struct changed to)
{
	const struct site *a = from.site, *b = to.site;

	if (strcmp(a->domain, b->domain) != 0)
		return "domain cannot change without a restart";
	if (a->media_port_lo != b->media_port_lo || a->media_port_hi != b->media_port_hi)
		return "media ports cannot change without a restart";
	if (a->max_phones != b->max_phones || a->max_users != b->max_users || a->max_calls != b->max_calls)
		return "limits on phones, users and calls cannot change without a restart";
	if (strcmp(from.database, to.database) != 0)
		return "database cannot change without a restart";
	return a->node != b->node ? "node cannot change without a restart" : NULL;
}

const char *changes_of_start(struct changed from, struct changed to, bool edges_given)
{
	const struct site *a = from.site, *b = to.site;
	const char *why = of_both(from, to);

	if (why)
		return why;
	if (!edges_given && a->edges != b->edges)
		return "edges cannot change without a restart";
	if (a->trunks != b->trunks) /* before the listeners: each has an entry there */
		return "trunks cannot come or go without a restart";
	for (int i = 0; i < a->trunks; i++)
		if (strcmp(a->trunk[i].name, b->trunk[i].name) != 0 || a->trunk[i].transport != b->trunk[i].transport ||
		    a->trunk[i].listener != b->trunk[i].listener || a->trunk[i].listens != b->trunk[i].listens)
			return "trunks cannot change their name, order, transport or address without a restart";
	if (a->listeners != b->listeners || memcmp(a->listener, b->listener, sizeof a->listener) != 0)
		return "phones (addresses) cannot change without a restart";
	return NULL;
}

static bool has_listener(const struct site *s, const struct listener *l)
{
	for (int i = 0; i < s->listeners; i++)
		if (memcmp(&s->listener[i], l, sizeof *l) == 0)
			return true;
	return false;
}

static bool has_trunk(const struct site *s, const struct site *of, const struct trunk_conf *t)
{
	for (int i = 0; i < s->trunks; i++) {
		const struct trunk_conf *is = &s->trunk[i];
		if (strcmp(is->name, t->name) == 0)
			return is->transport == t->transport && is->listens == t->listens &&
			       memcmp(&s->listener[is->listener], &of->listener[t->listener], sizeof *s->listener) == 0;
	}
	return false;
}

const char *changes_of_calls(struct changed from, struct changed to)
{
	const struct site *a = from.site, *b = to.site;
	const char *why = of_both(from, to);

	for (int i = 0; !why && i < a->listeners; i++) /* before the trunks: some have an address of these */
		if (a->listener[i].kind == LISTEN_PHONES && !has_listener(b, &a->listener[i]))
			why = "phones (addresses) cannot go or change without a restart";
	for (int i = 0; !why && i < a->trunks; i++)
		if (!has_trunk(b, a, &a->trunk[i]))
			why = "a trunk cannot go, or change its name, transport or address without a restart";
	return why;
}
