/* SPDX-License-Identifier: ISC */
/* From a row to what the kernel relays by. Pure. */
#ifndef MEDIA_FLOW_MAKE_H
#define MEDIA_FLOW_MAKE_H

#include "flow.h"
#include "table.h"

struct flow_clock {
	uint64_t now_ms;  /* CLOCK_BOOTTIME */
	int64_t ahead_ms; /* of CLOCK_MONOTONIC */
};

/* The flow that this side's packets on that component make; false: they are for the sockets. Without interfaces and next hop, which the
 * row does not know. */
bool flow_make(const struct relay_row *r, unsigned side, unsigned component, struct flow_clock c, struct flow *flow);

/* The same for a side that ends here: what its packets go up to media by, */
bool flow_make_ended(
    const struct relay_row *r, unsigned side, unsigned component, struct flow_clock c, struct flow *flow);
/* and what media's packets to it leave as. */
bool flow_make_send(const struct relay_row *r, unsigned side, struct flow *flow);
/* Interface and next hop of an earlier flow; false: it went elsewhere. */
bool flow_take_way(const struct flow *from, struct flow *flow);

#endif
