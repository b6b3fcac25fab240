/* SPDX-License-Identifier: ISC */
/* The sockets of media: every port of the range on every media address, bound at start, and shut while no call uses it. */
#ifndef MEDIA_PORTS_H
#define MEDIA_PORTS_H

#include "ipc/site.h"

/* How many there are on each address. Those that can't be had are counted and refused later, call by call. */
uint32_t ports_open(const struct site *s);
uint32_t ports_missing(void);

/* How many different media addresses the site has. */
uint32_t ports_addresses(const struct site *s);

/* -1: it is not ours. */
int ports_socket(const struct addr *local, uint16_t port);

/* local: with its port, as it was bound. Shut, it takes nothing in and holds nothing. */
void ports_let_in(int fd, const struct addr *local);
void ports_shut(int fd, const struct addr *local);

#endif
