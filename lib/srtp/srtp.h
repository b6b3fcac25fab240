/* SPDX-License-Identifier: ISC */
/* SRTP and SRTCP (RFC 3711, 6188, 7714) on nettle, one direction under one master key. In place, nothing allocated. Nothing
 * is learned from a packet before its tag is verified. SRTCP is always encrypted; without MKI, with a key derivation rate of 0. */
#ifndef SRTP_SRTP_H
#define SRTP_SRTP_H

#include "srtp/cipher.h"
#include "srtp/sources.h"

enum {
	SRTP_LEAPS_MAX = 8,
	SRTP_GROWS = SRTP_TAG_MAX,      /* room that srtp_seal() needs behind the packet */
	SRTCP_GROWS = SRTP_TAG_MAX + 4, /* and srtcp_seal() */
};

enum srtp_result {
	SRTP_OK,
	SRTP_MALFORMED, /* no RTP or RTCP, too short for its tag, SRTCP without encryption */
	SRTP_REPLAYED,  /* had before, or behind the window */
	SRTP_BAD_TAG,
	SRTP_CROWDED, /* an SSRC of the past, or one more than are followed and remembered */
	SRTP_SPENT,   /* the key has protected all that it may (RFC 3711 9.2) */
	SRTP_RESULTS
};

struct srtp {
	uint8_t suite; /* enum sdp_suite */
	struct srtp_cipher rtp;
	struct srtp_session rtcp; /* of which a cipher is made for each of its rare packets */
	struct srtp_sources sources;
};

/* key: master key and salt, srtp_key_len(suite) octets. */
void srtp_set(struct srtp *s, enum sdp_suite suite, const uint8_t *key);

/* *n octets of RTP become SRTP; the caller has SRTP_GROWS more. The roll-over counter follows from the sequence numbers, as a
 * receiver will guess it: a jump stays under 2^15. A number that was used is refused, so no keystream comes twice. */
enum srtp_result srtp_seal(struct srtp *s, uint8_t *packet, size_t *n) __attribute__((warn_unused_result));

/* *n octets of SRTP become RTP. On any failure the packet and all state are as before. leaps: how many roll-overs that nobody
 * heard are tried besides the likely one (at most SRTP_LEAPS_MAX), for the first packet after a long silence. */
enum srtp_result srtp_open(struct srtp *s, uint8_t *packet, size_t *n, unsigned leaps)
    __attribute__((warn_unused_result));

/* The same for a compound of RTCP; the caller has SRTCP_GROWS more. */
enum srtp_result srtcp_seal(struct srtp *s, uint8_t *packet, size_t *n) __attribute__((warn_unused_result));
enum srtp_result srtcp_open(struct srtp *s, uint8_t *packet, size_t *n) __attribute__((warn_unused_result));

#endif
