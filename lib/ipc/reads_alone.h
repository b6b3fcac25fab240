/* SPDX-License-Identifier: ISC */
/* A store on a disk that takes no writes (mounted read-only after an error, broken, full to the last block): its process serves what can
 * be read, so that phones log in and help can be called, refuses what would have to be kept, says so, and begins anew with each new
 * configuration and each ten minutes, to look whether it may write again. */
#ifndef IPC_READS_ALONE_H
#define IPC_READS_ALONE_H

#include "ipc/ipc.h"

void reads_alone_serve(const char *why); /* from serve(): the store of this process is so, and why. Copied */
void reads_alone_commit(void);           /* from commit(): ends this process if it is */
void reads_alone_status(struct proc_status *s);

#endif
