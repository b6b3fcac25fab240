/* SPDX-License-Identifier: ISC */
#ifndef CORE_CALLS_LIST_H
#define CORE_CALLS_LIST_H

#include "ipc/ipc.h"

/* `ringfence calls`: one CALL_LINE for each, then DONE. */
void calls_on_list(struct link *from, const struct ipc_view *v);

#endif
