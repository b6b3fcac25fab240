/* SPDX-License-Identifier: ISC */
/* Where a number leads: a person, a ring group, the outside, the exchange itself. */
#ifndef CORE_ROUTE_H
#define CORE_ROUTE_H

#include "directory.h"
#include "plan/permit.h"

enum { ROUTE_HOPS_MAX = 5 }; /* forwards behind forwards */

enum dest_kind { DEST_NONE, DEST_USER, DEST_GROUP, DEST_OUTSIDE, DEST_SERVICE, DEST_PARK, DEST_MAILBOX };

struct dest {
	uint8_t kind;   /* enum dest_kind */
	uint8_t route;  /* enum plan_route: how the call came to go there */
	uint8_t hops;   /* forwards on the way */
	uint32_t index; /* of the user or group */
	uint32_t payer; /* on whose account the leg goes; NOBODY */
	struct number number;
};

/* The number in any spelling, as it was dialled or set; an outside number of ours is its extension. False, and kind DEST_NONE: it leads nowhere. */
bool route_find(struct span spelled, struct span phone_context, struct dest *out);
/* Does it call for help? An extension that is spelled as a mistyped emergency number is itself. */
bool route_is_emergency(struct span spelled);

#endif
