/* SPDX-License-Identifier: ISC */
/* Codes that people dial to change what is theirs, and to pick up a call that rings elsewhere. */
#ifndef CORE_SERVICE_H
#define CORE_SERVICE_H

#include "call.h"

void service_init(void);
/* The code in c->dest may be used: do it, and tell the caller. */
void service_begin(struct call *c);

#endif
