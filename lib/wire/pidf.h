/* SPDX-License-Identifier: ISC */
/* Where somebody is, as a PIDF-LO document (RFC 4119, RFC 5491) with one civic address (RFC 5139). */
#ifndef WIRE_PIDF_H
#define WIRE_PIDF_H

#include "base/buf.h"

enum { PIDF_MAX = 4096, PIDF_VALUE_MAX = 256 };

/* element: "country", "A3", "RD", ... as RFC 5139 names them; value: plain UTF-8, empty: left out */
struct pidf_field {
	const char *element;
	struct span value;
};

struct pidf {
	struct span user, domain; /* whose: pres:user@domain */
	const struct pidf_field *field;
	size_t fields;    /* in any order; they are written in that of the schema */
	int64_t wall_ms;  /* when this was said; 0: no time stamp */
	const char *note; /* a word of it for people, in English (RFC 3863 4.1.6); NULL: none */
};

/* Method "Manual": an administrator entered it. An element that RFC 5139 does not have or that stands twice, a value that
 * is too long or holds a control character, or no country sets b->full like what does not fit. */
void pidf_write(struct buf *b, const struct pidf *p);

#endif
