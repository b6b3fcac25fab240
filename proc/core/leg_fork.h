/* SPDX-License-Identifier: ISC */
/* One INVITE makes several dialogs where it forks on its way (RFC 3261 12.1, 13.2.2.4). A leg follows one of them: the first, then the one
 * that sent media last, in the end the one that answers. Of the others it knows the tag, and no more of them than LEG_FORKS_MAX. */
#ifndef CORE_LEG_FORK_H
#define CORE_LEG_FORK_H

#include "leg.h"

void leg_fork_init(void);

/* Is this answer to our INVITE of another dialog than the one that is followed? */
bool leg_fork_is(const struct leg *l, const struct msg_response *m, const struct ipc_view *v);
/* An 18x of another rings. With media it is followed from here on: true, and it is processed as the leg's own. Without it is acknowledged
 * in its own dialog, if it must be (RFC 3262 4). */
bool leg_fork_rings(struct leg *l, const struct msg_response *m, const struct ipc_view *v, bool media)
    __attribute__((warn_unused_result));
/* What we offered becomes what this dialog agreed to, before it answers: the others may choose otherwise. */
void leg_fork_keep_offer(struct leg *l);
/* The first 2xx, before it is taken: whoever rang besides rings in vain. */
void leg_fork_settle(struct leg *l, const struct msg_response *m, const struct ipc_view *v);
/* A 2xx of another, after the first: acknowledged and hung up on, each time it comes (RFC 3261 13.2.2.4). */
void leg_fork_late(struct leg *l, const struct msg_response *m, const struct ipc_view *v);

#endif
