/* SPDX-License-Identifier: ISC */
/* Which phones' certificates are good: pushed by core, by device index, no secret. */
#ifndef EDGE_DEVICE_H
#define EDGE_DEVICE_H

#include "edge.h"
#include "holder.h"

#define DEVICE_NOBODY UINT32_MAX

struct device {
	uint32_t epoch;
	uint32_t newest; /* slot of its newest connection, NO_SLOT */
	uint8_t state, flags;
	uint8_t flows;
	bool heard; /* since the link to core came up */
	struct holder holds;
};

bool device_open(uint32_t max_phones);

/* NULL when there can be no such device. */
struct device *device_get(uint32_t index);

/* The one with most connections. */
struct device *device_most_crowded(void);

/* A new core will say all of them anew; what it leaves out is gone with DEVICES_DONE. */
void device_forget(void);
bool device_all_known(void);

void device_on_state(struct link *from, const struct ipc_view *v);
void device_on_done(struct link *from, const struct ipc_view *v);

#endif
