/* SPDX-License-Identifier: ISC */
/* Which interface a media address is on. */
#ifndef NET_PLACE_H
#define NET_PLACE_H

#include "base/addr.h"

enum { PLACES_MAX = 64 };

/* The one Ethernet interface that has this address; 0: none, or several. Reads all addresses of the host when `fresh`. */
uint32_t place_of(const struct addr *a, bool fresh);

#endif
