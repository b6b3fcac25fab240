/* SPDX-License-Identifier: ISC */
/* Captures made by a test: frames first, then written as a file in one format or the other, in another order or cut short. */
#ifndef MADE_CAPTURE_H
#define MADE_CAPTURE_H

#include "base/buf.h"
#include "srtp/srtp.h"

enum { MADE_FRAMES = 20000, MADE_OCTETS = 6 * 1024 * 1024, MADE_FILE = 8 * 1024 * 1024 };

enum made_link { MADE_ETHERNET, MADE_VLAN, MADE_QINQ, MADE_SLL, MADE_SLL2, MADE_RAW, MADE_NULL, MADE_LINKS };
enum made_tunnel { MADE_PLAIN, MADE_IPIP, MADE_GRE, MADE_GTPU };

struct made {
	enum made_link link;
	enum made_tunnel tunnel;
	bool v6;
	unsigned fragment; /* payloads longer than this are cut into fragments; 0: never */
	unsigned snap;	   /* no more octets of a frame than this; 0: all */
	uint64_t now_us;
	uint32_t frames, random;
	uint16_t ip_id;
	struct {
		uint64_t time_us;
		uint32_t at, n, wire;
	} frame[MADE_FRAMES];
	struct buf octets;
	uint8_t room[MADE_OCTETS];
};

struct made_end {
	uint8_t host; /* last octet of its address */
	uint16_t port;
};

void made_begin(struct made *m);
uint32_t made_random(struct made *m);
void made_udp(struct made *m, struct made_end from, struct made_end to, struct span payload);
void made_tcp(struct made *m, struct made_end from, struct made_end to, uint32_t seq, uint8_t flags, struct span payload);
/* An address as text: 10.0.0.7 or fd00::7. Stays good for eight calls. */
const char *made_ip(const struct made *m, uint8_t host);

/* One direction of media. */
struct made_media {
	struct made_end from, to;
	uint8_t pt, event_pt;
	uint16_t seq;
	uint32_t ts, ssrc, step;
	uint16_t len;	   /* of the clear payload; 0: Opus of changing length */
	bool even;	   /* encrypted by somebody whose keys nobody has: octets spread evenly, a tag of 10 */
	uint8_t tag;	   /* its length instead, when `even` */
	struct srtp *srtp; /* encrypted under these keys */
	bool tag_32;
};

void made_rtp(struct made *m, struct made_media *a);
void made_rtp_of(struct made *m, struct made_media *a, struct span payload);
/* n packets of 20 ms in both directions; b may be NULL. */
void made_talk(struct made *m, struct made_media *a, struct made_media *b, unsigned n);
void made_digit(struct made *m, struct made_media *a);

void made_dtls(struct made *m, struct made_end client, struct made_end server, uint8_t fill);
void made_zrtp(struct made *m, struct made_end initiator, struct made_end responder);
void made_stun(struct made *m, struct made_end from, struct made_end to);

/* The file; the caller frees. Frames change places within windows of that many; 0 or 1: none does. */
struct span made_pcap(struct made *m, unsigned window, bool swapped);
struct span made_pcapng(struct made *m);

#endif
