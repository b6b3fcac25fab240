/* SPDX-License-Identifier: ISC */
/* IP in IP (RFC 2003, 4213), GRE (RFC 2784, 2890), GTP-U (3GPP TS 29.281), VXLAN (RFC 7348). */
#include "base/cursor.h"
#include "capture/packet.h"

enum { PROTO_IPIP = 4, PROTO_IPV6 = 41, PROTO_GRE = 47, TYPE_BRIDGED = 0x6558 };
enum { PORT_GTPU = 2152, PORT_VXLAN = 4789, GTPU_TPDU = 255, GTPU_EXTENSIONS_MAX = 8 };

static struct span rest_of(const struct cursor *c)
{
	return span_of(c->p, cursor_left(c));
}

static bool gre(struct span s, struct span *inner)
{
	struct cursor c = cursor_of(s);
	uint16_t flags, type;

	if (!cursor_u16(&c, &flags) || !cursor_u16(&c, &type) || (flags & 7) != 0)
		return false;
	/* checksum, key, sequence number */
	size_t more = 4 * ((size_t)(flags >> 15 & 1) + (flags >> 13 & 1) + (flags >> 12 & 1));
	if (!cursor_skip(&c, more))
		return false;
	if (type == TYPE_BRIDGED)
		return link_ethernet(rest_of(&c), inner) == NETWORK_IP;
	return link_ethertype(type, rest_of(&c), inner) == NETWORK_IP;
}

static bool gtpu(struct span s, struct span *inner)
{
	struct cursor c = cursor_of(s);
	uint8_t flags, type, next = 0, words;

	if (!cursor_u8(&c, &flags) || flags >> 5 != 1 || !(flags & 0x10) || !cursor_u8(&c, &type) ||
	    type != GTPU_TPDU || !cursor_skip(&c, 6))
		return false;
	if (flags & 7 && (!cursor_skip(&c, 3) || !cursor_u8(&c, &next)))
		return false;
	for (int i = 0; next && i < GTPU_EXTENSIONS_MAX; i++)
		if (!cursor_u8(&c, &words) || words == 0 || !cursor_skip(&c, (size_t)words * 4 - 2) ||
		    !cursor_u8(&c, &next))
			return false;
	*inner = rest_of(&c);
	return next == 0 && inner->n > 0 && (inner->p[0] >> 4 == 4 || inner->p[0] >> 4 == 6);
}

static bool vxlan(struct span s, struct span *inner)
{
	return s.n > 8 && s.p[0] == 8 && link_ethernet(span_skip(s, 8), inner) == NETWORK_IP;
}

bool tunnel_ip(uint8_t proto, struct span payload, struct span *inner)
{
	if (proto == PROTO_GRE)
		return gre(payload, inner);
	if ((proto != PROTO_IPIP && proto != PROTO_IPV6) || payload.n == 0)
		return false;
	*inner = payload;
	return true;
}

bool tunnel_udp(uint16_t dport, struct span payload, struct span *inner)
{
	return dport == PORT_GTPU ? gtpu(payload, inner) : dport == PORT_VXLAN && vxlan(payload, inner);
}
