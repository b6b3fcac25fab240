/* SPDX-License-Identifier: ISC */
/* The way of nearly every packet at XDP: RTP of a plain header, from the phone that the flow names, over a way that is known and has as
 * many tags. It has no rule of its own: what is not so is left to relay_frame(), with nothing counted, or passed on where that would.
 * Without CAP_PERFMON a value that is put on the stack costs as much as a call, and a call as much as thirty instructions: so maps are
 * looked up again and the frame is read again rather than kept, and nothing is called but what only the kernel knows. */
#ifndef BPF_USUAL_H
#define BPF_USUAL_H

#include "judge.h"

/* The coarse clock moves with the kernel's ticks, and the number of those is a load. */
struct tick {
	__u64 number, now_ns;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tick);
} ticks SEC(".maps");

enum { NOT_USUAL = -1 };

#define USUALLY(x) __builtin_expect(!!(x), 1)

static __always_inline __u64 now_by(struct tick *t)
{
	const __u64 number = bpf_jiffies64();

	if (!USUALLY(t->number == number)) {
		t->now_ns = bpf_ktime_get_coarse_ns();
		asm volatile("" : : : "memory");
		t->number = number;
	}
	return t->now_ns;
}

/* In the upper half of a word of the stack: what is put in the lower one would be followed as a register's, at another barrier. */
struct key {
	__u32 unused, slot;
} __attribute__((aligned(8)));

/* Its address is made anew rather than kept. */
static __always_inline __u32 *slot_of(struct key *key)
{
	asm volatile("" : "+r"(key));
	return &key->slot;
}

/* From whom the flow says, to where it says. */
static __always_inline int is_of(void *data, const __u32 l3, const int family, const struct flow *f)
{
	struct datagram d;

	take_datagram(data, l3, family, &d);
	return same(&d.to, &f->ip) && same(&d.from, &f->from) && f->from_port == d.from_port;
}

/* Of RTP without extension or contributing sources, of a shape that the flow takes: its kind of frame. */
static __always_inline __u8 plain_frame(struct udphdr *udp, const struct flow *f)
{
	const __u8 *rtp = (const __u8 *)(udp + 1);
	const __u32 n = bpf_ntohs(udp->len) - (__u32)sizeof *udp;

	if ((f->takes & (FLOW_TAKES_RTP | FLOW_ENDS)) != FLOW_TAKES_RTP || (rtp[0] & 0xdf) != 0x80 || is_rtcp(rtp[1]) ||
	    n <= RTP_HEADER_LEN)
		return FLOW_FRAME_NONE;
	const __u8 frame = frame_of(f, rtp[1]);
	return shape_ok(n - RTP_HEADER_LEN, frame, f->tag_len) ? frame : FLOW_FRAME_NONE;
}

static __always_inline int is_unfinished(void *data, const __u32 l3, const int family)
{
	struct udphdr *udp = data + l3 + (family == 4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr));
	struct datagram d;

	take_datagram(data, l3, family, &d);
	return sum_is_unfinished(udp, &d);
}

static __always_inline int tags_are(const struct flow_hop *hop, const __u32 tags)
{
	if (tags == 2)
		return hop->wire.tag[0].protocol && hop->wire.tag[1].protocol;
	return !hop->wire.tag[tags].protocol && (tags == 0 || hop->wire.tag[0].protocol);
}

static __always_inline void write_ethernet(__u8 *data, const struct flow_hop *hop, const __u32 tags)
{
	__builtin_memcpy(data, hop->ethernet, sizeof hop->ethernet);
	for (__u32 i = 0; i < tags; i++) {
		*(__be16 *)(data + 12 + i * TAG_LEN) = hop->wire.tag[i].protocol;
		*(__be16 *)(data + 14 + i * TAG_LEN) = bpf_htons(hop->wire.tag[i].vlan);
	}
}

static __always_inline void copy_addresses(const struct flow *f, const int family, struct way *out)
{
	if (family == 4) {
		mapped(&out->to, ((const __be32 *)&f->to)[3]);
		mapped(&out->source, ((const __be32 *)&f->source)[3]);
	} else {
		out->to = f->to;
		out->source = f->source;
	}
}

/* from_port, to_port and source_port of a flow, in one register as long as it can be. */
union ports {
	__u64 word;
	__u16 port[4];
};

static __noinline int see_arrival(struct flow_tally *t, enum stream_look look, __u32 timestamp, __u32 tick_ns)
{
	stream_arrived(&t->stream, look, timestamp, tick_ns, bpf_ktime_get_ns());
	return 0;
}

