/* SPDX-License-Identifier: ISC */
/* The way of nearly every packet at XDP: RTP of a plain header, from the phone that the flow names, over a way that is known and has as
 * many tags. It has no rule of its own: what is not so is left to relay_frame(), with nothing counted, or passed on where that would.
 * Without CAP_PERFMON a value that is put on the stack costs as much as a call, and a call as much as thirty instructions. So nothing is put
 * there (test/unit/kernel_test.c looks): what is not at hand is read or made again rather than kept. And nothing is called but what only the
 * kernel knows. */
#ifndef BPF_USUAL_H
#define BPF_USUAL_H

#include "judge.h"

/* The coarse clock moves with the kernel's ticks, and the number of those is a load, where a look at the clock is a call. Any CPU that sees
 * another number writes both, what the clock says first. Two of them at once may leave the time of an earlier tick for the length of one:
 * so late a flow may begin or end. */
struct {
	__u64 number, now_ns;
} tick SEC(".data.tick");

#define USUALLY(x) __builtin_expect(!!(x), 1)

static __noinline int see_tick(void)
{
	const __u64 number = bpf_jiffies64();

	tick.now_ns = bpf_ktime_get_coarse_ns();
	AS_WRITTEN;
	*(volatile __u64 *)&tick.number = number;
	return 0;
}

static __always_inline void follow_tick(void)
{
	if (!USUALLY(*(const volatile __u64 *)&tick.number == bpf_jiffies64()))
		see_tick();
	AS_WRITTEN;
}

static __always_inline __u64 now_by_tick(void)
{
	return *(const volatile __u64 *)&tick.now_ns;
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

/* Of two that are folded. */
static __always_inline __u16 sum_of(__u32 a, __u32 b)
{
	const __u32 sum = a + b;

	return (__u16)(sum + (sum >> 16));
}

/* As sum_is_unfinished(), sum_anew() and write_way(), by sums that are known. Where the flow is written and tc shows its new way between the
 * look at the one and the use of the other, this packet goes with a wrong checksum or to the wrong neighbour, and is lost. */
static __always_inline int is_unfinished(const struct udphdr *udp, const struct flow_sums *known)
{
	return udp->check == sum_of(known->pseudo, udp->len);
}

static __always_inline void change_sum(struct udphdr *udp, const struct flow_sums *known)
{
	if (!udp->check)
		return;
	const __u16 sum = (__u16)~sum_of((__u16)~udp->check, known->change);
	udp->check = sum ? sum : 0xffff;
}

static __always_inline void write_header(
    void *data, const __u32 l3, const int family, const struct way *f, const struct flow_sums *known)
{
	struct iphdr *ip = data + l3;
	struct ipv6hdr *ip6 = data + l3;
	__be32 *word = data + l3;

	if (family == 4) {
		const __be16 len = ip->tot_len;
		word[0] = HEAD_FIRST | (word[0] & bpf_htonl(0xffff));
		word[1] = HEAD_PART;
		word[2] = HEAD_LIFE;
		ip->check = (__u16)~sum_of(known->header, len);
		word[3] = (__be32)(f->source.half[1] >> 32);
		word[4] = (__be32)(f->to.half[1] >> 32);
	} else {
		word[0] = bpf_htonl(0x60000000);
		ip6->hop_limit = FLOW_HOPS;
		__builtin_memcpy(&ip6->saddr, &f->source, sizeof f->source);
		__builtin_memcpy(&ip6->daddr, &f->to, sizeof f->to);
	}
}

static __always_inline int tags_are(const struct flow_hop *hop, const __u32 tags)
{
	if (tags == 2)
		return hop->wire.tag[0].protocol && hop->wire.tag[1].protocol;
	return !hop->wire.tag[tags].protocol && (tags == 0 || hop->wire.tag[0].protocol);
}

static __always_inline void write_ethernet(__u8 *data, const struct flow_hop *hop, const __u32 tags)
{
	const __u32 *from = (const __u32 *)hop->ethernet;
	__u32 *word = (__u32 *)data;

	word[0] = from[0]; /* as octets they would be copied one by one */
	word[1] = from[1];
	word[2] = from[2];
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
		asm volatile("" : "+r"(out->source.half[1])); /* the whole is kept, and not its part too */
	} else {
		out->to = f->to;
		out->source = f->source;
	}
}

/* from_port, to_port and source_port of a flow, in one register. */
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

/* What is made of it is made anew each time rather than kept. */
#define ANEW(pointer)                        \
	({                                   \
		void *it = (pointer);        \
		asm volatile("" : "+r"(it)); \
		it;                          \
	})

/* Of a port: NULL, and nothing in `t`, where there is none. The key of a look-up must lie in memory. On the stack it would wait for the
 * barrier; so it lies, for as long as they take, in a word of the header that is written anew before the frame leaves. */
