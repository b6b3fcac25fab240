/* SPDX-License-Identifier: ISC */
/* From a frame to UDP datagrams and TCP segments: link layers, IPv4 and IPv6 with fragments, tunnels. Tolerant: what
 * a snap length cut off is said and not refused; checksums are not looked at (offloading leaves them wrong). */
#ifndef CAPTURE_PACKET_H
#define CAPTURE_PACKET_H

#include "capture/file.h"

/* Compared and hashed as octets, so no field is left unset. */
struct flow_key {
	uint8_t src[16], dst[16]; /* IPv4 stands in the v4-mapped form */
	uint16_t sport, dport;    /* host order */
	uint8_t proto;            /* PACKET_UDP, PACKET_TCP */
	uint8_t zero[3];
};

enum { PACKET_UDP = 17, PACKET_TCP = 6, PACKET_ESP = 50, PACKET_SCTP = 132 };

struct packet {
	struct flow_key key;
	uint64_t time_us;
	struct span payload; /* of UDP or TCP */
	uint32_t seq;        /* TCP */
	bool syn, fin;       /* TCP: fin or rst */
	bool cut;            /* less was captured than was sent */
};

enum packet_result {
	PACKET_READ,  /* a UDP datagram or TCP segment */
	PACKET_WAITS, /* a fragment: kept */
	PACKET_OTHER, /* another protocol: packet.key says which, and the addresses */
	PACKET_NO_IP, /* ARP, spanning tree, ... */
	PACKET_UNKNOWN_LINK,
	PACKET_MALFORMED,
	PACKET_RESULTS
};

enum { FRAG_SLOTS = 64, FRAG_MAX = 16384, PACKET_DEPTH_MAX = 4 };

/* Fragments that wait for the rest of their datagram; the oldest makes room. */
struct frags {
	uint64_t turn;
	struct frag {
		uint64_t turn; /* 0: free */
		uint8_t src[16], dst[16];
		uint32_t id;
		uint8_t proto;
		uint32_t have, total; /* octets; total 0: the last one has not come */
		uint8_t seen[FRAG_MAX / 8 / 8];
		uint8_t data[FRAG_MAX];
	} slot[FRAG_SLOTS];
};

/* frags may be NULL: then fragments are PACKET_OTHER. The payload is valid as long as the frame, or until the next call. */
enum packet_result packet_read(const struct frame *f, struct frags *frags, struct packet *out)
    __attribute__((warn_unused_result));

/* --- between the files --- */

enum network { NETWORK_NONE, NETWORK_IP, NETWORK_BAD, NETWORK_UNKNOWN };

/* What lies above the link layer, by LINKTYPE_; behind an Ethernet header; behind an ethertype. */
enum network link_network(uint16_t link, struct span frame, struct span *net);
enum network link_ethernet(struct span frame, struct span *net);
enum network link_ethertype(uint16_t type, struct span rest, struct span *net);

/* True: *inner is an IP packet carried in it. */
bool tunnel_ip(uint8_t proto, struct span payload, struct span *inner);
bool tunnel_udp(uint16_t dport, struct span payload, struct span *inner);

struct fragment {
	const uint8_t *src, *dst;
	uint32_t id, at;
	uint8_t proto;
	bool more;
	struct span data;
};

/* True: it was the last one missing, and *whole is the datagram. */
bool frag_add(struct frags *f, const struct fragment *g, struct span *whole);

#endif
