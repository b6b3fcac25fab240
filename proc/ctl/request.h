/* SPDX-License-Identifier: ISC */
/* What a local client says: one request per connection.
 *
 *   verb=user-add LF  name=101 LF  display=Anna LF  LF
 *
 * Fields in any order, each at most once, only those of the verb; a value ends at LF and holds no controls; with
 * body=N exactly N octets follow the blank line. Nothing is copied or allocated: spans point into the caller's octets. */
#ifndef CTL_REQUEST_H
#define CTL_REQUEST_H

#include "base/span.h"
#include "ipc/contract.h"

enum { REQUEST_MAX = 8192, REQUEST_BODY_MAX = 4096 };

enum role { ROLE_ANYONE, ROLE_ADMIN };

enum field {
#define FIELD(NAME, name, kind, most) FIELD_##NAME,
#include "ctl/request.def"
#undef FIELD
	FIELDS
};

enum verb {
#define VERB(NAME, name, role, effect, must, may) VERB_##NAME,
#include "ctl/request.def"
#undef VERB
	VERBS
};

struct request {
	enum verb verb;
	uint32_t have; /* bits of enum field */
	struct span text[FIELDS];
	uint64_t number[FIELDS];
	struct span body;
};

enum request_state { REQUEST_WHOLE, REQUEST_MORE, REQUEST_BAD };

/* MORE: what is there is the beginning of a request. BAD: *why says what is wrong, as a static text. Octets after a whole
 * request are BAD. */
enum request_state request_parse(struct span in, struct request *out, const char **why);

enum role request_role(enum verb v);
bool request_changes(enum verb v); /* what it began must be brought to an end */

static inline bool request_has(const struct request *r, enum field f)
{
	return r->have >> f & 1;
}

#endif
