/* SPDX-License-Identifier: ISC */
/* The relay in the kernel: what media would pass on is passed on here, what it would drop is dropped and counted here, and what
 * it must see (STUN, DTLS, ZRTP, a port that may be learned) goes up to it. XDP does it where it can (xdp.h); tc does it elsewhere, and
 * for XDP the packets whose way out is not known. */
#include "hand.h"
#include "xdp.h"
#include <linux/pkt_cls.h>

enum { FAMILY_4 = 2, FAMILY_6 = 10 }; /* AF_INET, AF_INET6 */

enum { VLAN_NUMBER = 0xfff }; /* without its priority */

enum { HEAD = 14 + 40 + 8 + 12 }; /* what is read in place */

static __always_inline long load_skb(void *ctx, __u32 offset, void *to, __u32 n)
{
	return bpf_skb_load_bytes(ctx, offset, to, n);
}

static __always_inline int leave_skb(
    struct __sk_buff *skb, const __u32 l4, const int family, const struct datagram *d, const struct way *f)
{
	const __u32 check = l4 + (__u32) __builtin_offsetof(struct udphdr, check);
	/* a struct bpf_redir_neigh, in words (xdp.h, relay_tagged()) */
	__u64 next[3] = {0};

	/* its tag was of the way here, if only for a priority (VLAN 0), which the stack takes off what it receives */
	if (skb->vlan_present && bpf_skb_vlan_pop(skb))
		return TC_ACT_SHOT;
	/* the addresses are of the pseudo-header, which a checksum that is still to be made holds already */
	if (bpf_l4_csum_replace(skb, check, 0, address_change(d, f, family), BPF_F_MARK_MANGLED_0 | BPF_F_PSEUDO_HDR) ||
	    bpf_l4_csum_replace(skb, check, 0, port_change(d, f), BPF_F_MARK_MANGLED_0))
		return TC_ACT_SHOT;
	if (f->next_family == 4)
		next[0] = FAMILY_4 | f->next.half[1] >> 32 << 32;
	else {
		next[0] = FAMILY_6 | f->next.half[0] << 32;
		next[1] = f->next.half[0] >> 32 | f->next.half[1] << 32;
		next[2] = f->next.half[1] >> 32;
	}
	return (int)bpf_redirect_neigh(f->oif, (struct bpf_redir_neigh *)next, sizeof(struct bpf_redir_neigh), 0);
}

/* XDP will want the way that the stack finds. */
static __always_inline void ask_hop(
    struct __sk_buff *skb, const struct flow_site *s, const struct way *f, __u32 slot, struct flow_tally *t)
{
	struct flow_hop *hop = &t->hop;

	if (hop->written != f->written) {
		hop->until_ns = 0;
		hop->interface = f->oif;
		hop->written = f->written;
	}
	skb->mark = (s->handle & 0xffff0000) | (slot & 0xffff);
}

typedef verdict gate_function_skb(struct __sk_buff *skb, const struct flow *f, struct flow_tally *t, __u64 now);

static __always_inline int relay_skb(struct __sk_buff *skb, gate_function_skb *gate, const int family)
{
	const __u32 l3 = ETH_HLEN, l4 = l3 + (__u32)(family == 4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr));
	struct datagram d;
	struct way way;
	const struct flow_site *s = the_site();
	__u32 slot;

	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct udphdr *udp = data + l4;
	if (s->bans && shut_out(data, end, l3, family, s))
		return TC_ACT_SHOT;
	if (skb->gso_size || !is_whole(data, end, l3, family, skb->len) || !for_media(s, bpf_ntohs(udp->dest)) ||
	    (skb->vlan_present && skb->vlan_tci & VLAN_NUMBER))
		return TC_ACT_UNSPEC;
	slot = bpf_ntohs(udp->dest) - s->lo;
	struct flow *f = bpf_map_lookup_elem(&flows, &slot);
	struct flow_tally *t = bpf_map_lookup_elem(&tallies, &slot);
	__u64 now = bpf_ktime_get_coarse_ns();
	if (!f || !t)
		return TC_ACT_UNSPEC;
	const verdict v = gate(skb, f, t, now);
	if (fate_of(v) == DROP)
		return TC_ACT_SHOT;
	if (fate_of(v) == UP || !take_way(f, v, &way))
		return TC_ACT_UNSPEC;
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	if (!read_datagram(data, end, l3, family, &d))
		return TC_ACT_UNSPEC;
	if (fate_of(v) == HAND)
		return hand_up(skb, load_skb, &d, &way, slot, t) ? TC_ACT_STOLEN : TC_ACT_UNSPEC;
	if (!from_ours(s, &way, family))
		return TC_ACT_SHOT;
	if (!count(v, &way, t, data + l4 + sizeof(struct udphdr), end))
		return TC_ACT_SHOT;
	if (!rewrite(data, end, l3, family, &way))
		return TC_ACT_SHOT;
	if (s->hops)
		ask_hop(skb, s, &way, slot, t);
	return leave_skb(skb, l4, family, &d, &way);
}

