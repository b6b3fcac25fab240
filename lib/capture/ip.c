/* SPDX-License-Identifier: ISC */
#include "base/cursor.h"
#include "capture/packet.h"

enum { IPV4_LEAST = 20, IPV6_HEADER = 40, UDP_HEADER = 8, TCP_LEAST = 20, EXTENSIONS_MAX = 8 };
enum { V6_HOP = 0, V6_ROUTING = 43, V6_FRAGMENT = 44, V6_AUTH = 51, V6_OPTIONS = 60 };
enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4 };

static const uint8_t mapped_prefix[12] = {[10] = 0xff, [11] = 0xff};

static uint16_t load16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t load32(const uint8_t *p)
{
	return (uint32_t)load16(p) << 16 | load16(p + 2);
}

static void map4(uint8_t out[16], const uint8_t *ip)
{
	memcpy(out, mapped_prefix, sizeof mapped_prefix);
	memcpy(out + sizeof mapped_prefix, ip, 4);
}

/* What an IP header says of its packet. */
struct ip {
	uint8_t proto;
	bool cut, fragment, more;
	uint32_t id, at;
	struct span payload;
};

static bool read_v4(struct span s, struct packet *out, struct ip *ip)
{
	if (s.n < IPV4_LEAST)
		return false;
	size_t head = (size_t)(s.p[0] & 15) * 4, total = load16(s.p + 2);
	uint16_t where = load16(s.p + 6);

	if (total == 0) /* the sender's card was to cut it into segments */
		total = s.n;
	if (head < IPV4_LEAST || total < head || s.n < head)
		return false;
	ip->cut = total > s.n;
	s = span_head(s, total);
	*ip = (struct ip){.proto = s.p[9],
	    .cut = ip->cut,
	    .more = where >> 13 & 1,
	    .id = load16(s.p + 4),
	    .at = (where & 0x1fffu) * 8,
	    .payload = span_skip(s, head)};
	ip->fragment = ip->more || ip->at;
	map4(out->key.src, s.p + 12);
	map4(out->key.dst, s.p + 16);
	return true;
}

/* RFC 8200 4: walk to what is no extension header. */
static bool read_v6(struct span s, struct packet *out, struct ip *ip)
{
	if (s.n < IPV6_HEADER)
		return false;
	size_t total = load16(s.p + 4);
	struct cursor c = cursor_of(span_head(span_skip(s, IPV6_HEADER), total ? total : SIZE_MAX));

	*ip = (struct ip){.proto = s.p[6], .cut = total > s.n - IPV6_HEADER};
	memcpy(out->key.src, s.p + 8, 16);
	memcpy(out->key.dst, s.p + 24, 16);
	for (int i = 0; i < EXTENSIONS_MAX && !ip->at; i++) {
		const uint8_t *p = c.p;
		size_t n = 8;
		if (ip->proto != V6_HOP && ip->proto != V6_ROUTING && ip->proto != V6_OPTIONS &&
		    ip->proto != V6_FRAGMENT && ip->proto != V6_AUTH)
			break;
		if (cursor_left(&c) < 8)
			return false;
		if (ip->proto == V6_FRAGMENT) {
			ip->at = load16(p + 2) & 0xfff8u;
			ip->more = p[3] & 1;
			ip->id = load32(p + 4);
			ip->fragment = ip->more || ip->at;
		} else {
			n = ip->proto == V6_AUTH ? ((size_t)p[1] + 2) * 4 : ((size_t)p[1] + 1) * 8;
		}
		ip->proto = p[0];
		if (!cursor_skip(&c, n))
			return false;
		if (ip->fragment) /* what follows is whole only with the other fragments */
			break;
	}
	ip->payload = span_of(c.p, cursor_left(&c));
	return true;
}

static bool read_udp(struct span s, struct packet *out)
{
	if (s.n < UDP_HEADER)
		return false;
	size_t n = load16(s.p + 4);

	out->key.sport = load16(s.p);
	out->key.dport = load16(s.p + 2);
	out->cut |= n > s.n;
	out->payload = span_skip(n >= UDP_HEADER ? span_head(s, n) : s, UDP_HEADER);
	return true;
}

static bool read_tcp(struct span s, struct packet *out)
{
	if (s.n < TCP_LEAST)
		return false;
	size_t head = (size_t)(s.p[12] >> 4) * 4;

	if (head < TCP_LEAST || head > s.n)
		return false;
	out->key.sport = load16(s.p);
	out->key.dport = load16(s.p + 2);
	out->seq = load32(s.p + 4);
	out->syn = s.p[13] & TCP_SYN;
	out->fin = s.p[13] & (TCP_FIN | TCP_RST);
	out->payload = span_skip(s, head);
	return true;
}

static bool whole(struct frags *frags, const struct packet *out, struct ip *ip)
{
	struct fragment g = {.src = out->key.src,
	    .dst = out->key.dst,
	    .id = ip->id,
	    .at = ip->at,
	    .proto = ip->proto,
	    .more = ip->more,
	    .data = ip->payload};

	return !ip->cut && frag_add(frags, &g, &ip->payload);
}

/* One IP packet; PACKET_NO_IP with *inner set: another one is in it. */
static enum packet_result read_ip(struct span net, struct frags *frags, struct packet *out, struct span *inner)
{
	struct ip ip;

	*inner = span_of(NULL, 0);
	if (net.n == 0 || !(net.p[0] >> 4 == 6 ? read_v6(net, out, &ip) : net.p[0] >> 4 == 4 && read_v4(net, out, &ip)))
		return PACKET_MALFORMED;
	out->key.proto = ip.proto;
	out->cut = ip.cut;
	if (ip.fragment) {
		if (!frags)
			return PACKET_OTHER;
		if (!whole(frags, out, &ip))
			return PACKET_WAITS;
	}
	if (tunnel_ip(ip.proto, ip.payload, inner))
		return PACKET_NO_IP;
	if (ip.proto != PACKET_UDP && ip.proto != PACKET_TCP)
		return PACKET_OTHER;
	if (!(ip.proto == PACKET_UDP ? read_udp(ip.payload, out) : read_tcp(ip.payload, out)))
		return PACKET_MALFORMED;
	if (ip.proto == PACKET_UDP && tunnel_udp(out->key.dport, out->payload, inner))
		return PACKET_NO_IP;
	*inner = span_of(NULL, 0);
	return PACKET_READ;
}

enum packet_result packet_read(const struct frame *f, struct frags *frags, struct packet *out)
{
	struct span net, inner;
	enum network kind = link_network(f->link, f->data, &net);

	if (kind != NETWORK_IP)
		return kind == NETWORK_NONE      ? PACKET_NO_IP
		       : kind == NETWORK_UNKNOWN ? PACKET_UNKNOWN_LINK
		                                 : PACKET_MALFORMED;
	memset(&out->key, 0, sizeof out->key);
	out->time_us = f->time_us;
	out->seq = 0;
	out->syn = out->fin = false;
	for (int depth = 0; depth < PACKET_DEPTH_MAX; depth++) {
		enum packet_result r = read_ip(net, frags, out, &inner);
		if (r != PACKET_NO_IP)
			return r;
		net = inner;
		out->key.sport = out->key.dport = 0;
	}
	return PACKET_MALFORMED;
}
