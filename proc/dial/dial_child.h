/* SPDX-License-Identifier: ISC */
#ifndef DIAL_DIAL_CHILD_H
#define DIAL_DIAL_CHILD_H

#include "ipc/child.h"

extern const struct child dial_child;

#endif
