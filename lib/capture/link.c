/* SPDX-License-Identifier: ISC */
#include "base/cursor.h"
#include "capture/packet.h"

/* LINKTYPE_, tcpdump.org/linktypes.html */
enum {
	LINK_NULL = 0,
	LINK_ETHERNET = 1,
	LINK_RAW_BSD = 12,
	LINK_RAW_OPENBSD = 14,
	LINK_RAW = 101,
	LINK_LOOP = 108,
	LINK_SLL = 113,
	LINK_IPV4 = 228,
	LINK_IPV6 = 229,
	LINK_SLL2 = 276
};

enum {
	TYPE_IPV4 = 0x0800,
	TYPE_IPV6 = 0x86dd,
	TYPE_VLAN = 0x8100,
	TYPE_QINQ = 0x88a8,
	TYPE_QINQ_OLD = 0x9100,
	TYPE_MPLS = 0x8847,
	TYPE_PPPOE = 0x8864,
	PPP_IPV4 = 0x0021,
	PPP_IPV6 = 0x0057,
	VLANS_MAX = 4,
	LABELS_MAX = 8
};

static enum network as_ip(struct span s, struct span *net)
{
	if (s.n == 0)
		return NETWORK_BAD;
	*net = s;
	return s.p[0] >> 4 == 4 || s.p[0] >> 4 == 6 ? NETWORK_IP : NETWORK_NONE;
}

static enum network behind(struct span s, size_t n, struct span *net)
{
	return s.n < n ? NETWORK_BAD : as_ip(span_skip(s, n), net);
}

static enum network mpls(struct span s, struct span *net)
{
	struct cursor c = cursor_of(s);
	uint32_t label;

	for (int i = 0; i < LABELS_MAX; i++) {
		if (!cursor_u32(&c, &label))
			return NETWORK_BAD;
		if (label >> 8 & 1) /* bottom of the stack */
			return as_ip(span_of(c.p, cursor_left(&c)), net);
	}
	return NETWORK_NONE;
}

static enum network pppoe(struct span s, struct span *net)
{
	struct cursor c = cursor_of(s);
	uint16_t type;

	if (!cursor_skip(&c, 6) || !cursor_u16(&c, &type))
		return NETWORK_BAD;
	if (type != PPP_IPV4 && type != PPP_IPV6)
		return NETWORK_NONE;
	return as_ip(span_of(c.p, cursor_left(&c)), net);
}

enum network link_ethertype(uint16_t type, struct span rest, struct span *net)
{
	struct cursor c = cursor_of(rest);

	for (int i = 0; i < VLANS_MAX && (type == TYPE_VLAN || type == TYPE_QINQ || type == TYPE_QINQ_OLD); i++)
		if (!cursor_skip(&c, 2) || !cursor_u16(&c, &type))
			return NETWORK_BAD;
	rest = span_of(c.p, cursor_left(&c));
	switch (type) {
	case TYPE_IPV4:
	case TYPE_IPV6:
		return as_ip(rest, net);
	case TYPE_MPLS:
		return mpls(rest, net);
	case TYPE_PPPOE:
		return pppoe(rest, net);
	default:
		return NETWORK_NONE;
	}
}

enum network link_ethernet(struct span frame, struct span *net)
{
	struct cursor c = cursor_of(frame);
	uint16_t type;

	if (!cursor_skip(&c, 12) || !cursor_u16(&c, &type))
		return NETWORK_BAD;
	return link_ethertype(type, span_of(c.p, cursor_left(&c)), net);
}

static enum network cooked(struct span frame, size_t type_at, size_t header, struct span *net)
{
	if (frame.n < header)
		return NETWORK_BAD;
	return link_ethertype((uint16_t)(frame.p[type_at] << 8 | frame.p[type_at + 1]), span_skip(frame, header), net);
}

enum network link_network(uint16_t link, struct span frame, struct span *net)
{
	switch (link) {
	case LINK_ETHERNET:
		return link_ethernet(frame, net);
	case LINK_NULL:
	case LINK_LOOP: /* the family's number differs by system, the version of IP does not */
		return behind(frame, 4, net);
	case LINK_RAW:
	case LINK_RAW_BSD:
	case LINK_RAW_OPENBSD:
	case LINK_IPV4:
	case LINK_IPV6:
		return as_ip(frame, net);
	case LINK_SLL:
		return cooked(frame, 14, 16, net);
	case LINK_SLL2:
		return cooked(frame, 0, 20, net);
	default:
		return NETWORK_UNKNOWN;
	}
}
