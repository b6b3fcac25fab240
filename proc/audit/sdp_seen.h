/* SPDX-License-Identifier: ISC */
/* The audio lines of a session description, read with tolerance. */
#ifndef AUDIT_SDP_SEEN_H
#define AUDIT_SDP_SEEN_H

#include "base/addr.h"
#include "wire/sdp.h"

enum { SEEN_MEDIA = 4, SEEN_KEYS = 8, SEEN_CANDIDATES = 8 };

/* Suites of SDES: those of enum sdp_suite, and the one with tags of 32 bits, which the exchange refuses and others use. */
enum seen_suite { SEEN_CM_128_80, SEEN_CM_256_80, SEEN_GCM_128, SEEN_GCM_256, SEEN_CM_128_32, SEEN_SUITES };

enum seen_codec {
	SEEN_OTHER,
	SEEN_PCMU,
	SEEN_PCMA,
	SEEN_G722,
	SEEN_GSM,
	SEEN_G723,
	SEEN_G729,
	SEEN_ILBC,
	SEEN_OPUS,
	SEEN_CODECS
};

struct sdp_seen {
	uint16_t flags; /* enum side_flag */
	uint8_t pt, codec, event_pt;
	unsigned media_n, key_n, candidate_n, inside_n;
	struct addr media[SEEN_MEDIA]; /* of lines with a port */
	struct addr candidate[SEEN_CANDIDATES];
	struct {
		uint8_t suite, n;
		uint8_t key[SDP_KEY_MAX];
	} key[SEEN_KEYS];
};

void sdp_seen(struct span body, struct sdp_seen *out);
size_t seen_suite_key_len(enum seen_suite s);
enum seen_codec seen_codec_of_pt(uint8_t pt); /* of those with a fixed number (RFC 3551 6) */
const char *seen_codec_name(enum seen_codec c);

#endif
