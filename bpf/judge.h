/* SPDX-License-Identifier: ISC */
/* What becomes of a datagram for a port of media, whatever hook saw it. The rule is that of proc/media/gate.c, source.c and police.c;
 * test/unit/kernel_test.c holds the two against each other. */
#ifndef BPF_JUDGE_H
#define BPF_JUDGE_H

#include "datagram.h"
#include "stream.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* net says how many, here and in tallies and sends */
	__type(key, __u32);
	__type(value, struct flow);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct flow_tally);
} tallies SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, FLOW_BANS_MAX);
	__type(key, struct flow_ip);
	__type(value, struct flow_ban);
} banned SEC(".maps");

/* An array of one entry all the same, but a section of its own: its address stands in the instruction, so that there is no key, no call and
 * nothing to be kept from one use to the next. net pins it as `site`. */
struct flow_site site SEC(FLOW_SITE);

/* In a register, where that leaves the compiler less to keep on the stack than a constant does. */
static __always_inline const struct flow_site *the_site(void)
{
	const struct flow_site *s = &site;

	asm volatile("" : "+r"(s));
	return s;
}

/* of an interface */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, FLOW_WIRES_MAX);
	__type(key, __u32);
	__type(value, struct flow_wire);
} wires SEC(".maps");

enum fate { UP, DROP, RELAY, HAND, POLICED };

enum { RTP_HEADER_LEN = 12 };

/* How a hook reads octets that do not lie at a fixed place. Without CAP_PERFMON no offset may be added to a pointer into the packet
 * unless it is a constant, so each shape of frame has a function of its own below. */
typedef long load_octets(void *ctx, __u32 offset, void *to, __u32 n);

/* --- the gate --- */

static __always_inline int same(const struct flow_ip *a, const struct flow_ip *b)
{
	return a->half[0] == b->half[0] && a->half[1] == b->half[1];
}

/* The offset stands in the instruction: an index that several paths share is again arithmetic that the verifier refuses. */
#define COUNT_IN(type, at, field, n)                                                  \
	asm volatile("lock *(u64 *)(%0 + %1) += %2"                                   \
		     :                                                                \
		     : "r"(at), "i"(__builtin_offsetof(type, field)), "r"((__u64)(n)) \
		     : "memory")

#define COUNT(tally, field, n) COUNT_IN(struct flow_tally, tally, field, n)

