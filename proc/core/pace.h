/* SPDX-License-Identifier: ISC */
/* How fast one phone, or all who call over one trunk, may begin calls and write texts. Each costs work, a record, and once its ports were told to
 * anybody their rest: a share of what there is at once is not enough (R27, T23). */
#ifndef CORE_PACE_H
#define CORE_PACE_H

#include "flow.h"

void pace_init(void);

/* One more call of this phone or trunk begins. False: too soon. So many may come at once, and as many again in eight seconds:
 * of a phone an eighth of the port slots and 30 at least, of a trunk two a line and 30; of neither more than half of the
 * slots. Not to be asked for calls for help (R16). */
bool pace_allows(const struct flow *f);

/* One more text of this phone: 20 at once, and two a second. Each rings on all phones of whom it is for, and is asked of the plan. */
bool pace_allows_text(const struct flow *f);

void pace_status(struct proc_status *s);

#endif
