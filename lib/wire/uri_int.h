/* SPDX-License-Identifier: ISC */
/* Shared by uri.c and uri_eq.c only: what is inside a URI that was read. */
#ifndef WIRE_URI_INT_H
#define WIRE_URI_INT_H

#include "wire/sip_lex.h"
#include "wire/uri.h"

struct uri_param {
	struct span name, value;
	bool has_value;
};

/* The next of ";a=b;c"; LEX_NONE where none begins. */
enum lex_next uri_next_param(struct lex *l, struct uri_param *out);

/* Equal once escapes are undone (RFC 3261 19.1.4: an escape equals its character, but for those of the reserved set). Both passed
 * lex_escaped(). */
bool uri_escaped_eq(struct span a, struct span b, bool fold_case);

#endif
