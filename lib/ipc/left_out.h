/* SPDX-License-Identifier: ISC */
/* Records of an arena that are not taken over: they are wiped, and how many is counted, an event and a line of the status. */
#ifndef IPC_LEFT_OUT_H
#define IPC_LEFT_OUT_H

#include "ipc/child.h"

enum left_out {
	LEFT_OUT_DAMAGED, /* its own process can't have written it */
	LEFT_OUT_UNFIT,   /* what it was written for, the configuration has no more */
	LEFT_OUT_KINDS
};

void left_out_count(enum left_out why);
/* There is one to say it to: how many there were, by the name of this process, once. */
void left_out_ledger_up(enum proc me);
void left_out_status(struct proc_status *s);

#endif
