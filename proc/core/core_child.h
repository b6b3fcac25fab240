/* SPDX-License-Identifier: ISC */
#ifndef CORE_CORE_CHILD_H
#define CORE_CORE_CHILD_H

#include "ipc/child.h"

/* core as child_main() takes it. */
extern const struct child core_child;

#endif
