/* SPDX-License-Identifier: ISC */
/* XDP at interfaces whose driver can: links pinned in the current directory, and the maps that say which wire an interface is. */
#ifndef NET_XDP_H
#define NET_XDP_H

#include "wire.h"

struct xdp_set {
	int program, wires, arrivals; /* descriptors */
};

/* After the maps were adopted: links of an earlier life are taken up. */
void xdp_start(const struct xdp_set *set);

/* At each look: xdp_begin(), xdp_take() for each interface that media is on, then, of a look that was whole, xdp_drop_rest() for what no
 * longer is. */
void xdp_begin(void);
bool xdp_take(uint32_t interface, const struct wire *w);
void xdp_drop_rest(void);

/* Is there one of ours, of whichever life? */
bool xdp_is_at(uint32_t interface);
/* None of ours is, whoever left it. */
void xdp_end_at(uint32_t interface);

/* Is there any? */
bool xdp_is_used(void);

#endif
