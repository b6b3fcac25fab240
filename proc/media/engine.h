/* SPDX-License-Identifier: ISC */
/* The socket engine: reads what comes, asks source, gate and police, and sends on. */
#ifndef MEDIA_ENGINE_H
#define MEDIA_ENGINE_H

#include "table.h"

/* One datagram that came in, of an address that is the side's; the buckets are those of its port. */
struct arrival {
	uint32_t row;
	uint8_t side, component;
	const struct addr *from;
	uint8_t *p;
	size_t n;
	struct bucket *media, *keying;
};

void engine_open(const struct site *s);

/* Does the engine hold the sockets that this wish names? */
bool engine_has(const struct relay_spec *spec);
/* false: one of its ports cannot be opened. */
bool engine_start(uint32_t index) __attribute__((warn_unused_result));
/* What its ports hold of before it started. */
void engine_hear(uint32_t index);
void engine_stop(uint32_t index);

/* From our port of this side and component. */
void engine_send(const struct relay_side *local, unsigned component, const struct addr *to, struct span packet);
/* A packet of RTP of a side that ends here, as if its port had read it; octets of the caller's own. */
void engine_handed(uint32_t row, unsigned side, const struct addr *from, struct span packet);
void engine_drop(struct relay_row *r, unsigned side, enum drop why);
void engine_passed(struct relay_row *r, unsigned side);

/* One was turned away: an event, if the last was long ago. */
void engine_stranger(const struct addr *from);

void engine_ban(const struct addr *a, uint64_t until_ms);
void engine_status(struct proc_status *s);

/* From media_child.c: core hears that what this side agrees its keys by is not what signalling announced (T33). */
void media_tell_forged(const struct relay_row *r, unsigned side, enum relay_key key);
void media_tell_shut(const struct relay_row *r);

#endif
