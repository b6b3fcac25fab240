/* SPDX-License-Identifier: ISC */
/* Records of an arena that its own process can't have written: they are wiped, and how many is counted, an event and a line of the status. */
#ifndef IPC_LEFT_OUT_H
#define IPC_LEFT_OUT_H

#include "ipc/child.h"

void left_out_count(void);
/* There is one to say it to: how many there were, by the name of this process, once. */
void left_out_ledger_up(enum proc me);
void left_out_status(struct proc_status *s);

#endif
