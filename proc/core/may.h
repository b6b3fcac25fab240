/* SPDX-License-Identifier: ISC */
/* `ringfence may`: the question of a call that nobody makes, built and answered as that of a call is (R14). */
#ifndef CORE_MAY_H
#define CORE_MAY_H

#include "ipc/child.h"

void may_init(void);
void may_on_want(struct link *from, const struct ipc_view *v);

#endif
