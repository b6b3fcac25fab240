/* SPDX-License-Identifier: ISC */
/* Shared by ipc.c and ipc_read.c only. */
#ifndef IPC_IPC_INT_H
#define IPC_IPC_INT_H

#include "ipc/ipc.h"

/* Taken by one system call, which saves the one that finds nothing: into the last frames of the ring. */
enum { RECEIVE_FRAMES = 4 };

/* Nothing is said or heard over it any more; the first reason stands. */
void link_break(struct link *l, const char *why);

#endif
