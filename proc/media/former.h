/* SPDX-License-Identifier: ISC */
/* The layout of media's arena, and the one before, which it still reads. A change of any record raises the number, and puts into
 * former.c how the records of the number before become today's. */
#ifndef MEDIA_FORMER_H
#define MEDIA_FORMER_H

#include "arena/arena.h"

enum { MEDIA_LAYOUT = 4 };

enum media_table { MEDIA_ROWS, MEDIA_ENDS, MEDIA_TABLES }; /* MEDIA_ENDS: the ended sides of each row */

extern const struct arena_former media_former;

#endif
