/* SPDX-License-Identifier: ISC */
/* What a parent leaves to the one that takes its place by exec: descriptors that stay open, and the media that still relays. It comes
 * in a sealed file of memory; the new parent looks at each of them before it uses any. */
#ifndef PARENT_HANDOVER_H
#define PARENT_HANDOVER_H

#include "parent.h"

enum { UPGRADES_MAX = 64 }; /* each parent lays one more filter of system calls over those before it (seccomp) */

/* A descriptor of what this parent has, or -1. */
int handover_write(void);
/* In the process that is about to exec: what the descriptor names stays open, and itself. */
void handover_keep_open(int fd);

/* NULL, or why it is not taken. */
const char *handover_read(int fd);
/* The locked site directory; -1: nothing was left. */
int handover_site(void);
/* The socket bound to this address, now the caller's; -1: there is none. */
int handover_listener(const struct addr *a, bool datagrams);
/* The listeners that the configuration has no use for are closed. */
void handover_end(void);
/* Media of the parent before ends; handover_waits() until it is gone. */
void handover_end_media(void);
/* Media of the parent before is still there, and has the ports. */
bool handover_waits(void);
void handover_reaped(pid_t pid);

#endif
