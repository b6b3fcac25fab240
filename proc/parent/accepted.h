/* SPDX-License-Identifier: ISC */
#ifndef PARENT_ACCEPTED_H
#define PARENT_ACCEPTED_H

#include <stdbool.h>

/* A copy of this open file, to be read; where there is no room for one, the file itself. */
int accepted_copy(int fd);
/* The copy that was made last is what the exchange runs with. */
void accepted_keep(void);
/* The one that was kept last, or -1. */
int accepted_open(void);
bool accepted_is_there(void);
/* It has another text than the copy that was made last. */
bool accepted_is_another(void);

#endif
