/* SPDX-License-Identifier: ISC */
#include "early.h"
#include "base/log.h"
#include <stdlib.h>

struct early_packet {
	uint64_t at_ms;
	struct addr from;
	uint16_t n;
	uint8_t octets[EARLY_OCTETS];
};

static struct {
	struct place {
		struct port *owner; /* NULL: free */
		uint64_t last_ms;
		uint8_t first, n; /* a ring */
	} place[EARLY_PORTS];
	struct early_packet (*packet)[EARLY_EACH]; /* by place */
	uint64_t kept, heard;
} early;

void early_open(void)
{
	early.packet = calloc(EARLY_PORTS, sizeof *early.packet);
	if (!early.packet)
		log_fatal("no memory for early packets");
}

static bool is_old(uint64_t at_ms)
{
	return child_now() > at_ms + EARLY_MS;
}

static bool take_place(struct port *p)
{
	for (uint32_t i = 0; i < EARLY_PORTS; i++) {
		struct place *at = &early.place[i];
		if (at->owner && !is_old(at->last_ms))
			continue;
		if (at->owner)
			at->owner->early = 0;
		*at = (struct place){.owner = p};
		p->early = (uint16_t)(i + 1);
		return true;
	}
	return false;
}

void early_put(struct port *p, const struct addr *from, struct span packet)
{
	if (packet.n > EARLY_OCTETS || (!p->early && !take_place(p)))
		return;
	struct place *at = &early.place[p->early - 1];
	struct early_packet *e = &early.packet[p->early - 1][(at->first + at->n) % EARLY_EACH];
	if (at->n == EARLY_EACH)
		at->first = (uint8_t)((at->first + 1) % EARLY_EACH);
	else
		at->n++;
	e->at_ms = at->last_ms = child_now();
	e->from = *from;
	e->n = (uint16_t)packet.n;
	memcpy(e->octets, packet.p, packet.n);
	early.kept++;
}

bool early_take(struct port *p, struct addr *from, struct span *packet)
{
	struct place *at = p->early ? &early.place[p->early - 1] : NULL;

	while (at && at->n) {
		const struct early_packet *e = &early.packet[p->early - 1][at->first];
		at->first = (uint8_t)((at->first + 1) % EARLY_EACH);
		at->n--;
		if (is_old(e->at_ms))
			continue;
		*from = e->from;
		*packet = span_of(e->octets, e->n);
		early.heard++;
		return true;
	}
	early_forget(p);
	return false;
}

void early_forget(struct port *p)
{
	if (p->early)
		early.place[p->early - 1].owner = NULL;
	p->early = 0;
}

void early_status(struct proc_status *s)
{
	status_counter(s, "early-kept", early.kept);
	status_counter(s, "early-heard", early.heard);
}
