/* SPDX-License-Identifier: ISC */
/* The relay in the kernel: what media would pass on is passed on here, what it would drop is dropped and counted here, and what
 * it must see (STUN, DTLS, ZRTP, a port that may be learned) goes up to it. XDP does it where it can (xdp.h); tc does it elsewhere, and
 * for XDP the packets whose way out is not known. */
#include "hand.h"
#include "xdp.h"
#include <linux/pkt_cls.h>

enum { FAMILY_4 = 2, FAMILY_6 = 10 }; /* AF_INET, AF_INET6 */

enum { HEAD = 14 + 40 + 8 + 12 }; /* what is read in place */

static __always_inline long load_skb(void *ctx, __u32 offset, void *to, __u32 n)
{
	return bpf_skb_load_bytes(ctx, offset, to, n);
}

static __always_inline int leave_skb(
    struct __sk_buff *skb, const __u32 l4, const struct datagram *d, const struct way *f)
{
	const __u32 check = l4 + (__u32) __builtin_offsetof(struct udphdr, check);
	struct bpf_redir_neigh next = {.nh_family = f->next_family == 4 ? FAMILY_4 : FAMILY_6};

	/* its tag was of the way here, if only for a priority (VLAN 0), which the stack takes off what it receives */
	if (skb->vlan_present && bpf_skb_vlan_pop(skb))
		return TC_ACT_SHOT;
	/* the addresses are of the pseudo-header, which a checksum that is still to be made holds already */
	if (bpf_l4_csum_replace(skb, check, 0, address_change(d, f), BPF_F_MARK_MANGLED_0 | BPF_F_PSEUDO_HDR) ||
	    bpf_l4_csum_replace(skb, check, 0, port_change(d, f), BPF_F_MARK_MANGLED_0))
		return TC_ACT_SHOT;
	if (f->next_family == 4)
		next.ipv4_nh = (__be32)(f->next.half[1] >> 32);
	else
		__builtin_memcpy(next.ipv6_nh, &f->next, sizeof f->next);
	return (int)bpf_redirect_neigh(f->interface, &next, sizeof next, 0);
}

/* XDP will want the way that the stack finds. */
static __always_inline void ask_hop(
    struct __sk_buff *skb, const struct flow_site *s, const struct way *f, struct flow_tally *t)
{
	struct flow_hop *hop = &t->hop;

	if (hop->interface != f->interface || !same(&hop->next, &f->next)) {
		hop->until_ns = 0;
		hop->interface = f->interface;
		hop->next = f->next;
	}
	skb->mark = (s->handle & 0xffff0000) | (f->slot & 0xffff);
}

static __always_inline int relay_skb(struct __sk_buff *skb, const int family)
{
	const __u32 l3 = ETH_HLEN, l4 = l3 + (__u32)(family == 4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr));
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct datagram d = {0};
	struct way way;
	struct flow_tally *t = NULL;

	struct flow_site *s = the_site();
	__u64 now = bpf_ktime_get_coarse_ns();
	if (!s)
		return TC_ACT_UNSPEC;
	if (s->bans && shut_out(data, end, l3, family, s))
		return TC_ACT_SHOT;
	if (skb->gso_size || !read_ip(data, end, l3, family, &d) || !fits(&d, skb->len) ||
	    !for_media(s, bpf_ntohs(d.to.port)))
		return TC_ACT_UNSPEC;
	d.to.interface = skb->ifindex;
	d.to.vlan = skb->vlan_present ? (__u16)(skb->vlan_tci & 0xfff) : 0;
	const __u8 *payload = data + l4 + sizeof(struct udphdr);
	enum fate fate = judge(skb, load_skb, payload, end, &d, s, now, &way, &t);
	if (fate == HAND)
		return hand_up(skb, load_skb, &d, &way, t, now) ? TC_ACT_STOLEN : TC_ACT_UNSPEC;
	if (fate == RELAY)
		fate = policed(s, &way, t, &d, payload, end, now);
	if (fate != RELAY)
		return fate == UP ? TC_ACT_UNSPEC : TC_ACT_SHOT;
	if (!rewrite(data, end, l3, family, &way))
		return TC_ACT_SHOT;
	if (s->hops)
		ask_hop(skb, s, &way, t);
	return leave_skb(skb, l4, &d, &way);
}

static __noinline int relay_skb_4(struct __sk_buff *skb)
{
	return relay_skb(skb, 4);
}

static __noinline int relay_skb_6(struct __sk_buff *skb)
{
	return relay_skb(skb, 6);
}

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

/* At the egress, where XDP is in use: what the stack wrote before a packet that tc sent on. */
SEC("tc")
int relay_left(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	__u32 slot = skb->mark & 0xffff, interface = skb->ifindex;

	struct flow_site *s = the_site();
	if (!s || !s->handle || skb->mark >> 16 != s->handle >> 16)
		return TC_ACT_UNSPEC;
	skb->mark = 0;
	struct flow_tally *t = bpf_map_lookup_elem(&tallies, &slot);
	struct flow_wire *wire = bpf_map_lookup_elem(&wires, &interface);
	if (!t || !wire || t->hop.interface != interface || data + ETH_HLEN > end)
		return TC_ACT_UNSPEC;
	__builtin_memcpy(t->hop.ethernet, data, sizeof t->hop.ethernet);
	t->hop.wire = *wire;
	t->hop.until_ns = bpf_ktime_get_coarse_ns() + FLOW_HOP_NS;
	return TC_ACT_UNSPEC;
}

#include "send.h"

/* some helpers are for programs that say so; the source is ISC all the same */
char licence[] SEC("license") = "Dual BSD/GPL";
