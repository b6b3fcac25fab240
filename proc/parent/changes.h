/* SPDX-License-Identifier: ISC */
/* What another configuration may not change while calls run. */
#ifndef PARENT_CHANGES_H
#define PARENT_CHANGES_H

#include "ipc/site.h"

/* A site, and the database beside it. */
struct changed {
	const struct site *site;
	const char *database;
};

/* For processes that stay: sizes of tables, what is bound, who runs. edges_given: their number is not the configuration's. Static; NULL:
 * nothing of it. */
const char *changes_of_start(struct changed from, struct changed to, bool edges_given);
/* For processes that are all started anew, and go on with the calls of those before: what these stand on must be there. Static; NULL: it is. */
const char *changes_of_calls(struct changed from, struct changed to);

#endif
