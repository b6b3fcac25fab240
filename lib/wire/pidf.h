/* SPDX-License-Identifier: ISC */
/* Where somebody is, as a PIDF-LO document (RFC 4119, RFC 5491): a point or a circle on the map, a civic address (RFC 5139), or
 * both of one place. The place is a plain value in messages between processes, where the receiver asks pidf_place_ok() first. */
#ifndef WIRE_PIDF_H
#define WIRE_PIDF_H

#include "base/buf.h"

enum {
	PIDF_VALUE_MAX = 256,            /* octets of one element of an address */
	PIDF_TEXT_MAX = 1024,            /* of all; what RFC 5139 has an element for is a few hundred */
	PIDF_MAX = 8192,                 /* of a document of ours: all of PIDF_TEXT_MAX escaped, and the elements */
	PIDF_RADIUS_MAX_CM = 2003750834, /* half round the world */
};

/* The elements of an address, in the order of the schema (RFC 5139 4). */
enum pidf_element {
	PIDF_COUNTRY,
	PIDF_A1,
	PIDF_A2,
	PIDF_A3,
	PIDF_A4,
	PIDF_A5,
	PIDF_A6,
	PIDF_PRM,
	PIDF_PRD,
	PIDF_RD,
	PIDF_STS,
	PIDF_POD,
	PIDF_POM,
	PIDF_RDSEC,
	PIDF_RDBR,
	PIDF_RDSUBBR,
	PIDF_HNO,
	PIDF_HNS,
	PIDF_LMK,
	PIDF_LOC,
	PIDF_FLR,
	PIDF_NAM,
	PIDF_PC,
	PIDF_BLD,
	PIDF_UNIT,
	PIDF_ROOM,
	PIDF_SEAT,
	PIDF_PLC,
	PIDF_PCN,
	PIDF_POBOX,
	PIDF_ADDCODE,
	PIDF_ELEMENTS
};

extern const char *const pidf_element_name[PIDF_ELEMENTS];
int pidf_element_find(struct span name); /* -1: none */

enum pidf_shape { PIDF_NOWHERE, PIDF_POINT, PIDF_CIRCLE, PIDF_SHAPES };

/* How the place came to be known: of the registered tokens (RFC 4119 6.1) those that a telephone has. */
enum pidf_method {
	PIDF_METHOD_UNKNOWN,
	PIDF_MANUAL, /* somebody entered it */
	PIDF_GPS,
	PIDF_A_GPS,
	PIDF_DHCP,
	PIDF_LLDP_MED,
	PIDF_802_11,
	PIDF_CELL,
	PIDF_TRIANGULATION,
	PIDF_DERIVED,
	PIDF_METHODS
};

struct pidf_place {
	uint8_t shape;  /* enum pidf_shape, on WGS 84 */
	uint8_t method; /* enum pidf_method */
	uint8_t has_altitude;
	int32_t latitude_e7, longitude_e7; /* degrees * 10^7: a centimetre */
	int32_t altitude_cm;
	uint32_t radius_cm;
	int64_t wall_ms; /* when it was there, or was said to be; 0: not known */
	uint16_t end[PIDF_ELEMENTS];
	uint8_t text[PIDF_TEXT_MAX]; /* the values of the address, one behind the other */
};

/* Its numbers are in their ranges, its texts are plain (utf8_text_ok()), the country, if it is there, is two capital letters, and
 * something is said at all. */
bool pidf_place_ok(const struct pidf_place *p) __attribute__((warn_unused_result));

/* Empty: not said. */
struct span pidf_value(const struct pidf_place *p, enum pidf_element e);
/* False, and nothing changed: there is a value already, or it is none that may stand there, or there is no room. */
bool pidf_set(struct pidf_place *p, enum pidf_element e, struct span value) __attribute__((warn_unused_result));

struct pidf {
	struct span user, domain; /* whose: pres:user@domain */
	const struct pidf_place *place;
	const char *note; /* a word of it for people, in English (RFC 3863 4.1.6); NULL: none */
};

/* A place that is not ok sets b->full like what does not fit. */
void pidf_write(struct buf *b, const struct pidf *p);

/* The first place in the document that says something understood: what is unknown is passed over, a shape or an address that is
 * not all good counts as none. Strict: lib/wire/xml.h. False: *why, and nothing of it was taken. */
bool pidf_read(struct span document, struct pidf_place *out, const char **why) __attribute__((warn_unused_result));

#endif
