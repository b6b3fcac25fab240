/* SPDX-License-Identifier: ISC */
#ifndef IPC_DONE_H
#define IPC_DONE_H

#include "ipc/ipc.h"

/* How what was asked with this token ended. Nobody there, or no room: nothing is said. A text of more than REASON_MAX is cut. */
void done_say(struct link *to, uint64_t token, enum done_result result, uint64_t value, struct span text);

#endif
