/* SPDX-License-Identifier: ISC */
#include "device.h"
#include "conn.h"
#include <stdlib.h>

static struct device *table;
static uint32_t table_n;
static bool known;

bool device_open(uint32_t max_phones)
{
	table_n = max_phones + 1; /* indexes may begin at 1 */
	table = calloc(table_n, sizeof *table);
	for (uint32_t i = 0; table && i < table_n; i++)
		table[i].newest = NO_SLOT;
	return table != NULL;
}

struct device *device_get(uint32_t index)
{
	return index < table_n ? &table[index] : NULL;
}

struct device *device_most_crowded(void)
{
	struct device *most = &table[0];

	for (uint32_t i = 1; i < table_n; i++)
		if (table[i].flows > most->flows)
			most = &table[i];
	return most;
}

bool device_all_known(void)
{
	return known;
}

void device_forget(void)
{
	known = false;
	for (uint32_t i = 0; i < table_n; i++)
		table[i].heard = false;
}

static void set_state(uint32_t index, uint8_t state, uint8_t flags, uint32_t epoch)
{
	struct device *d = &table[index];
	bool older = epoch != d->epoch;

	d->state = state;
	d->flags = flags;
	d->epoch = epoch;
	/* a new epoch makes older certificates void, those of open connections too (R1) */
	if (d->newest != NO_SLOT && (state != DEVICE_VALID || older))
		conn_close_device(index);
}

void device_on_state(struct link *from, const struct ipc_view *v)
{
	const struct msg_device_state *m = v->payload;
	struct device *d = device_get(m->device);

	if (!d || m->flags & ~(uint32_t)DEVICE_FLAGS) {
		child_accuse(from, "speaks of a phone that cannot be", 0, 0);
		return;
	}
	d->heard = true;
	set_state(m->device, m->state, (uint8_t)m->flags, m->epoch);
}

void device_on_done(struct link *from, const struct ipc_view *v)
{
	(void)from;
	(void)v;
	for (uint32_t i = 0; i < table_n; i++)
		if (!table[i].heard && table[i].state != DEVICE_NONE)
			set_state(i, DEVICE_NONE, 0, 0);
	known = true;
}
