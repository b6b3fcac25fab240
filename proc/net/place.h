/* SPDX-License-Identifier: ISC */
/* Which addresses this host has, and on which interface. */
#ifndef NET_PLACE_H
#define NET_PLACE_H

#include "base/addr.h"

/* Reads all addresses of the host, however many; what follows is of then. False: they could not be read, and what follows is as it
 * was. */
bool place_look(void);
/* The one Ethernet interface that has this address; 0: none, or several. */
uint32_t place_of(const struct addr *a);
/* Is it the host's own? */
bool place_is_here(const struct addr *a);

/* A number for the exchange that has these ports at this address: another one on this host has another, and its next life the same. */
uint32_t place_number(const struct addr *a, uint16_t lo);

#endif
