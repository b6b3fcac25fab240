/* SPDX-License-Identifier: ISC */
/* What media sends many of at once. A socket of its own, bound to one end of a pair of devices, takes them as segments of one datagram;
 * at the other end each loses what is behind it and leaves as from the port it names, which media wrote into `sends`. Nothing else
 * gets through, nothing that does not name the key of that media, and nothing whose source is not a media port of ours. */
#ifndef BPF_SEND_H
#define BPF_SEND_H

#include "datagram.h"
#include "handed.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct flow);
} sends SEC(".maps");

/* Lengths are of the outer datagram still; n: what its payload will be. */
static __always_inline int cut(struct __sk_buff *skb, const int family, __u16 n)
{
	const __u32 l4 = ETH_HLEN + (__u32)(family == 4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr));
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct iphdr *ip = data + ETH_HLEN;
	struct ipv6hdr *ip6 = data + ETH_HLEN;
	struct udphdr *udp = data + l4;

	if ((void *)(udp + 1) > end)
		return 0;
	__be16 len = bpf_htons((__u16)(n + sizeof *udp)), was = udp->len;
	if (family == 4)
		ip->tot_len = bpf_htons((__u16)(n + sizeof *ip + sizeof *udp));
	else {
		ip6->payload_len = len;
		ip6->nexthdr = IPPROTO_UDP;
	}
	udp->len = len;
	/* once in the pseudo-header, once in UDP's own */
	const __u32 check = l4 + (__u32) __builtin_offsetof(struct udphdr, check);
	return !bpf_l4_csum_replace(skb, check, was, len, BPF_F_MARK_MANGLED_0 | BPF_F_PSEUDO_HDR | sizeof len) &&
	       !bpf_l4_csum_replace(skb, check, was, len, BPF_F_MARK_MANGLED_0 | sizeof len);
}

static __always_inline int send_as(
    struct __sk_buff *skb, const int family, const struct datagram *d, const struct way *f, __u16 n)
{
	const __u32 l4 = ETH_HLEN + (__u32)(family == 4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr));

	if (!cut(skb, family, n) || !rewrite((void *)(long)skb->data, (void *)(long)skb->data_end, ETH_HLEN, family, f))
		return TC_ACT_SHOT;
	return leave_skb(skb, l4, family, d, f);
}

static __always_inline int sends_by(__u32 slot, __u8 *family, struct way *way)
{
	struct flow *f = bpf_map_lookup_elem(&sends, &slot);

	if (!f)
		return 0;
	const __u32 written = begin_reading(f);
	*family = f->family;
	copy_way(f, way);
	way->join = f->join;
	return !(written & 1) && stands(f, written);
}

static __always_inline int send_skb(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct send_trailer t;
	struct datagram d;
	struct way way;
	__u8 family;

	if (skb->gso_size || skb->protocol != bpf_htons(ETH_P_IP) || !is_whole(data, end, ETH_HLEN, 4, skb->len) ||
	    !read_datagram(data, end, ETH_HLEN, 4, &d) || d.at + d.n != skb->len || d.n <= sizeof t ||
	    bpf_skb_load_bytes(skb, skb->len - sizeof t, &t, sizeof t))
		return TC_ACT_SHOT;
	if (t.not_slot != ~t.slot || t.not_n != ~t.n || t.n > d.n - sizeof t || !t.n)
		return TC_ACT_SHOT;
	struct flow_tally *tally = bpf_map_lookup_elem(&tallies, &t.slot);
	if (!tally || !sends_by(t.slot, &family, &way) || !way.join || t.key != way.join || t.not_key != ~t.key ||
	    !from_ours(&site, &way, family) || bpf_skb_change_tail(skb, d.at + t.n, 0))
		return TC_ACT_SHOT;
	COUNT(tally, sent, 1);
	if (family == 4)
		return send_as(skb, 4, &d, &way, (__u16)t.n);
	return bpf_skb_change_proto(skb, bpf_htons(ETH_P_IPV6), 0) ? TC_ACT_SHOT
	                                                           : send_as(skb, 6, &d, &way, (__u16)t.n);
}

SEC("tc")
int send_tc(struct __sk_buff *skb)
{
	if ((void *)(long)skb->data + HEAD > (void *)(long)skb->data_end)
		bpf_skb_pull_data(skb, skb->len < HEAD ? skb->len : HEAD);
	return send_skb(skb);
}

#endif
