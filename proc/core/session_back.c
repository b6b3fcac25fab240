/* SPDX-License-Identifier: ISC */
/* A phone or trunk whose connection broke is there again over another: a BYE that went with the first nobody says again. So its calls
 * are asked by a refresh (phones answer OPTIONS of a dialog that they have no more as any other, with 200), one after the other. */
#include "session_int.h"
#include "base/rand.h"
#include "trunk.h"

enum {
	BACK_MS = 2000, /* until then it has said what it had to say */
	EACH_MS = 250, /* a trunk's: what bars floods at carriers begins at eight requests a second (Kamailio's pike) */
	UNSURE_SPREAD_MS = 500,
	UNSURE_APART_MS = 1000,
};

struct back {
	uint32_t user, device;
	uint8_t trunk;
	uint64_t flow; /* that is gone; 0: any that is */
};

static uint64_t next_ms[SITE_TRUNKS_MAX]; /* when the trunk is asked for one more */

static void is_back(struct leg *l, uint64_t due_ms)
{
	l->came_back = true;
	session_ask_at(l, due_ms);
}

static void ask_phone(struct leg *l, void *arg)
{
	const struct back *b = arg;

	if (l->r.state == LEG_UP && !l->r.trunk && l->r.user == b->user && l->r.device == b->device &&
	    !flow_get(l->r.flow) && call_get(l->r.call))
		is_back(l, child_now() + BACK_MS);
}

void session_phone_back(uint32_t user, uint32_t device)
{
	leg_each(ask_phone, &(struct back){.user = user, .device = device});
}

static void ask_trunk(struct leg *l, void *arg)
{
	const struct back *b = arg;
	uint64_t *next = &next_ms[b->trunk - 1];
	const uint64_t soon_ms = child_now() + BACK_MS, due_ms = *next > soon_ms ? *next : soon_ms;
	const bool lost = b->flow ? l->r.flow == b->flow : !flow_get(l->r.flow);

	if (l->r.state != LEG_UP || l->r.trunk != b->trunk || !lost || !call_get(l->r.call))
		return;
	if (timer_is_set(&l->session) && l->session.due_ms <= due_ms) { /* it is asked, or over, before that */
		l->came_back = true;
		return;
	}
	*next = due_ms + EACH_MS;
	is_back(l, due_ms);
}

void session_trunk_back(uint8_t trunk, uint64_t gone)
{
	if (trunk_is_up(trunk) && trunk_conf_of(trunk)->transport != TRUNK_UDP)
		leg_each(ask_trunk, &(struct back){.trunk = trunk, .flow = gone});
}

/* A trunk with its fellows; a phone has one call, or few. The one who was called and the one who calls not at once, as neither would be
 * told of the other's. */
void session_ask_unsure(struct leg *l, uint64_t from_ms)
{
	uint64_t due_ms = from_ms + (uint64_t)l->r.side * UNSURE_APART_MS + rand_u32() % UNSURE_SPREAD_MS;

	if (l->r.trunk) {
		uint64_t *next = &next_ms[l->r.trunk - 1];
		due_ms = *next > due_ms ? *next : due_ms;
		*next = due_ms + EACH_MS;
	}
	session_ask_at(l, due_ms);
}

bool session_back_asks(struct leg *l)
{
	struct flow *f = flow_get(l->r.flow);

	/* it spoke since; it was never gone, but core was; it is gone again, and will be back */
	if (f || (l->r.trunk && !trunk_is_up(l->r.trunk))) {
		session_start(l);
		return false;
	}
	if (l->r.trunk && (f = leg_flow(l))) /* what is lost from here on is lost with that one */
		l->r.flow = f->id;
	return true;
}