#define SKB(family)                                                                                                  \
	static __noinline verdict gate_skb_##family(                                                                 \
	    struct __sk_buff *skb, const struct flow *f, struct flow_tally *t, __u64 now)                            \
	{                                                                                                            \
		return admitted(judge(skb, load_skb, (void *)(long)skb->data, (void *)(long)skb->data_end, ETH_HLEN, \
				    family, skb->ifindex, f, t, now),                                                \
		    t, now);                                                                                         \
	}                                                                                                            \
	static __noinline int relay_skb_##family(struct __sk_buff *skb)                                              \
	{                                                                                                            \
		return relay_skb(skb, gate_skb_##family, family);                                                    \
	}

SKB(4)
SKB(6)

/* UNSPEC: what is not for us goes to the next filter, if there is one */
SEC("tc")
int relay_tc(struct __sk_buff *skb)
{
	if ((void *)(long)skb->data + HEAD > (void *)(long)skb->data_end)
		bpf_skb_pull_data(skb, skb->len < HEAD ? skb->len : HEAD);
	if (skb->protocol == bpf_htons(ETH_P_IP))
		return relay_skb_4(skb);
	return skb->protocol == bpf_htons(ETH_P_IPV6) ? relay_skb_6(skb) : TC_ACT_UNSPEC;
}

/* Is it of the flow as it is written now? A packet may have waited for the neighbour of another that the flow went to before. */
static __always_inline int goes_by(struct __sk_buff *skb, const struct flow *f, const int family)
{
	struct datagram d;

	return read_datagram((void *)(long)skb->data, (void *)(long)skb->data_end, ETH_HLEN, family, &d) &&
	       same(&d.to, &f->to) && d.to_port == f->to_port && same(&d.from, &f->source) &&
	       d.from_port == f->source_port;
}

/* At the egress, where XDP is in use: what the stack wrote before a packet that tc sent on. */
SEC("tc")
int relay_left(struct __sk_buff *skb)
{
	__u32 slot = skb->mark & 0xffff, interface = skb->ifindex;

	if (!site.handle || skb->mark >> 16 != site.handle >> 16)
		return TC_ACT_UNSPEC;
	skb->mark = 0;
	struct flow *f = bpf_map_lookup_elem(&flows, &slot);
	struct flow_tally *t = bpf_map_lookup_elem(&tallies, &slot);
	struct flow_wire *wire = bpf_map_lookup_elem(&wires, &interface);
	if (!f || !t || !wire || t->hop.interface != interface)
		return TC_ACT_UNSPEC;
	const __u32 written = begin_reading(f);
	if (written & 1 || t->hop.written != written ||
	    !(skb->protocol == bpf_htons(ETH_P_IPV6) ? goes_by(skb, f, 6) : goes_by(skb, f, 4)) || !stands(f, written))
		return TC_ACT_UNSPEC;
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	if (data + ETH_HLEN > end)
		return TC_ACT_UNSPEC;
	t->hop.until_ns = 0;
	asm volatile("" : : : "memory");
	__builtin_memcpy(t->hop.ethernet, data, sizeof t->hop.ethernet);
	t->hop.wire = *wire;
	sum_flow(f, bpf_htons((__u16)(site.lo + slot)), &t->hop.sums);
	t->hop.summed = written;
	if (!stands(f, written)) /* or it is another's by now */
		return TC_ACT_UNSPEC;
	t->hop.until_ns = bpf_ktime_get_coarse_ns() + FLOW_HOP_NS;
	return TC_ACT_UNSPEC;
}

#include "send.h"

/* some helpers are for programs that say so; the source is ISC all the same */
char licence[] SEC("license") = "Dual BSD/GPL";
