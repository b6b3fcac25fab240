/* SPDX-License-Identifier: ISC */
/* An INVITE of ours that forked on its way may be answered once more while its transaction lasts, 64*T1 after the first 2xx (RFC 3261
 * 13.2.2.4, RFC 6026 7.2), though its leg is over: whoever does is in a call with nobody. Until then stays what it takes to acknowledge such
 * a 2xx and to hang up. LEG_LATE_MAX of them, the oldest makes room. Does not outlive core: edge does the same then. */
#ifndef CORE_LEG_LATE_H
#define CORE_LEG_LATE_H

#include "leg.h"

enum { LEG_LATE_MAX = 64, LEG_LATE_MS = 32000 };

/* This leg ends. True: its texts and the ask of its INVITE are here now. */
bool leg_late_keep(struct leg *l);
void leg_late_on_answer(const struct ask *a, const struct msg_response *m, const struct ipc_view *v);

void leg_late_status(struct proc_status *s);

#endif
