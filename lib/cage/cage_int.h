/* SPDX-License-Identifier: ISC */
#ifndef CAGE_CAGE_INT_H
#define CAGE_CAGE_INT_H

#include "cage/cage.h"
#include <stdbool.h>

enum { CAGE_DIRS_MAX = 4 };

/* Deny every path but those beneath the n directories, and TCP connections unless `may_connect`. Kernels without
 * landlock have the empty root and the filter. */
void cage_landlock(const int *dir_fd, int n, bool may_connect);
/* For what runs under parent's filter alone, which leaves bpf() to net. */
void cage_deny_bpf(void);
void cage_seccomp(const struct cage *c);

#endif
