/* SPDX-License-Identifier: ISC */
/* Which rows are calls that the core of now has named. The others, of the core before or of an earlier life of media, may be of calls
 * that ended while one of the two was away. */
#ifndef MEDIA_OWNED_H
#define MEDIA_OWNED_H

#include <stdbool.h>
#include <stdint.h>

/* Rows of the table. Aborts without memory. */
void owned_open(uint32_t rows);
/* Another core: it has named none. */
void owned_begin(void);
void owned_set(uint32_t row);
bool owned_is(uint32_t row);

#endif
