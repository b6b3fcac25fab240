/* SPDX-License-Identifier: ISC */
#include "flow_make.h"
#include "ended.h"
#include "gate.h"
#include "source.h"
#include <netinet/in.h>

enum { NS_PER_MS = 1000000 };

_Static_assert((int)FLOW_STRANGER == (int)DROP_STRANGER && (int)FLOW_SHUT == (int)DROP_SHUT &&
		   (int)FLOW_SHAPE == (int)DROP_SHAPE && (int)FLOW_POLICED == (int)DROP_POLICED,
    "one list of reasons");
_Static_assert((int)FLOW_FRAME_PCM == (int)RELAY_FRAME_PCM && (int)FLOW_FRAME_OPUS == (int)RELAY_FRAME_OPUS &&
		   (int)FLOW_FRAME_EVENT == (int)RELAY_FRAME_EVENT && (int)FLOW_OPUS_CHANGES == (int)OPUS_CHANGES_MAX,
    "one list of frames");

static uint64_t as_ns(struct flow_clock c, uint64_t boot_ms)
{
	int64_t ms = (int64_t)boot_ms - c.ahead_ms;

	return ms > 0 ? (uint64_t)ms * NS_PER_MS : 0;
}

static void put_ip(struct flow_ip *out, const struct addr *a)
{
	memcpy(out, a->ip, sizeof *out);
}

static uint8_t takes(const struct relay_side *s, unsigned component)
{
	bool mux = s->local_rtcp == s->local.port;

	if (component == COMPONENT_RTP)
		return mux ? FLOW_TAKES_RTP | FLOW_TAKES_RTCP : FLOW_TAKES_RTP;
	return mux ? 0 : FLOW_TAKES_RTCP;
}

static void put_frame(struct flow *f, uint8_t type, uint8_t frame)
{
	__u64 *word = &f->frame[type / 32];
	unsigned at = 2 * (type % 32);

	*word = (*word & ~(3ull << at)) | (__u64)frame << at;
}

static void put_shape(const struct relay_row *r, unsigned side, unsigned component, struct flow *f)
{
	const struct relay_side *s = &r->spec.side[side];

	f->takes = takes(s, component);
	f->tag_len = gate_tag_len(r, side, component);
	for (int i = s->payloads - 1; i >= 0; i--) /* the first of a number counts */
		put_frame(f, s->payload[i].type, s->payload[i].frame);
}

static void put_times(const struct relay_row *r, unsigned side, unsigned component, struct flow_clock c, struct flow *f)
{
	const struct relay_source_state *st = &r->source[side];

	uint64_t opens_ms = r->gate.opens_ms[component][side];
	if (opens_ms > c.now_ms) /* the programs' clock is a tick late: what is open already must not shut for it */
		f->opens_ns = as_ns(c, opens_ms);
	f->deadline_ns = as_ns(c, r->spec.deadline_ms);
	if (r->spec.side[side].source == RELAY_SOURCE_LEARN && !st->relearned[component])
		f->learn_ns = as_ns(c, st->window_end_ms);
}

/* Who may send what comes to that port of ours. */
static bool begun(const struct relay_side *s, const struct addr *from, struct flow *flow)
{
	if (!from->family || !from->port || from->family != s->local.family)
		return false;
	*flow = (struct flow){.family = from->family, .from_port = htons(from->port)};
	put_ip(&flow->ip, &s->local);
	put_ip(&flow->from, from);
	return true;
}

/* Who may send and until when; media looks at the rest. RTCP is rare, and goes up. */
bool flow_make_ended(
    const struct relay_row *r, unsigned side, unsigned component, struct flow_clock c, struct flow *flow)
{
	const struct relay_side *s = &r->spec.side[side];

	if (component != COMPONENT_RTP || !s->present || s->end == RELAY_PASSING ||
	    !begun(s, &r->source[side].addr[component], flow))
		return false;
	flow->takes = FLOW_ENDS;
	flow->join = r->join;
	put_times(r, side, component, c, flow);
	flow->opens_ns = 0;
	return true;
}

bool flow_make_send(const struct relay_row *r, unsigned side, struct flow *flow)
{
	const struct relay_side *s = &r->spec.side[side];
	const struct addr *to = source_where(r, side, COMPONENT_RTP);

	if (!s->present || s->end == RELAY_PASSING || !to->family || to->family != s->local.family)
		return false;
	*flow = (struct flow){.family = to->family, .to_port = htons(to->port), .source_port = htons(s->local.port)};
	put_ip(&flow->to, to);
	put_ip(&flow->source, &s->local);
	return true;
}

bool flow_make(const struct relay_row *r, unsigned side, unsigned component, struct flow_clock c, struct flow *flow)
{
	const struct relay_side *s = &r->spec.side[side], *other = &r->spec.side[!side];
	const struct addr *from = &r->source[side].addr[component], *to = source_where(r, !side, component);
	uint16_t out = component == COMPONENT_RTCP ? other->local_rtcp : other->local.port;

	if (ended_is(r) || !r->gate.opens_ms[component][side] || !takes(s, component))
		return false;
	if (from->family != to->family || from->family != other->local.family || !begun(s, from, flow))
		return false;
	flow->to_port = htons(to->port);
	flow->source_port = htons(out);
	put_ip(&flow->to, to);
	put_ip(&flow->source, &other->local);
	put_shape(r, side, component, flow);
	put_times(r, side, component, c, flow);
	return true;
}

bool flow_take_way(const struct flow *from, struct flow *flow)
{
	if (!from->oif || memcmp(&from->to, &flow->to, sizeof from->to) != 0 ||
	    memcmp(&from->source, &flow->source, sizeof from->source) != 0)
		return false;
	flow->oif = from->oif;
	flow->next_family = from->next_family;
	flow->next = from->next;
	return true;
}
