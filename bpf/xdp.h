/* SPDX-License-Identifier: ISC */
/* The relay at XDP: frames are taken before the stack sees them. What it can't send itself it leaves to tc, with nothing counted. */
#ifndef BPF_XDP_H
#define BPF_XDP_H

#include "hand.h"
#include "usual.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, FLOW_WIRES_MAX);
	__type(key, struct flow_arrival);
	__type(value, __u32);
} arrivals SEC(".maps");

static __always_inline long load_xdp(void *ctx, __u32 offset, void *to, __u32 n)
{
	return bpf_xdp_load_bytes(ctx, offset, to, n);
}

static __always_inline int unfinished(void *data, void *end, const __u32 l3, const int family)
{
	struct udphdr *udp = data + l3 + (family == 4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr));
	struct datagram whole, *d = &whole;

	return !read_datagram(data, end, l3, family, d) || sum_is_unfinished(udp, d);
}

/* --- leaving --- */

static __always_inline int put_ethernet(struct xdp_md *ctx, const struct flow_hop *hop, const __u32 tags, __be16 type)
{
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (data + ETH_HLEN + tags * TAG_LEN > end)
		return 0;
	__builtin_memcpy(data, hop->ethernet, sizeof hop->ethernet);
	for (__u32 i = 0; i < tags; i++) {
		*(__be16 *)(data + 12 + i * TAG_LEN) = hop->wire.tag[i].protocol;
		*(__be16 *)(data + 14 + i * TAG_LEN) = bpf_htons(hop->wire.tag[i].vlan);
	}
	*(__be16 *)(data + 12 + tags * TAG_LEN) = type;
	return 1;
}

/* had: tags of the frame as it came */
static __always_inline int leave_xdp(struct xdp_md *ctx, const struct flow_hop *hop, const __u32 had, __be16 type)
{
	__u32 tags = !hop->wire.tag[0].protocol ? 0 : !hop->wire.tag[1].protocol ? 1 : 2;
	int there;

	if (tags != had && bpf_xdp_adjust_head(ctx, ((int)had - (int)tags) * TAG_LEN) != 0)
		return XDP_DROP;
	if (tags == 0)
		there = put_ethernet(ctx, hop, 0, type);
	else
		there = tags == 1 ? put_ethernet(ctx, hop, 1, type) : put_ethernet(ctx, hop, 2, type);
	if (!there)
		return XDP_DROP;
	/* XDP_TX into a veth wakes the far end only where that has a program of its own */
	return hop->wire.redirects ? (int)bpf_redirect(hop->wire.interface, 0) : XDP_TX;
}

static __always_inline int knows_way(const struct xdp_md *ctx, __u32 written, const struct flow_hop *hop, __u64 now)
{
	return now < hop->until_ns && hop->written == written &&
	       (hop->wire.redirects || hop->wire.interface == ctx->ingress_ifindex);
}

/* --- arriving --- */

/* arrived: the interface of the tags, if there are any */
static __always_inline verdict gate(struct xdp_md *ctx, const __u32 tags, const int family, const struct flow *f,
    struct flow_tally *t, __u64 now, __u32 arrived)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	const __u32 l3 = ETH_HLEN + tags * TAG_LEN;
	const verdict v = judge(ctx, load_xdp, data, end, l3, family, tags ? arrived : ctx->ingress_ifindex, f, t, now);

	if (fate_of(v) == RELAY && (!knows_way(ctx, written_of(v), &t->hop, now) || unfinished(data, end, l3, family)))
		return UP;
	return admitted(v, t, now);
}

typedef verdict gate_function(struct xdp_md *ctx, const struct flow *f, struct flow_tally *t, __u64 now, __u32 arrived);

static __always_inline int relay_frame(
    struct xdp_md *ctx, gate_function *the_gate, const __u32 tags, const int family, __u32 arrived)
{
	const __u32 l3 = ETH_HLEN + tags * TAG_LEN,
		    l4 = l3 + (__u32)(family == 4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr));
	struct datagram d;
	struct way way;
	const struct flow_site *s = the_site();
	__u32 slot;

	if (s->bans && shut_out((void *)(long)ctx->data, (void *)(long)ctx->data_end, l3, family, s))
		return XDP_DROP;
	const __u32 frame = (__u32)bpf_xdp_get_buff_len(ctx);
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct udphdr *udp = data + l4;
	if (!is_whole(data, end, l3, family, frame) || !for_media(s, bpf_ntohs(udp->dest)))
		return XDP_PASS;
	slot = bpf_ntohs(udp->dest) - s->lo;
	struct flow *f = bpf_map_lookup_elem(&flows, &slot);
	struct flow_tally *t = bpf_map_lookup_elem(&tallies, &slot);
	if (!f || !t)
		return XDP_PASS;
	const verdict v = the_gate(ctx, f, t, bpf_ktime_get_coarse_ns(), arrived);
	if (fate_of(v) == DROP)
		return XDP_DROP;
	if (fate_of(v) == UP || !take_way(f, v, &way))
		return XDP_PASS;
	if (fate_of(v) != HAND && !from_ours(s, &way, family))
		return XDP_DROP;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	udp = data + l4;
	if (!read_datagram(data, end, l3, family, &d))
		return XDP_PASS;
	if (fate_of(v) == HAND)
		return hand_up(ctx, load_xdp, &d, &way, slot, t) ? XDP_DROP : XDP_PASS;
	if (fate_of(v) == RELAY) {
		sum_anew(udp, &d, &way, family);
		if (!rewrite(data, end, l3, family, &way))
			return XDP_DROP;
	}
	if (!count(v, &way, t, (__u8 *)(udp + 1), end))
		return XDP_DROP;
	return leave_xdp(ctx, &t->hop, tags, bpf_htons(family == 4 ? ETH_P_IP : ETH_P_IPV6));
}

