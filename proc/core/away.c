/* SPDX-License-Identifier: ISC */
#include "away.h"
#include "base/log.h"
#include "base/ratelimit.h"
#include "permit.h"
#include "registrar.h"
#include "settings.h"
#include <stdlib.h>

struct looked {
	struct ratelimit told;
	bool away;
};

static struct looked *table;
static uint32_t phones;
static struct ratelimit told; /* of all */

void away_init(uint32_t max_phones)
{
	phones = max_phones;
	table = calloc(phones, sizeof *table);
	if (!table)
		log_fatal("no memory for phones that are away");
}

/* One that is said to travel is where it is expected: everywhere. */
static bool is_away(uint32_t device, const struct addr *at)
{
	const struct device *d = directory_device(device);

	return d && d->flags & DEVICE_FIXED && !settings_of_device(device)->remote &&
	       settings_device_remote(device, at) && permit_refuses_help(device, at);
}

/* Whose turn it is not yet keeps its own for its next REGISTER. */
static bool is_due(struct looked *k)
{
	const uint64_t now_ms = child_now();

	return ratelimit_would(&k->told, 1, now_ms) && ratelimit_take(&told, 1, AWAY_PACE_MS, now_ms) &&
	       ratelimit_take(&k->told, 1, AWAY_AGAIN_MS, now_ms);
}

void away_registered(const struct flow *f)
{
	struct looked *k = f->device < phones ? &table[f->device] : NULL;

	if (!k)
		return;
	k->away = is_away(f->device, &f->remote);
	if (!k->away || !is_due(k))
		return;
	child_event(EVENT_PHONE, SEVERITY_ALARM, f->device, NOBODY, &f->remote,
	    "a fixed phone registers from no network of the site: its calls for help would be refused (see --subnet)");
}

void away_status(struct proc_status *s)
{
	const struct registration *to[REGISTRAR_TARGETS_MAX];
	uint64_t n = 0;

	for (uint32_t i = 0; i < phones; i++)
		n += table[i].away && registrar_at_phone(i, to) > 0;
	status_counter(s, "phones-off-site", n);
}
