/* SPDX-License-Identifier: ISC */
#include "holder.h"
#include "conn.h"

enum { OF_PHONE = 8, OF_TRUNK = 4 }; /* of so many slots one */

static struct holder trunk[SITE_TRUNKS_MAX];

struct holder *holder_of(const struct conn *c)
{
	return c->trunk ? &trunk[c->trunk - 1] : &device_get(c->device)->holds;
}

static void add(struct accepted_list *l, struct accepted *a)
{
	*a = (struct accepted){.older = l->newest, .in = l};
	if (l->newest)
		l->newest->newer = a;
	else
		l->oldest = a;
	l->newest = a;
	l->n++;
}

struct accepted *holder_accepts(struct accepted_list *l, struct accepted *a, const struct conn *c, uint32_t table_n)
{
	if (a->in)
		return NULL;
	add(l, a);
	return l->n > table_n / (c->trunk ? OF_TRUNK : OF_PHONE) ? l->oldest : NULL;
}

void holder_forgets(struct accepted *a)
{
	struct accepted_list *l = a->in;

	if (!l)
		return;
	if (a->older)
		a->older->newer = a->newer;
	else
		l->oldest = a->newer;
	if (a->newer)
		a->newer->older = a->older;
	else
		l->newest = a->older;
	l->n--;
	*a = (struct accepted){0};
}
