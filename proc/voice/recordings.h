/* SPDX-License-Identifier: ISC */
/* The site's recordings while calls run: at each reload those that are new, changed or gone, a little of the work each turn of the
 * wheel, so that what is said to anybody goes on. A file that is bad changes nothing. */
#ifndef VOICE_RECORDINGS_H
#define VOICE_RECORDINGS_H

#include "ipc/child.h"

void recordings_again(void); /* a reload: ask parent for them */
void recordings_on_give(struct link *from, const struct ipc_view *v);
void recordings_on_end(struct link *from, const struct ipc_view *v);

#endif
