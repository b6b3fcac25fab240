/* SPDX-License-Identifier: ISC */
/* ringfence.conf as text becomes a struct site, or a reason that names file, line and key. */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include "base/span.h"
#include "ipc/site.h"

enum { CONF_TEXT_MAX = 65536, CONF_REASON_MAX = 200, CONF_DATABASE_MAX = 512 };

struct conf {
	struct site site;
	char database[CONF_DATABASE_MAX]; /* empty: SQLite; else a postgresql:// URI */
	char reason[CONF_REASON_MAX + 1]; /* one line without control octets; empty when the text is good */
	char warning[CONF_REASON_MAX +
		     1]; /* of a good one, as such a line: what it says and will not have; empty: nothing */
};

/* True when the text is a complete site; file names it in the reason. */
bool conf_parse(struct span text, const char *file, struct conf *out);

#endif
