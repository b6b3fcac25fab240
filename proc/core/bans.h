/* SPDX-License-Identifier: ISC */
/* Addresses that nobody listens to for a time: set by an administrator, told to media, net and the edges. They live in the arena
 * and outlive core, to the end of their time (R13, R28). */
#ifndef CORE_BANS_H
#define CORE_BANS_H

#include "arena/arena.h"
#include "ipc/child.h"

enum {
	BANS_MAX = 1024, /* as many as fit the table of media and edge */
	BAN_MAX_S = 365 * 24 * 3600,
};

struct ban {
	uint64_t until_ms;   /* CLOCK_BOOTTIME */
	struct addr address; /* as addr_of_ip() has it */
};

struct arena_shape bans_shape(void);
/* What is over, damaged, twice there, or an address that is the exchange's own by now, is not taken over. */
void bans_open(struct arena_table *t);

void bans_tell(struct link *l);

void bans_on_ctl(struct link *from, const struct ipc_view *v);
void bans_on_list(struct link *from, const struct ipc_view *v);
void bans_status(struct proc_status *s);

#endif
