/* SPDX-License-Identifier: ISC */
#ifndef VOICE_VOICE_CHILD_H
#define VOICE_VOICE_CHILD_H

#include "ipc/child.h"

extern const struct child voice_child;

#endif
