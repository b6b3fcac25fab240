/* SPDX-License-Identifier: ISC */
/* Reading a datagram from a frame, and writing it anew as a socket of ours would send it. */
#ifndef BPF_DATAGRAM_H
#define BPF_DATAGRAM_H

#include "flow.h"
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* Of one datagram for a port of media, what is needed at once. It lives in registers: without CAP_PERFMON the kernel has the processor wait at
 * the first write to each place of the stack, for fear of what it might guess (Spectre, variant 4), and ten such waits cost what all the
 * rest does. So what is needed again is read from the frame again. */
struct datagram {
	struct flow_ip from, to;
	__u16 from_port, to_port; /* network order */
	__u16 check;              /* as it came */
	__u32 at, n;              /* the payload: offset in the frame, octets */
};

/* What a program takes from a flow for a packet that leaves: whole, before it looks whether the flow is still as written. */
struct way {
	struct flow_ip to, source, next;
	__u64 join;
	__u32 written, oif;
	__u16 to_port, source_port;
	__u8 next_family;
	__u8 frame; /* of the packet's payload type; RTCP: none */
};

enum { TAG_LEN = 4 };

/* A frame as short as that, with two tags, may be padded (IEEE 802.3 4.2.4). */
enum { PADDED_MAX = 60 + 2 * 4 };

/* --- reading --- */

static __always_inline void mapped(struct flow_ip *out, __be32 v4)
{
	out->half[0] = 0;
	out->half[1] = (__u64)v4 << 32 | bpf_htonl(0xffff);
}

static __always_inline void copied(struct flow_ip *out, const struct in6_addr *a)
{
	__builtin_memcpy(out, a, sizeof *out);
}

static __always_inline __u32 folded(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u32)((sum & 0xffff) + (sum >> 16));
}

/* Its sum is of 35 bits, and what is right is the same after two folds as after all. */
static __always_inline int header_is_right(const struct iphdr *ip)
{
	const __u32 *word = (const __u32 *)ip;
	__u64 sum = (__u64)word[0] + word[1] + word[2] + word[3] + word[4];

	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

/* The frame holds the datagram, and nothing behind it that nobody has judged (R5). */
static __always_inline int fits(__u32 n, __u32 frame)
{
	if (__builtin_expect(n == frame, 1))
		return 1;
	return n < frame && frame <= PADDED_MAX;
}

/* Is the frame, of so many octets, one whole UDP datagram over plain IPv4 or IPv6, with a header that the stack will not refuse? */
static __always_inline int is_whole(void *data, void *end, const __u32 l3, const int family, __u32 frame)
{
	struct iphdr *ip = data + l3;
	struct ipv6hdr *ip6 = data + l3;
	const __u32 l4 = l3 + (__u32)(family == 4 ? sizeof *ip : sizeof *ip6);
	struct udphdr *udp = data + l4;
	__u32 room;

	if ((void *)(udp + 1) > end)
		return 0;
	if (family == 4) {
		if (ip->ihl != 5 || ip->version != 4 || ip->protocol != IPPROTO_UDP ||
		    ip->frag_off & bpf_htons(0x3fff) || !header_is_right(ip))
			return 0;
		room = bpf_ntohs(ip->tot_len) - (__u32)sizeof *ip;
	} else {
		if (ip6->version != 6 || ip6->nexthdr != IPPROTO_UDP || !udp->check)
			return 0;
		room = bpf_ntohs(ip6->payload_len);
	}
	return bpf_ntohs(udp->len) == room && room >= sizeof *udp && fits(l4 + room, frame);
}

/* Of one that is whole, and within the frame. */
static __always_inline void take_datagram(void *data, const __u32 l3, const int family, struct datagram *d)
{
	struct iphdr *ip = data + l3;
	struct ipv6hdr *ip6 = data + l3;
	const __u32 l4 = l3 + (__u32)(family == 4 ? sizeof *ip : sizeof *ip6);
	struct udphdr *udp = data + l4;

	if (family == 4) {
		mapped(&d->from, ip->saddr);
		mapped(&d->to, ip->daddr);
	} else {
		copied(&d->from, &ip6->saddr);
		copied(&d->to, &ip6->daddr);
	}
	d->from_port = udp->source;
	d->to_port = udp->dest;
	d->check = udp->check;
	d->at = l4 + (__u32)sizeof *udp;
	d->n = bpf_ntohs(udp->len) - (__u32)sizeof *udp;
}

/* False: the frame is not what it was. */
static __always_inline int read_datagram(void *data, void *end, const __u32 l3, const int family, struct datagram *d)
{
	struct udphdr *udp = data + l3 + (family == 4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr));

	if ((void *)(udp + 1) > end || bpf_ntohs(udp->len) < sizeof *udp)
		return 0;
	take_datagram(data, l3, family, d);
	return 1;
}

/* --- leaving --- */

/* No load goes over it. x86 does its loads in their order, so that there only the compiler must be told; elsewhere it takes a full barrier,
 * which each atomic that gives a value back is (linux/Documentation/atomic_t.txt), here one on the program's own stack. */
#ifdef LOADS_IN_ORDER
#define AS_WRITTEN asm volatile("" : : : "memory")
#else
#define AS_WRITTEN                                        \
	({                                                \
		__u64 own = 0, was;                       \
		asm volatile("" : : : "memory");          \
		was = __sync_lock_test_and_set(&own, 0);  \
		asm volatile("" : : "r"(was) : "memory"); \
	})
