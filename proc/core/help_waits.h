/* SPDX-License-Identifier: ISC */
/* A call for help that comes while media is started anew, after its death or in an upgrade, waits for it instead of being refused
 * (R16, R28). */
#ifndef CORE_HELP_WAITS_H
#define CORE_HELP_WAITS_H

#include "request.h"

enum { HELP_WAITS_MS = 10000 };

/* True: it is kept, and goes on or is refused later. False: too many wait, or this one has. */
bool help_waits(const struct request *r);
void help_waits_media_up(void);
/* CANCEL of one that waits: answers it and says true. */
bool help_waits_cancel(struct reply invite);
void help_waits_status(struct proc_status *s);

#endif
