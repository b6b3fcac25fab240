/* SPDX-License-Identifier: ISC */
/* Where the caller is, in the INVITE that asks for help on its behalf (RFC 6442): beside the session description as PIDF documents
 * of our own writing, and named by a Geolocation header. */
#ifndef EDGE_PLACE_H
#define EDGE_PLACE_H

#include "edge.h"
#include "wire/pidf.h"

enum { PLACES_MAX = 2, PLACE_ID_MAX = 32 + SITE_NAME_MAX };

struct place_document {
	char id[PLACE_ID_MAX];
	bool ours; /* what the site knows; else what the phone says */
	size_t n;
	uint8_t text[PIDF_MAX];
};

struct place {
	char boundary[25];
	size_t documents;
	struct place_document document[PLACES_MAX];
};

/* civic: as SETTING_LOCATION has it, what an administrator entered; it goes first, and what the phone says itself after it. doubt:
 * the phone may be elsewhere than civic says, which is said, and its own word goes first. said: NULL, or what passed
 * pidf_place_ok(). user: the caller's. False: there is none. */
bool place_init(struct place *p, struct span civic, bool doubt, const struct pidf_place *said, struct span user);
/* The last header and the body. */
void place_put_body(struct buf *b, const struct place *p, const struct sdp *sdp);

#endif
