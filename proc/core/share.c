/* SPDX-License-Identifier: ISC */
#include "share.h"
#include "base/log.h"
#include "base/pool.h"
#include "base/ratelimit.h"
#include "leg.h"
#include <stdlib.h>

enum { TELL_AGAIN_MS = 60000 };

static uint64_t refused;

/* The devices from 0, then the trunks from 1. */
static uint32_t of_trunk(uint8_t trunk)
{
	return child_site()->max_phones + trunk;
}

uint32_t share_of_back(void)
{
	return of_trunk(SITE_TRUNKS_MAX) + 1;
}

uint32_t share_holders(void)
{
	return share_of_back() + 1;
}

uint32_t share_of_flow(const struct flow *f)
{
	return f->trunk ? of_trunk(f->trunk) : f->device;
}

uint32_t share_of_leg(const struct leg *l)
{
	return l->r.trunk ? of_trunk(l->r.trunk) : l->r.device;
}

void share_init(struct share *s, uint32_t slots, uint32_t phone_most)
{
	const uint32_t most = slots - slots / 4;

	*s = (struct share){.phone_most = phone_most,
	    .trunk_most = most > phone_most ? most : phone_most,
	    .back_most = pool_share(slots) / 2,
	    .held = calloc(share_holders(), sizeof *s->held)};
	if (!s->held)
		log_fatal("no memory for shares");
}

uint32_t share_left(const struct share *s, uint32_t who)
{
	if (who == NOBODY)
		return UINT32_MAX;
	const uint32_t most = who == share_of_back()           ? s->back_most
	                      : who > child_site()->max_phones ? s->trunk_most
	                                                       : s->phone_most;
	return s->held[who] < most ? most - s->held[who] : 0;
}

bool share_has_room(const struct share *s, uint32_t who)
{
	if (share_left(s, who) > 0)
		return true;
	refused++;
	return false;
}

bool share_take(struct share *s, uint32_t who)
{
	const bool room = share_has_room(s, who);

	if (room)
		share_add(s, who);
	return room;
}

void share_add(struct share *s, uint32_t who)
{
	if (who != NOBODY)
		s->held[who]++;
}

void share_release(struct share *s, uint32_t who)
{
	if (who != NOBODY)
		s->held[who]--;
}

void share_tell(const struct flow *f, uint32_t user, const char *what)
{
	static struct ratelimit *told;

	if (!told && !(told = calloc(share_holders(), sizeof *told)))
		return;
	if (!ratelimit_take(&told[share_of_flow(f)], 1, TELL_AGAIN_MS, child_now()))
		return;
	child_event(EVENT_CALL_REFUSED, SEVERITY_WARNING, f->device, user, &f->remote, what);
}

void share_status(struct proc_status *s)
{
	status_counter(s, "beyond-share", refused);
}
