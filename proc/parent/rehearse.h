/* SPDX-License-Identifier: ISC */
/* The new executables show that they could take over, while the old ones serve: a parent of the new build starts one of each, hears from
 * each which build it is of, whether it takes the configuration and what is kept of calls, and whether it could open its store, tries the
 * addresses that are new, and ends them all. Nothing is written or listened on. Its line on standard output is the reason, or
 * REHEARSED, and behind that another one where something of it is to be known. */
#ifndef PARENT_REHEARSE_H
#define PARENT_REHEARSE_H

#include "parent.h"

#define REHEARSED "ready"

/* Static; NULL when all that lies beside the processes is there. */
const char *rehearse_look(void);
/* Of that process, or of nobody. The first word counts. */
void rehearse_fail(const struct slot *s, const char *why);
/* One more took the site; the last one ends it all. */
void rehearse_verdict(void);

#endif