/* What is read of it in place. */
static __always_inline int is_there(void *data, void *end, const __u32 l4)
{
	return data + l4 + sizeof(struct udphdr) + RTP_HEADER_LEN <= end;
}

/* 0: the key is that of its port; what else is to become of it. */
static __always_inline int find_slot(
    struct xdp_md *ctx, const __u32 l3, const __u32 l4, const int family, const struct flow_site *s, struct key *key)
{
	const __u32 len = (__u32)bpf_xdp_get_buff_len(ctx);
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (!is_there(data, end, l4))
		return NOT_USUAL;
	if (!is_whole(data, end, l3, family, len))
		return XDP_PASS;
	const __u16 port = bpf_ntohs(((struct udphdr *)(data + l4))->dest);
	if (!for_media(s, port))
		return XDP_PASS;
	key->slot = port - s->lo;
	return 0;
}

static __always_inline int relay_usual(struct xdp_md *ctx, const __u32 tags, const int family, __u32 arrived)
{
	const __u32 l3 = ETH_HLEN + tags * TAG_LEN,
		    l4 = l3 + (__u32)(family == 4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr));
	struct key key;

	key.slot = 0;
	struct flow_site *s = bpf_map_lookup_elem(&site, slot_of(&key));
	if (!s)
		return NOT_USUAL;
	if (s->bans && shut_out((void *)(long)ctx->data, (void *)(long)ctx->data_end, l3, family, s))
		return XDP_DROP;
	const int elsewhere = find_slot(ctx, l3, l4, family, s, &key);
	if (elsewhere)
		return elsewhere;
	struct flow_tally *t = bpf_map_lookup_elem(&tallies, slot_of(&key));
	if (!t)
		return NOT_USUAL;
	struct flow *f = bpf_map_lookup_elem(&flows, slot_of(&key));
	if (!f)
		return NOT_USUAL;
	key.slot = 0;
	struct tick *tick = bpf_map_lookup_elem(&ticks, slot_of(&key));
	if (!tick)
		return NOT_USUAL;
	__u64 now = now_by(tick);
	const struct flow_hop *hop = &t->hop;
	const __u32 written = begin_reading(f);
	if (written & 1 || hop->written != written || f->deadline_ns < now || now < f->opens_ns || now >= hop->until_ns)
		return NOT_USUAL;
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	if (!is_there(data, end, l4) || f->iif != (tags ? arrived : ctx->ingress_ifindex) ||
	    !(hop->wire.redirects || hop->wire.interface == ctx->ingress_ifindex) || !tags_are(hop, tags) ||
	    !is_of(data, l3, family, f) || is_unfinished(data, l3, family))
		return NOT_USUAL;
	if (plain_frame(data + l4, f) == FLOW_FRAME_NONE)
		return NOT_USUAL;
	/* looked up again, rather than kept */
	tick = bpf_map_lookup_elem(&ticks, slot_of(&key));
	if (!tick || !bucket_ok(t, tick->now_ns))
		return NOT_USUAL;
	s = bpf_map_lookup_elem(&site, slot_of(&key));
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (!s || !is_there(data, end, l4))
		return XDP_PASS;

	struct udphdr *udp = data + l4;
	struct way way;
	copy_addresses(f, family, &way);
	union ports ports;
	__builtin_memcpy(&ports.word, &f->from_port, sizeof ports.word);
	const __u8 frame = frame_of(f, ((__u8 *)(udp + 1))[1]);
	if (!stands(f, written))
		return XDP_PASS;
	asm volatile("" : "+r"(ports.word));
	way.to_port = ports.port[1];
	way.source_port = ports.port[2];
	if (!from_ours(s, &way, family))
		return XDP_DROP;
	struct datagram d;
	take_datagram(data, l3, family, &d);
	sum_anew(udp, &d, &way, family);
	asm volatile("" : : : "memory");
	write_way(data, l3, family, &way);
	if (frame == FLOW_FRAME_OPUS)
		see_opus(t, (__u16)(bpf_ntohs(udp->len) - sizeof *udp - RTP_HEADER_LEN));
	write_ethernet(data, hop, tags);
	const __u8 *rtp = (const __u8 *)(udp + 1);
	const __be32 *word = (const __be32 *)rtp;
	const enum stream_look look = stream_take(&t->stream, bpf_ntohl(word[2]), bpf_ntohs(((const __be16 *)rtp)[1]));
	if (!USUALLY(look == STREAM_NOT))
		see_arrival(t, look, bpf_ntohl(word[1]), stream_tick_ns(frame));
	COUNT(t, passed, 1);
	return hop->wire.redirects ? (int)bpf_redirect(hop->wire.interface, 0) : XDP_TX;
}

#endif
