/* SPDX-License-Identifier: ISC */
/* The socket engine: binds the port range at start, reads what comes, asks source, gate and police, and sends on. */
#ifndef MEDIA_ENGINE_H
#define MEDIA_ENGINE_H

#include "table.h"

/* Bind every port of the range on every media address of the site. Ports that can't be had are counted and refused
 * later, call by call. */
void engine_open(const struct site *s);

/* How many different media addresses the site has. */
uint32_t engine_addresses(const struct site *s);

/* Does the engine hold the sockets that this wish names? */
bool engine_has(const struct relay_spec *spec);
void engine_start(uint32_t index);
void engine_stop(uint32_t index);

void engine_ban(const struct addr *a, uint64_t until_ms);
void engine_status(struct proc_status *s);

/* From main.c: what core hears. */
void media_tell_varying(const struct relay_row *r, unsigned side);

#endif
