/* SPDX-License-Identifier: ISC */
/* Where a phone stands, as "country=GB, city=London, street=Baker Street, house=221B, floor=1, room=12": each word once,
 * in any order, values of plain text without '=' and ','. The words stand for elements of RFC 4119 2.2.1 and RFC 5139 3. */
#ifndef IPC_CIVIC_H
#define IPC_CIVIC_H

#include "wire/pidf.h"

enum civic_part {
	CIVIC_COUNTRY,  /* ISO 3166-1, two capital letters; the only one that must be there */
	CIVIC_STATE,    /* A1 */
	CIVIC_CITY,     /* A3 */
	CIVIC_STREET,   /* RD */
	CIVIC_HOUSE,    /* HNO */
	CIVIC_FLOOR,    /* FLR */
	CIVIC_ROOM,     /* ROOM */
	CIVIC_POSTCODE, /* PC */
	CIVIC_PARTS
};

extern const uint8_t civic_element[CIVIC_PARTS]; /* enum pidf_element */

struct civic {
	struct span part[CIVIC_PARTS]; /* into the text; empty when not given */
};

/* NULL, or why it is no address. */
const char *civic_parse(struct span text, struct civic *out);

/* A place in one line for people: "48.858370, 2.294481 within 30 m, country=FR, city=Paris", elements that have no word here by
 * their names. What does not fit is left out, from the end. */
void civic_describe(const struct pidf_place *p, char *out, size_t cap);

#endif
