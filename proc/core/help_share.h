/* SPDX-License-Identifier: ISC */
/* Calls for help are on nobody's account. Where there is room for no more of them, what a phone has beside its first gives way to a phone
 * that has fewer: one that calls for help without end keeps nobody else from it (R16, R27). */
#ifndef CORE_HELP_SHARE_H
#define CORE_HELP_SHARE_H

#include "call.h"

/* Would its end make the room that is missing? */
typedef bool help_use(const struct call *c, void *arg);

void help_share_init(void);

/* The call to be ended for one of this phone's, which is among the counted or is not yet: of whoever has most the youngest, and rather one
 * that nobody has answered. use NULL: any is of use. NULL: none, as nobody has two more than this phone has besides. */
struct call *help_surplus(uint32_t device, bool counted, help_use *use, void *arg);
void help_end_surplus(struct call *c);
/* It ends, for a call that is not counted yet. False: there is none. */
bool help_gives_way(uint32_t device);

/* Has its phone no older one? A talk of somebody else ends for a phone's first alone. */
bool help_is_first(const struct call *c);

void help_share_status(struct proc_status *s);

#endif
