/* SPDX-License-Identifier: ISC */
/* Every ban that core tells, where it acts: in the map of the kernel's programs, if they are loaded, and in nftables for all other ports
 * of the host. What one of the two does not take the other has; neither is needed for calls. */
#ifndef NET_BANS_H
#define NET_BANS_H

#include "base/addr.h"
#include "ipc/status.h"

/* In the cage. The table of nftables is the exchange's of that number; bans of an earlier life stand until core had time to tell them
 * anew. `kernel`: kernel_load() did it. */
void bans_begin(uint32_t exchange, bool kernel);
/* It did so after all, or no longer. */
void bans_have_kernel(bool kernel);
void bans_end(void); /* nothing stands in nftables */
/* Nor of the number that the exchange had before. */
void bans_end_former(uint32_t exchange);

/* left_ms 0: it is lifted. This host itself is never banned. */
void bans_set(const struct addr *a, uint64_t left_ms);
/* Every few seconds: what is over is forgotten, and what somebody took out of nftables is put there again. */
void bans_look(void);

void bans_status(struct proc_status *s);

#endif