static __always_inline struct flow *look_up(
    void *data, const __u32 l3, const int family, __u32 slot, struct flow_tally **t)
{
	__u32 *word = (__u32 *)(data + l3) + (family == 4);
	const __u32 was = *word;

	*word = slot;
	*t = bpf_map_lookup_elem(&tallies, (__u32 *)(ANEW(data) + l3) + (family == 4));
	struct flow *f = bpf_map_lookup_elem(&flows, (__u32 *)(ANEW(data) + l3) + (family == 4));
	*((__u32 *)(data + l3) + (family == 4)) = was;
	return *t ? f : NULL;
}

/* Is it time, by a way that is known and from here? */
static __always_inline int is_on_its_way(struct xdp_md *ctx, const __u32 tags, const struct flow *f, __u32 written,
    const struct flow_hop *hop, __u64 now, __u32 arrived)
{
	return !(written & 1) && hop->written == written && hop->summed == written && f->deadline_ns >= now &&
	       now >= f->opens_ns && now < hop->until_ns && f->iif == (tags ? arrived : ctx->ingress_ifindex) &&
	       (hop->wire.redirects || hop->wire.interface == ctx->ingress_ifindex) && tags_are(hop, tags);
}

static __always_inline int decided(int *verdict, int as)
{
	*verdict = as;
	return 1;
}

/* Of the frame. To learn it is a call, a comparison with a constant is none: so what most phones send is looked for first, 20 ms of G.711 or
 * G.722 with a tag of SRTP. */
static __always_inline __u32 octets_of(struct xdp_md *ctx, void *data, void *end, const __u32 l4)
{
	const struct udphdr *udp = data + l4;
	const __u32 least = (__u32)sizeof *udp + RTP_HEADER_LEN + 160;

#define HAS_TAG_OF(n) \
	(udp->len == bpf_htons(least + (n)) && data + l4 + least + (n) <= end && data + l4 + least + (n) + 1 > end)

	if (HAS_TAG_OF(10))
		return l4 + least + 10;
	if (HAS_TAG_OF(4))
		return l4 + least + 4;
	if (HAS_TAG_OF(16))
		return l4 + least + 16;
#undef HAS_TAG_OF
	return (__u32)bpf_xdp_get_buff_len(ctx);
}

/* False: the packet is not usual. */
static __always_inline int relay_usual(
    struct xdp_md *ctx, const __u32 tags, const int family, __u32 arrived, int *verdict)
{
	const __u32 l3 = ETH_HLEN + tags * TAG_LEN,
		    l4 = l3 + (__u32)(family == 4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr));

	if (site.bans && shut_out((void *)(long)ctx->data, (void *)(long)ctx->data_end, l3, family, &site))
		return decided(verdict, XDP_DROP);
	follow_tick();
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	if (!is_there(ANEW(data), end, l4))
		return 0;
	const __u32 len = octets_of(ctx, ANEW(data), end, l4);
	end = (void *)(long)ctx->data_end;
	struct udphdr *udp = data + l4;
	if (!is_whole(ANEW(data), end, l3, family, len) || !for_media(&site, bpf_ntohs(udp->dest)))
		return decided(verdict, XDP_PASS);
	struct flow_tally *t;
	struct flow *f = look_up(data, l3, family, bpf_ntohs(udp->dest) - site.lo, &t);
	if (!f)
		return 0;
	const struct flow_hop *hop = &t->hop;
	const __u32 written = begin_reading(f);
	if (!is_on_its_way(ctx, tags, f, written, hop, now_by_tick(), arrived) || !is_of(data, l3, family, f) ||
	    is_unfinished(udp, &hop->sums))
		return 0;
	const __u8 frame = plain_frame(udp, f);
	if (frame == FLOW_FRAME_NONE || !bucket_ok(t, now_by_tick()))
		return 0;

	struct way way;
	copy_addresses(f, family, &way);
	union ports ports = {.word = *(const volatile __u64 *)&f->from_port};
	if (!stands(f, written))
		return decided(verdict, XDP_PASS);
	if (!is_ours(&site, ports.port[2], way.source.half[0], way.source.half[1]))
		return decided(verdict, XDP_DROP);
	change_sum(udp, &hop->sums);
	write_header(data, l3, family, &way, &hop->sums);
	asm volatile("" : "+r"(ports.word));
	udp->source = ports.port[2];
	udp->dest = ports.port[1];
	if (frame == FLOW_FRAME_OPUS)
		see_opus(t, (__u16)(bpf_ntohs(udp->len) - sizeof *udp - RTP_HEADER_LEN));
	write_ethernet(data, hop, tags);
	const __u8 *rtp = (const __u8 *)(udp + 1);
	const __be32 *word = (const __be32 *)rtp;
	const enum stream_look look = stream_take(&t->stream, bpf_ntohl(word[2]), bpf_ntohs(((const __be16 *)rtp)[1]));
	if (!USUALLY(look == STREAM_NOT))
		see_arrival(t, look, bpf_ntohl(word[1]), stream_tick_ns(frame));
	COUNT(t, passed, 1);
	return decided(verdict, hop->wire.redirects ? (int)bpf_redirect(hop->wire.interface, 0) : XDP_TX);
}

#endif