/* A function has all registers for itself, and nobody's stack. */
#define FRAME(tags, family)                                                                           \
	static __noinline verdict gate_##tags##_##family(                                             \
	    struct xdp_md *ctx, const struct flow *f, struct flow_tally *t, __u64 now, __u32 arrived) \
	{                                                                                             \
		return gate(ctx, tags, family, f, t, now, arrived);                                   \
	}                                                                                             \
	static __noinline int relay_frame_##tags##_##family(struct xdp_md *ctx, __u32 arrived)        \
	{                                                                                             \
		return relay_frame(ctx, gate_##tags##_##family, tags, family, arrived);               \
	}

FRAME(0, 4)
FRAME(0, 6)
FRAME(1, 4)
FRAME(1, 6)
FRAME(2, 4)
FRAME(2, 6)

#define RELAY(inlined, tags, family)                                                  \
	static inlined int relay_##tags##_##family(struct xdp_md *ctx, __u32 arrived) \
	{                                                                             \
		int verdict;                                                          \
		return relay_usual(ctx, tags, family, arrived, &verdict)              \
		           ? verdict                                                  \
		           : relay_frame_##tags##_##family(ctx, arrived);             \
	}

RELAY(__always_inline, 0, 4)
RELAY(__noinline, 0, 6)
RELAY(__noinline, 1, 4)
RELAY(__noinline, 1, 6)
RELAY(__noinline, 2, 4)
RELAY(__noinline, 2, 6)

static __always_inline int is_tag(__be16 type)
{
	return type == bpf_htons(ETH_P_8021Q) || type == bpf_htons(ETH_P_8021AD);
}

/* A struct flow_tag. */
static __always_inline __u64 tag_of(__be16 protocol, __be16 control)
{
	return protocol | (bpf_ntohs(control) & 0xfffu) << 16;
}

static __always_inline int relay_tagged(struct xdp_md *ctx)
{
	const __be16 *type = (void *)(long)ctx->data + 12, *end = (void *)(long)ctx->data_end;
	/* A struct flow_arrival, in words: Linux 6.1 lets nobody write to a part of one whose lower half it has followed. */
	__u64 arrival[2] = {0};
	_Static_assert(sizeof(struct flow_arrival) == 12, "an interface, two tags");

	if (type + 3 > end)
		return XDP_PASS;
	arrival[0] = ctx->ingress_ifindex | tag_of(type[0], type[1]) << 32;
	__be16 inner = type[2];
	const int two = is_tag(inner);
	if (two) {
		if (type + 5 > end)
			return XDP_PASS;
		arrival[1] = tag_of(inner, type[3]);
		inner = type[4];
	}
	__u32 *interface = bpf_map_lookup_elem(&arrivals, arrival);
	if (!interface)
		return XDP_PASS;
	if (inner == bpf_htons(ETH_P_IP))
		return two ? relay_2_4(ctx, *interface) : relay_1_4(ctx, *interface);
	if (inner == bpf_htons(ETH_P_IPV6))
		return two ? relay_2_6(ctx, *interface) : relay_1_6(ctx, *interface);
	return XDP_PASS;
}

static __noinline int relay_other(struct xdp_md *ctx)
{
	const __be16 *type = (void *)(long)ctx->data + 12;

	if ((void *)(type + 1) > (void *)(long)ctx->data_end)
		return XDP_PASS;
	if (*type == bpf_htons(ETH_P_IPV6))
		return relay_0_6(ctx, 0);
	return is_tag(*type) ? relay_tagged(ctx) : XDP_PASS;
}

SEC("xdp")
int relay_xdp(struct xdp_md *ctx)
{
	const __be16 *type = (void *)(long)ctx->data + 12;

	if ((void *)(type + 1) <= (void *)(long)ctx->data_end && *type == bpf_htons(ETH_P_IP))
		return relay_0_4(ctx, 0);
	return relay_other(ctx);
}

#endif
