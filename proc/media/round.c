/* SPDX-License-Identifier: ISC */
#include "round.h"

void round_begin(struct round *r)
{
	if (!r->runs)
		r->at = 0;
	r->runs = true;
}

bool round_next(struct round *r, uint32_t *row)
{
	if (!r->runs)
		return false;
	while (r->at < r->rows && !r->due[r->at])
		r->at++;
	if (r->at == r->rows) {
		r->runs = false;
		return false;
	}
	r->due[r->at] = false;
	*row = r->at++;
	return true;
}
