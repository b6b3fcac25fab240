/* SPDX-License-Identifier: ISC */
/* The two JSON objects of a PASSporT, in the one spelling that RFC 8225 9 allows apart from the order of members. False: not
 * that, or, with *other set, a member that is not known here. Spans borrow from the text. */
#ifndef WIRE_PASSPORT_JSON_H
#define WIRE_PASSPORT_JSON_H

#include "wire/passport.h"

struct passport_header {
	struct span alg, typ, ppt, x5u;
};

struct passport_claims {
	struct passport *passport; /* attest, iat_s, orig, dest and dests are set */
	bool has_iat, has_orig, has_dest, has_origid;
};

bool passport_json_header(struct span text, struct passport_header *out, bool *other);
bool passport_json_claims(struct span text, struct passport_claims *out, bool *other);

#endif
