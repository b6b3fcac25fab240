/* SPDX-License-Identifier: ISC */
/* What media writes for the kernel to relay by: a flow for each of our ports whose gate is open. media alone writes flows and reads what
 * was counted; net makes the maps and writes bans. flows, tallies and sends have an entry for each port of media, from the lowest one on. */
#ifndef BPF_FLOW_H
#define BPF_FLOW_H

#include <linux/types.h>

enum {
	FLOW_LAYOUT =
	    5, /* of all that stands here; in the names of the pins. Whoever raises it renews proc/net/former.h */
	FLOW_BANS_MAX = 1024,
	FLOW_LISTENERS_MAX = 16,
	FLOW_TYPES = 128, /* payload types */
	FLOW_UNIT = 40,   /* RTP_SHAPE_UNIT */
	FLOW_SRTCP_LEAST = 22,
	FLOW_OPUS_CHANGES = 5,
	FLOW_WALK_MAX = 16,       /* RTCP packets of one datagram that are walked; beyond, media looks */
	FLOW_PACKET_NS = 2500000, /* what a packet takes from the bucket: 400 a second (POLICE_MEDIA_A_SECOND) */
	FLOW_BUCKET_NS = 1000000000,
	FLOW_HOPS = 64,
	FLOW_WIRES_MAX = 2 * FLOW_LISTENERS_MAX,
	FLOW_TAGS = 2, /* 802.1Q */
	FLOW_HOP_NS =
	    2000000000, /* so often XDP leaves a packet of a flow to tc, which asks the stack who the neighbour is */
	FLOW_MARK = 0x5246, /* "RF" */
};

/* as enum relay_frame of ipc/relay.h; 0: no agreed payload type */
enum { FLOW_FRAME_NONE, FLOW_FRAME_PCM, FLOW_FRAME_OPUS, FLOW_FRAME_EVENT };

/* as the first of enum drop of proc/media/table.h */
enum { FLOW_PASSED, FLOW_STRANGER, FLOW_SHUT, FLOW_SHAPE, FLOW_POLICED, FLOW_DROPS };

/* ENDS: media opens what comes, RTP goes to it by the ring (handed.h) */
enum { FLOW_TAKES_RTP = 1, FLOW_TAKES_RTCP = 2, FLOW_ENDS = 4 };

struct flow_ip {
	__u64 half[2]; /* network order; IPv4 as ::ffff:a.b.c.d, as in struct addr */
};

/* Of three cache lines; the third one is seldom looked at. Times are of CLOCK_MONOTONIC, ports in network order. Who writes one and who
 * reads it: written.h. */
struct flow {
	__u32 written;           /* 0: never */
	__u32 iif;               /* where its packets come in */
	struct flow_ip ip, from; /* our media address; who may send */
	__u64 deadline_ns;       /* 0: there is none */
	__u64 opens_ns;
	__u16 from_port, to_port, source_port;
	__u8 takes;
	__u8 tag_len; /* 0: 4, 8, 10 or 16 */

	struct flow_ip to, source;    /* where it goes; our address there */
	__u64 frame[FLOW_TYPES / 32]; /* two bits for each payload type */

	struct flow_ip next;
	__u64 join;     /* whose it is, where it ends; in `sends`: the key of who may send by it */
	__u64 learn_ns; /* until then another port of `from` goes up to media, which may learn it */
	__u32 oif;      /* where it goes out */
	__u8 family;    /* 4 or 6, of all addresses */
	__u8 next_family;
	__u8 zero[26]; /* no padding: flows are compared whole */
};

struct flow_tag {
	__u16 protocol; /* network order: 802.1Q or 802.1ad; 0: none */
	__u16 vlan;
};

/* An interface whose packets XDP can take from the wire and put on it: itself, or the one below it and the tags in between, the outer
 * one first. */
struct flow_wire {
	__u32 interface;
	struct flow_tag tag[FLOW_TAGS];
	__u32 redirects; /* others' packets too */
};

/* What XDP found on the wire, and whose it is. */
struct flow_arrival {
	__u32 interface;
	struct flow_tag tag[FLOW_TAGS];
};

/* One's complement sums that are the same for each packet of a flow. */
struct flow_sums {
	__u16 change; /* what UDP's gains by other addresses and ports */
	__u16 pseudo; /* of the pseudo-header that it comes with, but for the length */
	__u16 header; /* of the IPv4 header that it leaves with, but for the length */
};

/* The way to the next hop, as tc saw a packet of the flow leave. */
struct flow_hop {
	__u32 written; /* the flow, as it was then */
	__u32 summed;  /* the flow whose sums these are; builds of this layout from before wrote none */
	struct flow_sums sums;
	__u16 zero;
	__u64 until_ns; /* CLOCK_MONOTONIC; 0: to be seen */
	__u32 interface;
	__u8 ethernet[12]; /* destination and source */
	struct flow_wire wire;
};

enum {
	STREAM_WINDOW = 64,    /* numbers behind the highest one within which a late packet is no longer lost */
	STREAM_MISORDER = 100, /* MAX_MISORDER and MAX_DROPOUT of RFC 3550 A.1 */
	STREAM_DROPOUT = 3000,
	STREAM_EVERY = 16,
	STREAM_APART_NS = 1000000000, /* what is further apart is another beginning, not jitter */
};

/* bpf/stream.h */
struct flow_stream {
	__u64 seen; /* which of the last numbers came, the highest in bit 0; 0: none yet */
	__u32 ssrc;
	__u32 expected, lost; /* of all sources so far */
	__u32 jitter_ns;      /* 0: not measured yet */
	__u32 transit_ns;     /* of the last packet that was looked at first; 0: of no use */
	__u16 highest, after_leap;
};

/* What the kernel counts. media sets it to zero when a call takes the port. Of three cache lines, packets write the first. */
struct flow_tally {
	__u64 passed, zero;
	__u64 full_ns; /* when the bucket will be */
	struct flow_stream stream;
	__u16 opus_len, opus_changes;
	__u16 stranger_port;
	__u16 zero_too;
	struct flow_hop hop;
	__u64 handed; /* by the ring */
	__u64 sent;   /* of what media sent many at once */
	__u64 dropped[FLOW_DROPS];
	struct flow_ip stranger; /* the last */
};

struct flow_ban {
	__u64 until_ns; /* CLOCK_BOOTTIME: it is over when it was said to be, also where the machine slept meanwhile */
	__u64 dropped;
};

/* Where the programs have their flow_site (judge.h); libbpf calls its map so, until net gives it one of the name `site`. */
#define FLOW_SITE ".data.site"

/* What the programs look for at all. Ports in host order. */
struct flow_site {
	__u16 lo, hi;                       /* of media */
	__u32 bans;                         /* how many; 0 costs no look-up */
	__u32 hops;                         /* XDP wants to know them */
	__u16 listener[FLOW_LISTENERS_MAX]; /* of signalling; 0: none */
	/* of this exchange's filters; its upper half is that of a packet's mark between tc's ingress and egress, whose lower half is its
	 * slot. 0 in what the first builds of this layout wrote */
	__u32 handle;
	struct flow_ip media[FLOW_LISTENERS_MAX]; /* our media addresses; zero: none */
};

#endif
