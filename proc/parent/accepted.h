/* SPDX-License-Identifier: ISC */
#ifndef PARENT_ACCEPTED_H
#define PARENT_ACCEPTED_H

/* A copy of this open file, to be read; where there is no room for one, the file itself. */
int accepted_copy(int fd);
/* The copy that was made last is what the exchange runs with. */
void accepted_keep(void);
/* The one that was kept last, or -1. */
int accepted_open(void);

#endif
