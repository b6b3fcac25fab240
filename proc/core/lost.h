/* SPDX-License-Identifier: ISC */
/* Calls and legs that core kept, whole as they are, and that cannot go on: of ports or a trunk that the site has no more, or dropped because core
 * died of them twice. What is damaged is counted elsewhere (ipc/left_out.h). */
#ifndef CORE_LOST_H
#define CORE_LOST_H

#include "ipc/child.h"

enum lost { LOST_CALLS, LOST_LEGS, LOST_KINDS };

void lost_count(enum lost what);
/* There is one to say it to: how many there were, once. */
void lost_ledger_up(void);
void lost_status(struct proc_status *s);

#endif