#define DROPPED(tally, why)                           \
	({                                            \
		COUNT(tally, dropped[FLOW_##why], 1); \
		DROP;                                 \
	})

static __always_inline int tag_fits(__u32 n, __u8 frame, __u32 tag)
{
	if (n <= tag)
		return 0;
	if (frame == FLOW_FRAME_PCM)
		return (n - tag) % FLOW_UNIT == 0;
	return frame == FLOW_FRAME_OPUS || n - tag == 4;
}

static __always_inline int shape_ok(__u32 n, __u8 frame, __u32 tag)
{
	if (tag)
		return tag_fits(n, frame, tag);
	return tag_fits(n, frame, 4) || tag_fits(n, frame, 8) || tag_fits(n, frame, 10) || tag_fits(n, frame, 16);
}

/* RFC 3550 5.1, 5.3.1. first: octet of the header. Its octets, with the extension; more than there are: there is none. Where it begins at
 * once (no CSRC), it is read in place. */
static __always_inline __u32 rtp_header(
    void *ctx, load_octets *load, const struct datagram *d, const __u8 *payload, const void *end, __u8 first)
{
	const __u32 header = RTP_HEADER_LEN + 4 * (first & 15u);
	__be16 extension[2];

	if (!(first & 0x10))
		return header;
	if (header + 4 > d->n)
		return d->n;
	if (header == RTP_HEADER_LEN && (const void *)(payload + RTP_HEADER_LEN + 4) <= end)
		return header + 4 + 4u * bpf_ntohs(((const __be16 *)payload)[RTP_HEADER_LEN / 2 + 1]);
	if (load(ctx, d->at + header, extension, sizeof extension))
		return d->n;
	return header + 4 + 4u * bpf_ntohs(extension[1]);
}

/* Of a stream that may not vary. */
static __always_inline void see_opus(struct flow_tally *t, __u16 len)
{
	if (t->opus_len && t->opus_len != len && t->opus_changes < FLOW_OPUS_CHANGES)
		t->opus_changes++;
	t->opus_len = len;
}

static __always_inline int rtp_ok(
    const struct datagram *d, const struct flow *f, struct flow_tally *t, __u32 header, __u8 frame)
{
	if (header >= d->n || frame == FLOW_FRAME_NONE || !shape_ok(d->n - header, frame, f->tag_len))
		return 0;
	if (frame == FLOW_FRAME_OPUS)
		see_opus(t, (__u16)(d->n - header));
	return 1;
}

static __always_inline int bucket_ok(struct flow_tally *t, __u64 now)
{
	__u64 full = (t->full_ns > now ? t->full_ns : now) + FLOW_PACKET_NS;

	if (full - now > FLOW_BUCKET_NS)
		return 0;
	t->full_ns = full;
	return 1;
}

/* Is it RTCP that nobody encrypted (rtcp_is_clear())? -1: of too many packets to say. */
static __always_inline int rtcp_clear(void *ctx, load_octets *load, const struct datagram *d)
{
	__u32 left = d->n, offset = d->at;

#pragma clang loop unroll(full)
	for (int i = 0; i < FLOW_WALK_MAX; i++) {
		__u8 head[4];
		if (left < sizeof head || load(ctx, offset, head, sizeof head) || head[0] >> 6 != 2)
			return left == 0;
		__u32 octets = 4 + 4 * ((__u32)head[2] << 8 | head[3]);
		if (octets > left)
			return 0;
		left -= octets;
		offset += octets;
	}
	return left == 0 ? 1 : -1;
}

enum kind { KIND_OTHER, KIND_STUN, KIND_KEYING, KIND_RTP, KIND_RTCP };

static __always_inline int is_rtcp(__u8 second)
{
	return second >= 192 && second <= 223;
}

/* As wire_classify(). */
static __always_inline enum kind kind_of(__u32 n, __u8 first, __u8 second)
{
	if (first < 4)
		return n >= 20 ? KIND_STUN : KIND_OTHER;
	if (first >= 16 && first < 20)
		return n >= 28 ? KIND_KEYING : KIND_OTHER;
	if (first >= 20 && first < 64)
		return n >= 2 ? KIND_KEYING : KIND_OTHER;
	if (first < 128 || first >= 192)
		return KIND_OTHER;
	if (n >= 4 && is_rtcp(second))
		return KIND_RTCP;
	return n > RTP_HEADER_LEN ? KIND_RTP : KIND_OTHER;
}

static __always_inline int for_media(const struct flow_site *s, __u16 port)
{
	return port >= s->lo && port <= s->hi;
}

static __always_inline int for_us(const struct flow_site *s, __u16 port)
{
	if (for_media(s, port))
		return 1;
	for (int i = 0; i < FLOW_LISTENERS_MAX; i++)
		if (s->listener[i] == port && port)
			return 1;
	return 0;
}

/* high, low: of an address */
static __always_inline int is_ours(const struct flow_site *s, __be16 port, __u64 high, __u64 low)
{
	if (!for_media(s, bpf_ntohs(port)) || !low)
		return 0;
#pragma clang loop unroll(full)
	for (int i = 0; i < FLOW_LISTENERS_MAX; i++)
		if (s->media[i].half[1] == low && s->media[i].half[0] == high)
			return 1;
	return 0;
}

/* Nothing leaves under another name than ours, whatever stands in a flow. */
static __always_inline int from_ours(const struct flow_site *s, const struct way *f, const int family)
{
	if (family == 4)
		return is_ours(s, f->source_port, 0, f->source.half[1] >> 32 << 32 | bpf_htonl(0xffff));
	return is_ours(s, f->source_port, f->source.half[0], f->source.half[1]);
}

/* Does it come from a banned address to a port of the exchange, or so that its port can't be seen? */
static __always_inline int is_shut_out(
    void *data, void *end, const __u32 l3, const int family, const struct flow_site *s)
{
	struct iphdr *ip = data + l3;
	struct ipv6hdr *ip6 = data + l3;
	__be16 *port = data + l3 + (family == 4 ? sizeof *ip : sizeof *ip6);
	struct flow_ip from;
	__u8 protocol;
	int plain;

	if ((void *)(port + 2) > end)
		return 0;
	if (family == 4) {
		mapped(&from, ip->saddr);
		protocol = ip->protocol;
		plain = ip->ihl == 5 && !(ip->frag_off & bpf_htons(0x3fff));
	} else {
		copied(&from, &ip6->saddr);
		protocol = ip6->nexthdr;
		plain = protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_ICMPV6;
	}
	struct flow_ban *ban = bpf_map_lookup_elem(&banned, &from);
	if (!ban || ban->until_ns <= bpf_ktime_get_boot_ns())
		return 0;
	if (plain && ((protocol != IPPROTO_TCP && protocol != IPPROTO_UDP) || !for_us(s, bpf_ntohs(port[1]))))
		return 0;
	COUNT_IN(struct flow_ban, ban, dropped, 1);
	return 1;
}

/* Seldom run, and so not in the others' registers. */
#define SHUT_OUT(l3, family)                                                                             \
	static __noinline int shut_out_##l3##_##family(void *data, void *end, const struct flow_site *s) \
	{                                                                                                \
		return is_shut_out(data, end, l3, family, s);                                            \
	}

SHUT_OUT(14, 4)
SHUT_OUT(14, 6)
SHUT_OUT(18, 4)
SHUT_OUT(18, 6)
SHUT_OUT(22, 4)
SHUT_OUT(22, 6)

static __always_inline int shut_out(void *data, void *end, const __u32 l3, const int family, const struct flow_site *s)
{
	if (l3 == 14)
		return family == 4 ? shut_out_14_4(data, end, s) : shut_out_14_6(data, end, s);
	if (l3 == 18)
		return family == 4 ? shut_out_18_4(data, end, s) : shut_out_18_6(data, end, s);
	return family == 4 ? shut_out_22_4(data, end, s) : shut_out_22_6(data, end, s);
}

/* A flow that is another by now decides nothing. */
#define DROPPED_BY(flow, written, tally, why) (stands(flow, written) ? DROPPED(tally, why) : UP)

static __always_inline enum fate stranger(
    const struct flow *f, __u32 written, struct flow_tally *t, void *data, void *end, const __u32 l3, const int family)
{
	struct datagram d;

	if (!stands(f, written) || !read_datagram(data, end, l3, family, &d))
		return UP;
	t->stranger = d.from;
	t->stranger_port = d.from_port;
	return DROPPED(t, STRANGER);
}

/* Its offset stands in the instruction too. */
#define FRAMES(out, of, word)                 \
	asm volatile("%0 = *(u64 *)(%1 + %2)" \
		     : "=r"(out)              \
		     : "r"(of), "i"(__builtin_offsetof(struct flow, frame) + (word) * sizeof(__u64)))

static __always_inline __u8 frame_of(const struct flow *f, __u8 second)
{
	const __u8 type = second & 127;
	__u64 types;

	if (type < 32)
		FRAMES(types, f, 0);
	else if (type >= 96)
		FRAMES(types, f, 3);
	else if (type < 64)
		FRAMES(types, f, 1);
	else
		FRAMES(types, f, 2);
	return types >> 2 * (type % 32) & 3;
}

/* A fate; where it is RELAY or HAND, also the kind of frame, and which writing of the flow said so. */
typedef __u64 verdict;

static __always_inline verdict goes(enum fate how, __u8 frame, __u32 written)
{
	return (__u64)written << 32 | (__u32)frame << 8 | how;
}

static __always_inline enum fate fate_of(verdict v)
{
	return v & 0xff;
}

static __always_inline __u32 written_of(verdict v)
{
	return (__u32)(v >> 32);
}

/* False: the flow is another by now. */
static __always_inline int take_way(const struct flow *f, verdict v, struct way *out)
{
	out->written = written_of(v);
	out->frame = (__u8)(v >> 8);
	copy_way(f, out);
	out->join = fate_of(v) == HAND ? f->join : 0; /* of a line of the flow that what is relayed does not touch */
	return stands(f, out->written);
}

/* Of a frame that is whole. iif: where it came in. */
static __always_inline verdict judge(void *ctx, load_octets *load, void *data, void *end, const __u32 l3,
    const int family, __u32 iif, const struct flow *f, struct flow_tally *t, __u64 now)
{
	struct datagram d;
	const __u32 written = begin_reading(f);

	if (written & 1 || f->deadline_ns < now || f->iif != iif || !read_datagram(data, end, l3, family, &d) ||
	    !same(&d.to, &f->ip))
		return UP;
	const __u8 *payload = data + d.at;
	const int is_from = same(&d.from, &f->from);
	if (d.n >= 2 && (void *)(payload + 2) > end)
		return UP;
	__u8 first = 255, second = 0; /* of what is too short to be anything */
	if (d.n >= 2 && (void *)(payload + 2) <= end) {
		first = payload[0];
		second = payload[1];
	}
	enum kind kind = kind_of(d.n, first, second);
	if (kind == KIND_STUN)
		return UP;
	if (!is_from)
		return stranger(f, written, t, data, end, l3, family);
	if (d.from_port != f->from_port)
		return now < f->learn_ns ? UP : stranger(f, written, t, data, end, l3, family);
	if (kind == KIND_KEYING)
		return UP;
	if (kind == KIND_OTHER)
		return DROPPED_BY(f, written, t, SHAPE);
	if (now < f->opens_ns)
		return DROPPED_BY(f, written, t, SHUT);
	if (f->takes & FLOW_ENDS)
		return kind == KIND_RTP ? goes(HAND, FLOW_FRAME_NONE, written) : UP;
	if (kind == KIND_RTP) {
		const __u8 frame = frame_of(f, second);
		if (!(f->takes & FLOW_TAKES_RTP) ||
		    !rtp_ok(&d, f, t, rtp_header(ctx, load, &d, payload, end, first), frame))
			return DROPPED_BY(f, written, t, SHAPE);
		return goes(RELAY, frame, written);
	}
	if (!(f->takes & FLOW_TAKES_RTCP) || d.n < FLOW_SRTCP_LEAST)
		return DROPPED_BY(f, written, t, SHAPE);
	int clear = rtcp_clear(ctx, load, &d);
	if (clear)
		return clear < 0 ? UP : DROPPED_BY(f, written, t, SHAPE);
	return goes(RELAY, FLOW_FRAME_NONE, written);
}

/* The usual way has it in place; in the others' registers it is dearer than a call. */
static __noinline enum stream_look take_in_stream(struct flow_tally *t, __u32 ssrc, __u16 number)
{
	return stream_take(&t->stream, ssrc, number);
}

/* What the gate lets through counts as come, whatever then becomes of it. payload: of RTP or RTCP */
static __always_inline void count_stream(
    const struct way *w, struct flow_tally *t, const __u8 *payload, const void *end)
{
	if ((const void *)(payload + RTP_HEADER_LEN) > end || is_rtcp(payload[1]))
		return;
	const __be32 *word = (const __be32 *)payload;
	enum stream_look look = take_in_stream(t, bpf_ntohl(word[2]), bpf_ntohs(((const __be16 *)payload)[1]));
	if (look != STREAM_NOT)
		stream_arrived(&t->stream, look, bpf_ntohl(word[1]), stream_tick_ns(w->frame), bpf_ktime_get_ns());
}

/* Of what the gate let through. False: it is too much. payload: of RTP or RTCP */
static __always_inline int count(
    verdict v, const struct way *w, struct flow_tally *t, const __u8 *payload, const void *end)
{
	count_stream(w, t, payload, end);
	if (fate_of(v) == POLICED) {
		COUNT(t, dropped[FLOW_POLICED], 1);
		return 0;
	}
	COUNT(t, passed, 1);
	return 1;
}

/* What the gate lets through: so often, or not. HAND: one that sends more than a phone does has no more of the ring than a phone. */
static __always_inline verdict admitted(verdict v, struct flow_tally *t, __u64 now)
{
	if ((fate_of(v) != RELAY && fate_of(v) != HAND) || bucket_ok(t, now))
		return v;
	return fate_of(v) == HAND ? UP : (v & ~0xffull) | POLICED;
}

#endif
