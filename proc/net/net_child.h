/* SPDX-License-Identifier: ISC */
#ifndef NET_NET_CHILD_H
#define NET_NET_CHILD_H

#include "ipc/child.h"

/* net as child_main() takes it. */
extern const struct child net_child;

#endif
