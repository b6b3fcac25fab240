/* SPDX-License-Identifier: ISC */
/* What comes to a port of a call before it is said from whom it may: the last few packets of each port, for half a second. A phone speaks as
 * soon as it has answered, and its packets need not go by way of core. */
#ifndef MEDIA_EARLY_H
#define MEDIA_EARLY_H

#include "port.h"

enum {
	EARLY_MS = 500,
	EARLY_EACH = 8,     /* packets of a port; a later one takes the place of the first */
	EARLY_PORTS = 512,  /* at once; whose last packet is too old gives way */
	EARLY_OCTETS = 1500 /* what is longer is left out */
};

/* Before the cage. */
void early_open(void);
/* One that has no place is lost. */
void early_put(struct port *p, const struct addr *from, struct span packet);
/* The oldest that is not too old, until the next call; false: there is none, and the port has no place any more. */
bool early_take(struct port *p, struct addr *from, struct span *packet) __attribute__((warn_unused_result));
void early_forget(struct port *p);

void early_status(struct proc_status *s);

#endif
