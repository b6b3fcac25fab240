/* SPDX-License-Identifier: ISC */
/* Where the caller is, in the INVITE that asks for help on its behalf (RFC 6442): beside the session description as a PIDF
 * document, and named by a Geolocation header. */
#ifndef EDGE_PLACE_H
#define EDGE_PLACE_H

#include "edge.h"
#include "wire/pidf.h"

struct place {
	struct span pidf;
	char boundary[25], id[25 + SITE_NAME_MAX];
	uint8_t text[PIDF_MAX];
};

/* civic: as SETTING_LOCATION has it, what an administrator entered, which counts for more than `location`, the document that the
 * caller's phone sent. doubt: the phone may be elsewhere than civic says. user: the caller's. False: there is none. */
bool place_init(struct place *p, struct span civic, bool doubt, struct span location, struct span user);
/* The last header and the body. */
void place_put_body(struct buf *b, const struct place *p, const struct sdp *sdp);

#endif
