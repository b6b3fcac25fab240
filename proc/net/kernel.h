/* SPDX-License-Identifier: ISC */
/* The programs and maps of bpf/ in the kernel: loaded, pinned in the current directory, attached to XDP and tc. */
#ifndef NET_KERNEL_H
#define NET_KERNEL_H

#include "base/addr.h"
#include "flow.h"
#include "wire.h"

struct kernel_shape {
	uint16_t lo, hi; /* ports of media */
	uint32_t ports;  /* that calls use */
	uint16_t listener[FLOW_LISTENERS_MAX];
	struct flow_ip media[FLOW_LISTENERS_MAX];
};

/* Adopt the maps that are pinned here, make what is missing, load the programs. 0 or -errno: the kernel, the host or its administrator
 * refuses; it may be tried again. */
int kernel_load(const struct kernel_shape *s) __attribute__((warn_unused_result));
/* It was refused, and what an earlier life of the same layout and site left relays on: its maps are had and all below acts on them, but that
 * no program is put anywhere. What can't be held so was taken away, and sockets relay. */
bool kernel_is_held(void);

/* Descriptors of the maps, -1 until they are loaded. */
int kernel_flows(void);
int kernel_tallies(void);
int kernel_ring(void);
int kernel_sends(void);

/* UNKNOWN: it could not be asked (is_lack()), and what was there may be there still */
enum kernel_engine { ENGINE_SOCKETS, ENGINE_TC, ENGINE_XDP, ENGINE_UNKNOWN };

/* At each look kernel_look(), then for each interface: the programs of this build are there, now if they were not: XDP's where it can run
 * (w: NULL where it is not to be tried), tc's in any case. After the last one, if none was UNKNOWN: kernel_attached(), which takes XDP away
 * from where it is no longer wanted. */
void kernel_look(void);
enum kernel_engine kernel_attach(uint32_t interface, const struct wire *w);
void kernel_attached(void);
/* The one that lets out what media sends many at once. 0 or -errno */
int kernel_attach_sender(uint32_t interface);
void kernel_detach(uint32_t interface);
/* The life before may have been killed, and this one be of other addresses or another build: its filters go from interfaces where this one has
 * none, and the maps of another build with them. False: not all could be seen. */
bool kernel_settle(bool (*is_used)(uint32_t interface));
/* What media of the build before writes for its programs holds for this build's too, as long as there is no media of this one: from the load on, and
 * at each look. False: there is nothing of it. */
bool kernel_follow_former(void);
/* That one is there, and is given the maps next. */
void kernel_end_former(void);
/* The number of the exchange (place.h) in that life; false: there was none. */
bool kernel_former(uint32_t *number);

/* As ban_map.h has it, and programs hear how many there are. */
bool kernel_ban(const struct addr *a, uint64_t until_ns);
void kernel_forget_bans(void); /* those that are over */

/* Does a call still go through the kernel, or into the exchange by its ring? */
bool kernel_in_use(void);
/* Nothing is left of it but what is attached. */
void kernel_unpin(void);

#endif
