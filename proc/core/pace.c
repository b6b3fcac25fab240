/* SPDX-License-Identifier: ISC */
#include "pace.h"
#include "base/log.h"
#include "media.h"
#include "share.h"
#include "trunk.h"
#include <stdlib.h>

enum { LEAST = 30, REFILL_US = 8000000, SLOWEST_US = 1000000, TEXTS = 20, TEXT_US = 500000 };

static uint64_t *full_us, *texts_full_us; /* by holder: when its bucket is full again */
static uint64_t refused, texts_refused;

void pace_init(void)
{
	full_us = calloc(share_holders(), sizeof *full_us);
	texts_full_us = calloc(share_holders(), sizeof *texts_full_us);
	if (!full_us || !texts_full_us)
		log_fatal("no memory for the pace of calls and texts");
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

static bool take(uint64_t *full, uint64_t burst, uint64_t each_us, uint64_t *count)
{
	const uint64_t now_us = child_now() * 1000, then_us = (*full > now_us ? *full : now_us) + each_us;

	if (then_us > now_us + burst * each_us) {
		++*count;
		return false;
	}
	*full = then_us;
	return true;
}

bool pace_allows(const struct flow *f)
{
	const uint64_t burst = burst_of(f);
	const uint64_t each_us = burst < REFILL_US / SLOWEST_US ? SLOWEST_US : REFILL_US / burst;

	return take(&full_us[share_of_flow(f)], burst, each_us, &refused);
}

bool pace_allows_text(const struct flow *f)
{
	return take(&texts_full_us[share_of_flow(f)], TEXTS, TEXT_US, &texts_refused);
}

void pace_status(struct proc_status *s)
{
	status_counter(s, "calls-too-fast", refused);
	status_counter(s, "texts-too-fast", texts_refused);
}
