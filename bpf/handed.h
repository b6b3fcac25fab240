/* SPDX-License-Identifier: ISC */
/* What the kernel and media give each other for calls that end here: packets that came, as records of a BPF ring buffer, and packets
 * that leave, as segments of one datagram to a device that nothing but this uses. */
#ifndef BPF_HANDED_H
#define BPF_HANDED_H

#include "flow.h"

enum {
	RING_OCTETS = 1 << 20, /* 4096 packets of 20 ms: 80 ms of a thousand calls */
	RING_SMALL = 216,      /* octets of a packet that has a small record */
	RING_LARGE = 472,      /* above, it goes up to its socket */
	SEND_SMALL = 200,
	SEND_LARGE = 472,
	SEND_MOST = 64, /* segments of one datagram: UDP_MAX_SEGMENTS */
};

/* One datagram that came; its octets follow. */
struct ring_packet {
	__u64 join; /* of the flow that it came in by */
	struct flow_ip from;
	__u16 slot;
	__u16 check;     /* of UDP, as it stood there; 0: none */
	__u16 from_port; /* network order */
	__u16 n;
};

/* Behind the packet and zeros up to a size that all segments have. It adds nothing to a checksum over it. */
struct send_trailer {
	__u32 slot; /* of the port it leaves by */
	__u32 n;
	__u32 not_slot, not_n;
	__u64 key, not_key; /* media's own: any process may send to a device */
};

#endif
