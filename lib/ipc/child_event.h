/* SPDX-License-Identifier: ISC */
/* What child.c asks of child_event.c and tells it. */
#ifndef IPC_CHILD_EVENT_H
#define IPC_CHILD_EVENT_H

#include "ipc/child.h"

enum proc child_me(void);
void child_event_watch_up(struct link *watch); /* alarms that waited for it go out */
uint64_t child_events_lost(void);

#endif
