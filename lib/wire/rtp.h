/* SPDX-License-Identifier: ISC */
/* RTP and RTCP headers (RFC 3550), the demultiplexing of one port (RFC 7983, 5761), and the shape check of
 * the gate. */
#ifndef WIRE_RTP_H
#define WIRE_RTP_H

#include "base/cursor.h"

enum wire_kind { WIRE_OTHER, WIRE_STUN, WIRE_ZRTP, WIRE_DTLS, WIRE_RTP, WIRE_RTCP };

/* By the first octets only: what must be understood is parsed by the module of that name. Too short for the
 * smallest header of its kind (T26): WIRE_OTHER, but RTCP of 4 octets is WIRE_RTCP. */
enum wire_kind wire_classify(struct span datagram);

enum { RTP_HEADER = 12, RTCP_HEADER = 4, SRTCP_LEAST = 8 + 4 + 10 };

struct rtp {
	uint8_t pt;
	bool marker, padding; /* padding: in SRTP its count lies inside the encrypted part */
	uint8_t csrc_n;
	uint16_t seq;
	uint32_t timestamp, ssrc;
	uint16_t extension_profile; /* 0 and len 0: none */
	uint16_t extension_len;     /* octets, without its own 4 of header */
	uint16_t payload_at;        /* offset */
	uint16_t payload_len;       /* to the end of the datagram: with tag and padding */
};

/* Version 2; CSRC list and extension within the datagram; at least one octet of payload. */
bool rtp_parse(struct span datagram, struct rtp *out) __attribute__((warn_unused_result));

/* Of a clear packet: payload without padding. False when the count is 0 or more than there is. */
bool rtp_payload(struct span datagram, const struct rtp *rtp, struct span *out) __attribute__((warn_unused_result));

struct rtcp {
	uint8_t pt;    /* 192 - 223 */
	uint8_t count; /* or subtype, or format */
	bool padding;
	struct span body; /* after the 4 octets of header */
};

/* The next packet of a clear compound; false at its end or when malformed (then something is left in the
 * cursor). */
bool rtcp_next(struct cursor *c, struct rtcp *out);

/* The lengths walk from packet to packet exactly to the datagram's end, all of version 2: it is not
 * encrypted. (SRTCP ends in index and tag: with a tag of 10 octets the walk can't come out even, with GCM it
 * does by chance once in 2^16.) */
bool rtcp_is_clear(struct span datagram);

/* Tag lengths of SRTP: 4 (32-bit, and ZRTP's usual), 8 (Skein), 10 (80-bit), 16 (GCM). */
enum { RTP_TAG_ANY = 0, RTP_SHAPE_UNIT = 40 };

/* Could a payload of this length (rtp.payload_len) be SRTP of this codec (enum sdp_codec_kind) with this tag?
 * G.711 and G.722: frames of 5 ms (40 octets) and exactly the tag more; telephone-event: 4 octets and the
 * tag; Opus: more than the tag. RTP_TAG_ANY: any of the four tags, for keys whose suite could not be seen. */
bool rtp_shape_ok(size_t payload_len, uint8_t codec, uint8_t tag_len);

#endif
