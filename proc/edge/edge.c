/* SPDX-License-Identifier: ISC */
#include "edge.h"
#include "base/rand.h"
#include "base/ratelimit.h"

enum { EDGE_SHIFT = 28, SLOT_MASK = (1u << EDGE_SHIFT) - 1, GENERATION_MASK = 0xffffff };

struct counts count;

bool edge_pool_init(struct pool *p, uint32_t cap, uint32_t reserve)
{
	if (!pool_init(p, child_node(), cap, reserve))
		return false;
	for (uint32_t i = 0; i < cap; i++) {
		uint32_t generation = rand_u32() & GENERATION_MASK;
		p->gen[i] = generation ? generation : 1;
	}
	return true;
}

static uint64_t edge_bits(void)
{
	return (uint64_t)(child_instance() & 0xf) << EDGE_SHIFT;
}

uint64_t edge_pool_take(struct pool *p, enum pool_claim claim)
{
	uint64_t id = pool_take(p, claim);
	return id == ID_NONE ? ID_NONE : id | edge_bits();
}

/* The id as the pool knows it; ID_NONE when it is of another edge. */
static uint64_t pool_form(uint64_t id)
{
	if ((id & UINT64_C(0xf) << EDGE_SHIFT) != edge_bits())
		return ID_NONE;
	return id & ~(UINT64_C(0xf) << EDGE_SHIFT);
}

bool edge_pool_release(struct pool *p, uint64_t id)
{
	return pool_release(p, pool_form(id));
}

int64_t edge_pool_index(const struct pool *p, uint64_t id)
{
	return pool_index(p, pool_form(id));
}

uint64_t edge_idle_limit_ms(uint32_t ping_every_ms, uint32_t flow_timer_s)
{
	uint64_t flow_timer_ms = (uint64_t)flow_timer_s * 1000;
	uint64_t limit_ms = PINGS_MISSED * (ping_every_ms > flow_timer_ms ? ping_every_ms : flow_timer_ms);

	return ping_every_ms && limit_ms < IDLE_MS ? limit_ms : IDLE_MS;
}

bool edge_may_tell_help(uint64_t *told_ms)
{
	static uint64_t second;
	static uint32_t told;
	const uint64_t now = child_now();

	if (*told_ms && now < *told_ms + HELP_TOLD_MS)
		return false;
	if (second != now / 1000) {
		second = now / 1000;
		told = 0;
	}
	if (told >= HELP_TOLD_PER_SECOND)
		return false;
	told++;
	*told_ms = now;
	return true;
}

void edge_event(
    enum event_kind kind, enum severity severity, uint32_t device, const struct addr *remote, const char *why)
{
	static struct ratelimit told;

	if (ratelimit_take(&told, EVENTS_PER_SECOND, 1000, child_now()))
		child_event(kind, severity, device, 0, remote, why);
}
