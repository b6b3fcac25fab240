/* SPDX-License-Identifier: ISC */
#include "conn_list.h"
#include "source.h"

static uint32_t handshakes, oldest_handshake = NO_SLOT, newest_handshake = NO_SLOT;

void handshake_add(struct conn *c)
{
	uint32_t slot = conn_slot(c);

	c->older = newest_handshake;
	c->newer = NO_SLOT;
	if (newest_handshake != NO_SLOT)
		conn_at(newest_handshake)->newer = slot;
	else
		oldest_handshake = slot;
	newest_handshake = slot;
	handshakes++;
}

struct conn *handshake_oldest(void)
{
	return oldest_handshake == NO_SLOT ? NULL : conn_at(oldest_handshake);
}

uint32_t handshake_count(void)
{
	return handshakes;
}

static void unlink_conn(struct conn *c)
{
	if (c->older != NO_SLOT)
		conn_at(c->older)->newer = c->newer;
	if (c->newer != NO_SLOT)
		conn_at(c->newer)->older = c->older;
}

void handshake_remove(struct conn *c)
{
	unlink_conn(c);
	if (oldest_handshake == conn_slot(c))
		oldest_handshake = c->newer;
	if (newest_handshake == conn_slot(c))
		newest_handshake = c->older;
	c->older = c->newer = NO_SLOT;
	source_leave(conn_slot(c));
	handshakes--;
}

void device_remove(struct conn *c)
{
	struct device *d = device_get(c->device);

	unlink_conn(c);
	if (d->newest == conn_slot(c))
		d->newest = c->older;
	c->older = c->newer = NO_SLOT;
	d->flows--;
}

static void close_oldest(struct device *d)
{
	uint32_t slot = d->newest;

	while (conn_at(slot)->older != NO_SLOT)
		slot = conn_at(slot)->older;
	conn_close(conn_at(slot), FLOW_CLOSED);
}

void device_add(struct conn *c, bool full)
{
	struct device *d = device_get(c->device);

	if (d->flows == FLOWS_PER_DEVICE) /* a phone that reconnects leaves old ones behind */
		close_oldest(d);
	else if (full && device_most_crowded()->flows > 1)
		close_oldest(
		    device_most_crowded()); /* so that there is room for the next one, who may need help (R16) */
	c->older = d->newest;
	c->newer = NO_SLOT;
	if (d->newest != NO_SLOT)
		conn_at(d->newest)->newer = conn_slot(c);
	d->newest = conn_slot(c);
	d->flows++;
}
