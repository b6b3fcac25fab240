/* SPDX-License-Identifier: ISC */
/* The map of those who are banned: what programs of bpf/ drop, and count. */
#ifndef NET_BAN_MAP_H
#define NET_BAN_MAP_H

#include "base/addr.h"

/* This map (a descriptor; -1: none) is meant from now on. */
void ban_map_use(int map);

/* until_ns: CLOCK_BOOTTIME; 0 lifts it. False: there is no room. */
bool ban_map_put(const struct addr *a, uint64_t until_ns) __attribute__((warn_unused_result));
/* Those that stand; found() may put and lift. */
void ban_map_each(void (*found)(const struct addr *a, uint64_t until_ns));
/* None is left that is over, and those that stand are counted anew. */
void ban_map_forget(void);

uint32_t ban_map_used(void);
uint64_t ban_map_dropped(void); /* packets, of bans that are over too */

#endif
