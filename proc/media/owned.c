/* SPDX-License-Identifier: ISC */
#include "owned.h"
#include "base/log.h"
#include <stdlib.h>

static uint64_t cores;     /* that came, the one of now among them */
static uint64_t *named_by; /* by row: which of them named it last */

void owned_open(uint32_t rows)
{
	named_by = calloc(rows, sizeof *named_by);
	if (!named_by)
		log_fatal("no memory for the relay table");
}

void owned_begin(void)
{
	cores++;
}

void owned_set(uint32_t row)
{
	named_by[row] = cores;
}

bool owned_is(uint32_t row)
{
	return named_by[row] == cores;
}
