/* SPDX-License-Identifier: ISC */
/* Fixed phones that register from where no help would be sent to (R16): in no network that they are stored with, nor in one of another
 * fixed phone. A voice network that was renumbered, or phones that took to IPv6, show here before anybody needs help. */
#ifndef CORE_AWAY_H
#define CORE_AWAY_H

#include "flow.h"

enum {
	AWAY_AGAIN_MS = 24 * 3600 * 1000, /* until the same phone is an alarm again */
	AWAY_PACE_MS = 5000, /* between alarms of any: one that comes too soon has its turn at its next REGISTER */
};

void away_init(uint32_t max_phones);
/* Its phone has registered, or again: looked at now, and counted so until the next time. */
void away_registered(const struct flow *f);

void away_status(struct proc_status *s);

#endif
