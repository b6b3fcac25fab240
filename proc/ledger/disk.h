/* SPDX-License-Identifier: ISC */
#ifndef LEDGER_DISK_H
#define LEDGER_DISK_H

#include <stdbool.h>

/* Is a page that is written in this directory on disk? A disk that is full, broken or read-only takes none. */
bool disk_takes_writes(int dir);

#endif
