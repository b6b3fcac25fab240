/* SPDX-License-Identifier: ISC */
/* Bodies of several parts (RFC 5621, multipart/mixed of RFC 2046 5.1): a session description and perhaps where the caller is
 * (RFC 6442). Whatever else stands in one is dropped. */
#ifndef WIRE_SIP_MULTIPART_H
#define WIRE_SIP_MULTIPART_H

#include "wire/sip.h"

enum {
	SIP_PARTS_MAX = 16,
	SIP_PART_HEADERS_MAX = 16,
	SIP_BOUNDARY_MAX = 70,   /* RFC 2046 5.1.1 */
	SIP_LOCATION_MAX = 4096, /* a civic address with all its elements is 2 kB */
};

struct sip_multipart {
	struct span sdp;      /* of the one part that describes the session */
	struct span location; /* application/pidf+xml, the first of at most SIP_LOCATION_MAX octets; empty: none */
};

/* A body that sip_parse() called SIP_MEDIA_MULTIPART, with its boundary. Strict: each line of the boundary is whole, the
 * closing one is there, headers of a part are not folded, no part is encoded or a multipart itself, and exactly one is
 * application/sdp. On false *err says why: 415 for what another phone could take, else 400. */
bool sip_multipart_read(struct span body, struct span boundary, struct sip_multipart *out, struct sip_error *err)
    __attribute__((warn_unused_result));

/* The body of a message in parts: begin() in the place of sip_body_begin(), then each part, then end(). The boundary is the
 * caller's: up to SIP_BOUNDARY_MAX letters and digits by chance; a part in which it stands sets b->full. */
size_t sip_body_multipart_begin(struct buf *b, struct span boundary);
/* content_id: for a cid URL (RFC 2392), without brackets; empty: none */
void sip_body_multipart_part(
    struct buf *b, struct span boundary, struct span content_type, struct span content_id, struct span part);
void sip_body_multipart_end(struct buf *b, size_t mark, struct span boundary);

/* source: the host that knows it (loc-src, RFC 8787), left out when it is no host name; empty: whoever calls says so */
struct sip_geolocation {
	struct span content_id, source;
};

/* Geolocation: <cid:CONTENT-ID>, ..., at least one; they may be used to route the call (RFC 6442 4.1, 4.2). */
void sip_put_geolocation(struct buf *b, const struct sip_geolocation *at, size_t n);

#endif
