/* SPDX-License-Identifier: ISC */
#include "parent.h"

/* Which processes hold a link to each other; parent has one to each. Two edges have none. */
static const struct {
	enum proc a, b;
} talks[] = {
    {PROC_EDGE, PROC_CORE},
    {PROC_EDGE, PROC_SIGNER},
    {PROC_EDGE, PROC_LEDGER},
    {PROC_CORE, PROC_MEDIA},
    {PROC_CORE, PROC_KEEPER},
    {PROC_CORE, PROC_SIGNER},
    {PROC_CORE, PROC_LEDGER},
    {PROC_SIGNER, PROC_KEEPER},
    {PROC_SIGNER, PROC_MEDIA},
    {PROC_SIGNER, PROC_LEDGER},
    {PROC_MEDIA, PROC_LEDGER},
    {PROC_KEEPER, PROC_LEDGER},
    {PROC_NET, PROC_CORE},
    {PROC_NET, PROC_MEDIA},
    {PROC_NET, PROC_LEDGER},
    {PROC_CTL, PROC_CORE},
    {PROC_CTL, PROC_KEEPER},
    {PROC_CTL, PROC_LEDGER},
    {PROC_CTL, PROC_SIGNER},
    {PROC_VOICE, PROC_CORE},
    {PROC_VOICE, PROC_MEDIA},
    {PROC_VOICE, PROC_LEDGER},
    {PROC_DIAL, PROC_CORE},
    {PROC_DIAL, PROC_EDGE},
    {PROC_DIAL, PROC_LEDGER},
    {PROC_WATCH, PROC_EDGE},
    {PROC_WATCH, PROC_CORE},
    {PROC_WATCH, PROC_MEDIA},
    {PROC_WATCH, PROC_SIGNER},
    {PROC_WATCH, PROC_KEEPER},
    {PROC_WATCH, PROC_LEDGER},
    {PROC_WATCH, PROC_CTL},
    {PROC_WATCH, PROC_VOICE},
    {PROC_WATCH, PROC_DIAL},
    {PROC_WATCH, PROC_NET},
};

bool links_allowed(enum proc a, enum proc b)
{
	for (size_t i = 0; i < sizeof talks / sizeof *talks; i++)
		if ((talks[i].a == a && talks[i].b == b) || (talks[i].a == b && talks[i].b == a))
			return true;
	return false;
}

struct slot *slot_find(enum proc p, uint32_t instance)
{
	for (uint32_t i = 0; i < self.slots; i++)
		if (self.slot[i].proc == p && self.slot[i].instance == instance)
			return &self.slot[i];
	return NULL;
}

struct slot *slot_of(struct link *l)
{
	return (struct slot *)(void *)((char *)l - offsetof(struct slot, link));
}

bool slot_alive(const struct slot *s)
{
	return s->pid != 0 && s->linked && !s->link.broken;
}

static void add(enum proc p, uint32_t instance)
{
	self.slot[self.slots++] = (struct slot){.proc = p, .instance = instance, .state = SLOT_WAITING};
}

/* Those that others ask first start first; the questions of the others wait in their links. */
void slots_init(void)
{
	static const enum proc order[] = {
	    PROC_KEEPER, PROC_LEDGER, PROC_SIGNER, PROC_WATCH, PROC_NET, PROC_MEDIA, PROC_VOICE, PROC_CORE, PROC_CTL};
	uint32_t edges = self.edges ? self.edges : self.site.edges;

	_Static_assert(sizeof order / sizeof *order + 1 + 8 <= SLOTS_MAX, "dial and eight edges fit");
	for (size_t i = 0; i < sizeof order / sizeof *order; i++)
		add(order[i], 0);
	if (self.site.trunks)
		add(PROC_DIAL, 0);
	for (uint32_t i = 0; i < edges; i++)
		add(PROC_EDGE, i);
}
