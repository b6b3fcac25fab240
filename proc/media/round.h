/* SPDX-License-Identifier: ISC */
/* Rows that are to be looked at anew, one after the other, so that whoever does it may stop after some and go on later. Pure. */
#ifndef MEDIA_ROUND_H
#define MEDIA_ROUND_H

#include <stdbool.h>
#include <stdint.h>

struct round {
	bool *due; /* for each row; the caller's */
	uint32_t rows, at;
	bool runs;
};

/* From the first row on; nothing new while one runs. */
void round_begin(struct round *r);

/* The next row that is due, and no longer is. One that becomes due behind it waits for the next round. False: the round is over. */
bool round_next(struct round *r, uint32_t *row);

#endif
