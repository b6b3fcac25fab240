/* SPDX-License-Identifier: ISC */
/* Addresses that nobody listens to for a time: set by an administrator, told to media and the edges. */
#ifndef CORE_BANS_H
#define CORE_BANS_H

#include "ipc/child.h"

enum { BANS_MAX = 1024 }; /* as many as fit the table of media and edge */

void bans_tell(struct link *l);

void bans_on_ctl(struct link *from, const struct ipc_view *v);
void bans_on_list(struct link *from, const struct ipc_view *v);
void bans_status(struct proc_status *s);

#endif
