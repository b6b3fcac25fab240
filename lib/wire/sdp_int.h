/* SPDX-License-Identifier: ISC */
/* Shared by the sdp_*.c files only. */
#ifndef WIRE_SDP_INT_H
#define WIRE_SDP_INT_H

#include "wire/sdp.h"

/* What one m=audio line and its attributes have said so far. The session level is one too: its `audio` holds
 * the defaults for every m= line. */
struct sdp_section {
	struct sdp_audio audio;
	bool session;                   /* this is the session level */
	bool own_fingerprint, own_zrtp; /* said at this level, not inherited */
	uint32_t seen;                  /* attributes met at this level, by index in the attribute table */
	uint8_t format_n;
	uint8_t format[SDP_FORMATS_MAX];
	struct span rtpmap[SDP_FORMATS_MAX], fmtp[SDP_FORMATS_MAX]; /* what follows the payload type; n 0: none */
};

/* The parsers answer NULL or the reason of the refusal. */
const char *sdp_attribute(struct sdp_section *s, struct span value);
const char *sdp_rtpmap(struct sdp_section *s, struct span value);
const char *sdp_fmtp(struct sdp_section *s, struct span value);
void sdp_codecs(struct sdp_section *s); /* at the end of a section: formats to codecs */
const char *sdp_crypto_line(struct sdp_audio *a, struct span value);
const char *sdp_connection(struct span value, struct addr *out); /* "IN IP4 192.0.2.1" */
const char *sdp_unicast(struct span ip, struct addr *out);       /* "192.0.2.1" */
bool sdp_ice_text_ok(struct span s);                             /* ice-char of RFC 8839, any number */

bool sdp_addr_ok(const struct addr *a); /* none, or unicast and of one kind */
bool sdp_token_ok(struct span s, bool slash);
uint8_t sdp_static_pt(uint8_t codec); /* 0xff: none */
const char *sdp_proto_name(uint8_t proto);
const char *sdp_hash_name(uint8_t hash);
const char *sdp_setup_name(uint8_t setup);
const char *sdp_direction_name(uint8_t direction);
const char *sdp_candidate_type_name(uint8_t type);

/* RFC 5761, 4: these would read as RTCP on one port. */
static inline bool sdp_pt_is_rtcp(uint8_t pt)
{
	return pt >= 64 && pt <= 95;
}

/* The word up to the next SP, which is eaten with it; an empty word when nothing is left. */
struct span sdp_word(struct span *rest);

#endif
