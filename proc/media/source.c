/* SPDX-License-Identifier: ISC */
#include "source.h"

static bool muxed(const struct relay_side *s)
{
	return s->local_rtcp == s->local.port;
}

static uint32_t leg_of(const struct relay_side *s)
{
	return s->learn_epoch & ~(uint32_t)RELAY_EPOCH_ANSWERS;
}

void source_forget(struct relay_row *r, unsigned side, const struct relay_side *next)
{
	const struct relay_side *s = &r->spec.side[side];

	if (leg_of(s) != leg_of(next) || memcmp(s->ice_ufrag, next->ice_ufrag, sizeof s->ice_ufrag) != 0 ||
	    memcmp(s->ice_pwd, next->ice_pwd, sizeof s->ice_pwd) != 0)
		r->source[side] = (struct relay_source_state){0};
}

void source_set(struct relay_row *r, unsigned side, uint64_t now_ms)
{
	const struct relay_side *s = &r->spec.side[side];
	struct relay_source_state *st = &r->source[side];

	if (s->source == RELAY_SOURCE_NAMED) {
		st->addr[COMPONENT_RTP] = s->rtp;
		st->addr[COMPONENT_RTCP] = s->rtcp;
	} else if (s->source == RELAY_SOURCE_LEARN && st->epoch != s->learn_epoch) {
		st->window_end_ms = now_ms + SOURCE_WINDOW_MS;
		memset(st->relearned, 0, sizeof st->relearned);
	}
	st->epoch = s->learn_epoch;
}

/* The first port of the right host; once known, another one only inside the window and only once. */
static bool learn(struct relay_row *r, unsigned side, unsigned component, const struct addr *from, uint64_t now_ms)
{
	struct relay_source_state *st = &r->source[side];
	struct addr *known = &st->addr[component];

	if (!addr_same_ip(from, &r->spec.side[side].rtp))
		return false;
	if (known->family && (now_ms > st->window_end_ms || st->relearned[component]))
		return false;
	st->relearned[component] = known->family != 0;
	*known = *from;
	return true;
}

bool source_ok(
    struct relay_row *r, unsigned side, unsigned component, const struct addr *from, uint64_t now_ms, bool *changed)
{
	const struct addr *known = &r->source[side].addr[component];

	*changed = false;
	if (known->family && addr_eq(known, from))
		return true;
	if (r->spec.side[side].source != RELAY_SOURCE_LEARN)
		return false;
	*changed = learn(r, side, component, from, now_ms);
	return *changed;
}

/* The kernel tells no times: that packets came since the last question is known, and when they did is not. */
static bool is_silent(const struct source_check *k)
{
	if (k->now_ms <= k->pair->heard_ms + SOURCE_SILENT_MS)
		return false;
	if (k->pair->passed == k->passed)
		return true;
	k->pair->passed = k->passed;
	k->pair->heard_ms = k->now_ms;
	return false;
}

static bool prevails(const struct relay_side *s, const struct source_check *k)
{
	return memcmp(k->pair->theirs, s->ice_theirs, sizeof s->ice_theirs) != 0 || k->nominates > k->pair->priority ||
	       is_silent(k);
}

bool source_proved(
    struct relay_row *r, unsigned side, unsigned component, const struct addr *from, const struct source_check *check)
{
	const struct relay_side *s = &r->spec.side[side];
	struct addr *known = &r->source[side].addr[component];
	struct source_pair *pair = check->pair;
	const bool same = addr_eq(known, from);

	if (s->source != RELAY_SOURCE_ICE || (known->family && !same && !(check->nominates && prevails(s, check))))
		return false;
	if (!same)
		pair->priority = 0;
	if (check->nominates) {
		pair->priority = check->nominates;
		memcpy(pair->theirs, s->ice_theirs, sizeof s->ice_theirs);
	}
	pair->heard_ms = check->now_ms;
	pair->passed = check->passed;
	*known = *from;
	return !same;
}

const struct addr *source_where(const struct relay_row *r, unsigned side, unsigned component)
{
	static const struct addr nowhere;
	unsigned at = muxed(&r->spec.side[side]) ? (unsigned)COMPONENT_RTP : component;
	const struct addr *a = &r->source[side].addr[at];

	return a->port ? a : &nowhere;
}
