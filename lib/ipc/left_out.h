/* SPDX-License-Identifier: ISC */
/* What stood in an arena and does not go on: it is wiped, and how many there were is counted, an event and a line of the status. */
#ifndef IPC_LEFT_OUT_H
#define IPC_LEFT_OUT_H

#include "arena/arena.h"
#include "ipc/child.h"

enum left_out {
	LEFT_OUT_DAMAGED, /* its own process can't have written it */
	LEFT_OUT_UNFIT,   /* what it was written for, the configuration has no more */
	/* core's, whole as they are: of ports or a trunk that the site has no more, or core died of them twice */
	LEFT_OUT_CALL,
	LEFT_OUT_LEG,
	LEFT_OUT_KINDS
};

void left_out_count(enum left_out why);
/* This record the process itself can't have written: it is wiped, and counted. */
void left_out_damaged(struct arena_table *t, uint32_t i);
/* This one is right, and the configuration has no place for it any more: the same, by another name. */
void left_out_unfit(struct arena_table *t, uint32_t i);
/* There is one to say it to: how many there were, by the name of this process, once. */
void left_out_ledger_up(enum proc me);
/* A line for each of those that this process may have. */
void left_out_status(struct proc_status *s, enum proc me);

#endif
