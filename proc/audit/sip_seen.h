/* SPDX-License-Identifier: ISC */
/* A SIP message as it was seen on the wire: read with tolerance (lines may end in LF, what is odd is passed over), since whoever
 * sent it is not ours to refuse. Spans point into the message. */
#ifndef AUDIT_SIP_SEEN_H
#define AUDIT_SIP_SEEN_H

#include "base/addr.h"
#include "wire/digest.h"
#include "wire/sip_token.h"

struct seen_party {
	struct span user, name, tag;
};

struct sip_seen {
	bool request, sdp, digest, identity;
	enum sip_method method; /* of a response: of its CSeq */
	uint16_t status;
	unsigned vias;
	struct span call_id, device, body;
	struct span session; /* Session-ID (RFC 7989), without its parameters */
	struct seen_party from, to;
	struct addr contact, via; /* family 0: none, or a name */
	enum digest_alg alg;
	struct span login;
};

bool sip_seen(struct span message, struct sip_seen *out);
/* The length that the head's Content-Length gives the whole; 0: the head is not whole. Of a head that has too many lines: that of those
 * that sip_seen() reads. */
size_t sip_seen_length(struct span s);

#endif
