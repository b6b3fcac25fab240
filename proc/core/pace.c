/* SPDX-License-Identifier: ISC */
#include "pace.h"
#include "base/log.h"
#include "media.h"
#include "share.h"
#include "trunk.h"
#include <stdlib.h>

enum { LEAST = 30, REFILL_US = 8000000, SLOWEST_US = 1000000 };

static uint64_t *full_us; /* by holder: when its bucket is full again */
static uint64_t refused;

void pace_init(void)
{
	full_us = calloc(share_holders(), sizeof *full_us);
	if (!full_us)
		log_fatal("no memory for the pace of calls");
}

static uint32_t burst_of(const struct flow *f)
{
	const uint32_t half = share_most(media_slots(child_site()), UINT32_MAX);
	const struct trunk_conf *trunk = trunk_conf_of(f->trunk);

	if (!trunk)
		return share_most(media_slots(child_site()), LEAST);
	const uint32_t wanted = 2u * trunk->lines + LEAST;
	return wanted < half ? wanted : half;
}

bool pace_allows(const struct flow *f)
{
	const uint64_t now_us = child_now() * 1000, burst = burst_of(f);
	const uint64_t each_us = burst < REFILL_US / SLOWEST_US ? SLOWEST_US : REFILL_US / burst;
	uint64_t *full = &full_us[share_of_flow(f)];
	const uint64_t then_us = (*full > now_us ? *full : now_us) + each_us;

	if (then_us > now_us + burst * each_us) {
		refused++;
		return false;
	}
	*full = then_us;
	return true;
}

void pace_status(struct proc_status *s)
{
	status_counter(s, "calls-too-fast", refused);
}