#endif

/* Odd: it is being written. */
static __always_inline __u32 begin_reading(const struct flow *f)
{
	__u32 written = *(const volatile __u32 *)&f->written;

	AS_WRITTEN;
	return written;
}

/* Has all that was read of it since been of that writing? */
static __always_inline int stands(const struct flow *f, __u32 written)
{
	AS_WRITTEN;
	return *(const volatile __u32 *)&f->written == written;
}

static __always_inline void copy_way(const struct flow *f, struct way *out)
{
	out->to = f->to;
	out->source = f->source;
	out->next = f->next;
	out->oif = f->oif;
	out->to_port = f->to_port;
	out->source_port = f->source_port;
	out->next_family = f->next_family;
}

static __always_inline __u64 words_of(const struct flow_ip *ip)
{
	return (ip->half[0] & 0xffffffff) + (ip->half[0] >> 32) + (ip->half[1] & 0xffffffff) + (ip->half[1] >> 32);
}

/* Is its checksum still to be made, as between containers? That of the pseudo-header then stands in its place. */
static __always_inline int sum_is_unfinished(const struct udphdr *udp, const struct datagram *d)
{
	return udp->check == folded(words_of(&d->from) + words_of(&d->to) + udp->len + bpf_htons(IPPROTO_UDP));
}

/* What the new addresses and ports add to a one's complement sum. */
static __always_inline __u32 address_change(const struct datagram *d, const struct way *f, const int family)
{
	if (family == 4) /* the rest of each is the same */
		return folded((f->source.half[1] >> 32) + (f->to.half[1] >> 32) + (__u32) ~(d->from.half[1] >> 32) +
			      (__u32) ~(d->to.half[1] >> 32));
	return folded(words_of(&f->source) + words_of(&f->to) + ((__u64)4 * 0xffffffff - words_of(&d->from)) +
		      ((__u64)4 * 0xffffffff - words_of(&d->to)));
}

static __always_inline __u32 port_change(const struct datagram *d, const struct way *f)
{
	return folded((__u64)f->source_port + f->to_port + (__u16)~d->from_port + (__u16)~d->to_port);
}

static __always_inline void sum_anew(
    struct udphdr *udp, const struct datagram *d, const struct way *f, const int family)
{
	if (!udp->check)
		return;
	__u16 sum = (__u16)~folded((__u64)(__u16)~udp->check + address_change(d, f, family) + port_change(d, f));
	udp->check = sum ? sum : 0xffff;
}

/* Of the IPv4 header of all that leaves, but for addresses, length and checksum. */
#define HEAD_FIRST bpf_htonl(0x45000000)
#define HEAD_PART bpf_htonl(0x4000)
#define HEAD_LIFE bpf_htonl((__u32)FLOW_HOPS << 24 | IPPROTO_UDP << 16)

/* port: of ours that it comes to */
static __always_inline void sum_flow(const struct flow *f, __be16 port, struct flow_sums *out)
{
	const __u64 from = words_of(&f->from) + words_of(&f->ip), to = words_of(&f->source) + words_of(&f->to);

	out->change = (__u16)folded(
	    to + f->source_port + f->to_port + ((__u64)8 * 0xffffffff - from) + (__u16)~f->from_port + (__u16)~port);
	out->pseudo = (__u16)folded(from + bpf_htons(IPPROTO_UDP));
	out->header = (__u16)folded(
	    (__u64)HEAD_FIRST + HEAD_PART + HEAD_LIFE + (f->source.half[1] >> 32) + (f->to.half[1] >> 32));
}

/* Everything but checksum of UDP and Ethernet. */
static __always_inline void write_way(void *data, const __u32 l3, const int family, const struct way *f)
{
	struct iphdr *ip = data + l3;
	struct ipv6hdr *ip6 = data + l3;
	struct udphdr *udp = data + l3 + (family == 4 ? sizeof *ip : sizeof *ip6);

	if (family == 4) {
		/* As from a socket of ours: nothing of the other phone's header goes on. Summed before it is written: to read words back
		 * that were just written in parts costs more than all the rest here. */
		__be32 *word = (__be32 *)ip;
		const __be32 head = HEAD_FIRST | (word[0] & bpf_htonl(0xffff)),
			     from = (__be32)(f->source.half[1] >> 32), to = (__be32)(f->to.half[1] >> 32);
		word[0] = head;
		word[1] = HEAD_PART;
		word[2] = HEAD_LIFE;
		word[3] = from;
		word[4] = to;
		ip->check = (__u16)~folded((__u64)head + HEAD_PART + HEAD_LIFE + from + to);
	} else {
		*(__be32 *)ip6 = bpf_htonl(0x60000000);
		ip6->hop_limit = FLOW_HOPS;
		__builtin_memcpy(&ip6->saddr, &f->source, sizeof f->source);
		__builtin_memcpy(&ip6->daddr, &f->to, sizeof f->to);
	}
	udp->source = f->source_port;
	udp->dest = f->to_port;
}

/* False: the frame is not what it was. */
static __always_inline int rewrite(void *data, void *end, const __u32 l3, const int family, const struct way *f)
{
	struct udphdr *udp = data + l3 + (family == 4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr));

	if ((void *)(udp + 1) > end)
		return 0;
	write_way(data, l3, family, f);
	return 1;
}

#endif
