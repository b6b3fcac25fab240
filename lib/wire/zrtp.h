/* SPDX-License-Identifier: ISC */
/* ZRTP packets (RFC 6189) as a relay sees them: types, checksums, the hash of the Hello that SDP announced,
 * and when both ends have their keys. */
#ifndef WIRE_ZRTP_H
#define WIRE_ZRTP_H

#include "base/span.h"

enum zrtp_type {
	ZRTP_HELLO,
	ZRTP_HELLO_ACK,
	ZRTP_COMMIT,
	ZRTP_DHPART1,
	ZRTP_DHPART2,
	ZRTP_CONFIRM1,
	ZRTP_CONFIRM2,
	ZRTP_CONF2ACK,
	ZRTP_ERROR,
	ZRTP_ERROR_ACK,
	ZRTP_GOCLEAR,
	ZRTP_CLEAR_ACK,
	ZRTP_SASRELAY,
	ZRTP_RELAY_ACK,
	ZRTP_PING,
	ZRTP_PING_ACK,
	ZRTP_TYPE_N
};

enum { ZRTP_HEADER = 12, ZRTP_LEAST = 12 + 12 + 4 };

struct zrtp {
	uint8_t type; /* enum zrtp_type */
	uint16_t seq;
	uint32_t ssrc;
	struct span message; /* from the preamble to its end, without the checksum: what zrtp-hash is taken of */
};

/* Header, magic, a length that fits the datagram exactly and the type, a type that is known, CRC-32C. */
bool zrtp_parse(struct span datagram, struct zrtp *out) __attribute__((warn_unused_result));

/* One per relayed media component; ends are 0 and 1. Zero it, then set what SDP said. */
struct zrtp_watch {
	bool has_hash[2]; /* a=zrtp-hash of this end */
	uint8_t hash[2][32];
	uint16_t seen[2];    /* mask of 1 << enum zrtp_type, by sender */
	uint8_t hello_ok[2]; /* a Hello of this end had the announced hash */
	uint8_t tag_len[2];  /* of the SRTP that this end's Commit asked for; 0: unknown */
	uint8_t initiator;   /* 1 + the end that sent Confirm2 */
	bool open, forged;   /* forged: an end sent a Hello other than the announced one; the watch never opens */
};

/* What to do with a datagram from an end that would be relayed to the other. */
enum {
	ZRTP_RELAY = 1,  /* pass it on; without this bit drop it (malformed, GoClear, ClearACK, a forged Hello) */
	ZRTP_OPENED = 2, /* Conf2ACK, and all before it from the right ends: both have their keys now */
	ZRTP_FORGED = 4, /* the Hello does not have the hash that SDP announced (T33): tell both users */
	ZRTP_FAILED = 8  /* an end sent Error */
};

uint8_t zrtp_watch_feed(struct zrtp_watch *w, unsigned from, struct span datagram);

/* For rtp_shape_ok(): RTP_TAG_ANY (0) while unknown. */
uint8_t zrtp_watch_tag_len(const struct zrtp_watch *w);

#endif
