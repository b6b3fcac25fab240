/* SPDX-License-Identifier: ISC */
/* Exchanges whose programs are at work and that nobody can take up again: no process has their maps, and no bpffs here has a pin of them, as
 * when it was unmounted. As root. */
#ifndef NET_ORPHAN_H
#define NET_ORPHAN_H

#include <stdint.h>

enum { ORPHANS_MAX = 16, ORPHAN_MAPS_MAX = 32 };

struct orphan {
	uint32_t map[ORPHAN_MAPS_MAX], maps; /* numbers */
	uint32_t number;                     /* of the exchange (place.h) */
};

/* How many. */
uint32_t orphans_find(struct orphan out[ORPHANS_MAX]);

#endif
