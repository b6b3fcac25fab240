/* SPDX-License-Identifier: ISC */
/* What becomes of a datagram for a port of media, whatever hook saw it. The rule is that of proc/media/gate.c, source.c and police.c;
 * test/unit/kernel_test.c holds the two against each other. */
#ifndef BPF_JUDGE_H
#define BPF_JUDGE_H

#include "datagram.h"
#include "stream.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1); /* net says how many */
	__type(key, struct flow_key);
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

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct flow_site);
} site SEC(".maps");

/* of an interface */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, FLOW_WIRES_MAX);
	__type(key, __u32);
	__type(value, struct flow_wire);
} wires SEC(".maps");

enum fate { UP, DROP, RELAY, HAND };

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

/* RFC 3550 5.1, 5.3.1. first: octet of the header. */
static __always_inline int rtp_ok(void *ctx, load_octets *load, const struct datagram *d, const struct flow *f,
    struct flow_tally *t, __u8 first, __u8 frame)
{
	__u32 header = 12 + 4 * (first & 15u);

	if (first & 0x10) {
		__be16 extension[2];
		if (header + 4 > d->n || load(ctx, d->at + header, extension, sizeof extension))
			return 0;
		header += 4 + 4u * bpf_ntohs(extension[1]);
	}
	if (header >= d->n || frame == FLOW_FRAME_NONE || !shape_ok(d->n - header, frame, f->tag_len))
		return 0;
	if (frame == FLOW_FRAME_OPUS) {
		__u16 len = (__u16)(d->n - header);
		if (t->opus_len && t->opus_len != len && t->opus_changes < FLOW_OPUS_CHANGES)
			t->opus_changes++;
		t->opus_len = len;
	}
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

static __always_inline struct flow_site *the_site(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&site, &zero);
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

/* Nothing leaves under another name than ours, whatever stands in a flow. */
static __always_inline int from_ours(const struct flow_site *s, const struct way *f)
{
	if (!for_media(s, bpf_ntohs(f->source_port)))
		return 0;
#pragma clang loop unroll(full)
	for (int i = 0; i < FLOW_LISTENERS_MAX; i++)
		if (same(&s->media[i], &f->source) && f->source.half[1])
			return 1;
	return 0;
}

/* Does it come from a banned address to a port of the exchange, or so that its port can't be seen? */
static __always_inline int shut_out(void *data, void *end, const __u32 l3, const int family, const struct flow_site *s)
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

static __always_inline int in_force(const struct flow_tally *t, struct flow_mark m)
{
	AS_WRITTEN;
	return (__u16)(m.written - *(const volatile __u16 *)&t->written) <= 1;
}

/* A flow that was another's already, or none any more, decides nothing. */
#define DROPPED_IN_FORCE(tally, mark, why) (in_force(tally, mark) ? DROPPED(tally, why) : UP)

static __always_inline enum fate stranger(struct flow_tally *t, struct flow_mark m, const struct datagram *d)
{
	if (!in_force(t, m))
		return UP;
	t->stranger = d->from;
	t->stranger_port = d->from_port;
	return DROPPED(t, STRANGER);
}

static __always_inline enum fate goes(
    enum fate how, const struct flow *f, struct flow_mark m, __u8 frame, const struct flow_tally *t, struct way *way)
{
	take_way(f, m.slot, frame, way);
	return in_force(t, m) ? how : UP;
}

/* *way is its flow's and *t the tally when the fate is RELAY or HAND. */
static __always_inline enum fate judge(void *ctx, load_octets *load, const __u8 *payload, void *end,
    const struct datagram *d, const struct flow_site *s, __u64 now, struct way *way, struct flow_tally **t)
{
	struct flow *flow = bpf_map_lookup_elem(&flows, &d->to);
	__u32 slot = bpf_ntohs(d->to.port) - s->lo;

	if (!flow)
		return UP;
	struct flow_mark mark = mark_of(flow);
	if (mark.slot != slot || flow->deadline_ns < now)
		return UP;
	struct flow_tally *tally = bpf_map_lookup_elem(&tallies, &slot);
	if (!tally || (d->n >= 2 && (void *)(payload + 2) > end))
		return UP;
	*t = tally;
	__u8 first = 255, second = 0; /* of what is too short to be anything */
	if (d->n >= 2 && (void *)(payload + 2) <= end) {
		first = payload[0];
		second = payload[1];
	}
	enum kind kind = kind_of(d->n, first, second);
	if (kind == KIND_STUN)
		return UP;
	if (!same(&d->from, &flow->from))
		return stranger(tally, mark, d);
	if (d->from_port != flow->from_port)
		return now < flow->learn_ns ? UP : stranger(tally, mark, d);
	if (kind == KIND_KEYING)
		return UP;
	if (kind == KIND_OTHER)
		return DROPPED_IN_FORCE(tally, mark, SHAPE);
	if (now < flow->opens_ns)
		return DROPPED_IN_FORCE(tally, mark, SHUT);
	if (flow->ended)
		return kind == KIND_RTP ? goes(HAND, flow, mark, FLOW_FRAME_NONE, tally, way) : UP;
	if (kind == KIND_RTP) {
		__u8 frame = flow->frame[second & 127];
		if (!(flow->takes & FLOW_TAKES_RTP) || !rtp_ok(ctx, load, d, flow, tally, first, frame))
			return DROPPED_IN_FORCE(tally, mark, SHAPE);
		return goes(RELAY, flow, mark, frame, tally, way);
	}
	if (!(flow->takes & FLOW_TAKES_RTCP) || d->n < FLOW_SRTCP_LEAST)
		return DROPPED_IN_FORCE(tally, mark, SHAPE);
	int clear = rtcp_clear(ctx, load, d);
	if (clear)
		return clear < 0 ? UP : DROPPED_IN_FORCE(tally, mark, SHAPE);
	return goes(RELAY, flow, mark, FLOW_FRAME_NONE, tally, way);
}

/* What the gate lets through counts as come, whatever then becomes of it. payload: of RTP or RTCP */
static __always_inline void count_stream(
    const struct way *w, struct flow_tally *t, const __u8 *payload, const void *end)
{
	if ((const void *)(payload + RTP_HEADER_LEN) > end || is_rtcp(payload[1]))
		return;
	const __be32 *word = (const __be32 *)payload;
	enum stream_look look = stream_take(&t->stream, bpf_ntohl(word[2]), bpf_ntohs(((const __be16 *)payload)[1]));
	if (look != STREAM_NOT)
		stream_arrived(&t->stream, look, bpf_ntohl(word[1]), stream_tick_ns(w->frame), bpf_ktime_get_ns());
}

/* The last word on what the gate lets through: may it leave so, and so often? */
static __always_inline enum fate policed(const struct flow_site *s, const struct way *w, struct flow_tally *t,
    const struct datagram *d, const __u8 *payload, const void *end, __u64 now)
{
	if (!from_ours(s, w))
		return DROP;
	count_stream(w, t, payload, end);
	if (!bucket_ok(t, now))
		return DROPPED(t, POLICED);
	COUNT(t, passed, 1);
	COUNT(t, octets, d->n);
	return RELAY;
}

#endif
