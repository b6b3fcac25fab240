/* SPDX-License-Identifier: ISC */
#ifndef EDGE_EDGE_CHILD_H
#define EDGE_EDGE_CHILD_H

#include "ipc/child.h"

/* edge as child_main() takes it. */
extern const struct child edge_child;

#endif
