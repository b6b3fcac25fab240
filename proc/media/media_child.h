/* SPDX-License-Identifier: ISC */
#ifndef MEDIA_MEDIA_CHILD_H
#define MEDIA_MEDIA_CHILD_H

#include "ipc/child.h"

/* media as child_main() takes it. */
extern const struct child media_child;

#endif
