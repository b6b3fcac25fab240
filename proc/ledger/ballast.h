/* SPDX-License-Identifier: ISC */
/* A file beside the database that holds room on the disk: to open, SQLite must write, and on a full disk the ballast is given up for it. */
#ifndef LEDGER_BALLAST_H
#define LEDGER_BALLAST_H

#include <stdbool.h>

/* Before the cage, both in the directory `dir`. */
void ballast_take(int dir);    /* as large as the disk allows; none, logged, where it allows little */
bool ballast_give_up(int dir); /* false: there was none */
/* A database stood beside it: it is taken once one was opened. */
bool ballast_is_there(int dir);

#endif
