/* SPDX-License-Identifier: ISC */
/* How the host would send to an address, asked of the kernel over netlink. */
#ifndef MEDIA_ROUTE_H
#define MEDIA_ROUTE_H

#include "base/addr.h"

struct route {
	uint32_t interface;
	struct addr next; /* the next hop; family 0: the address itself */
};

/* Before the cage, behind which no socket can be had. It is tried for a second at most. 0 or -errno: no netlink, and no way is known. */
int route_open(void) __attribute__((warn_unused_result));
bool route_is_open(void);

/* From our address `source`. 0; -ENETUNREACH: no way there but through the stack (itself, broadcast, multicast, none); -EAGAIN: the kernel
 * could not be asked now. */
int route_to(const struct addr *to, const struct addr *source, struct route *out) __attribute__((warn_unused_result));

/* Did routes, addresses or interfaces change since this was last asked? */
bool route_changed(void);

#endif
