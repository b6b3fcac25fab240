/* SPDX-License-Identifier: ISC */
#ifndef CORE_CALLS_LIST_H
#define CORE_CALLS_LIST_H

#include "ipc/ipc.h"

struct call;

/* `ringfence calls`: one CALL_LINE for each, then DONE. */
void calls_on_list(struct link *from, const struct ipc_view *v);
/* Both ends are there, and neither holds. */
bool calls_talks(const struct call *c);

#endif
