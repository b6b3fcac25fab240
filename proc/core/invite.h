/* SPDX-License-Identifier: ISC */
/* An INVITE that begins a call. */
#ifndef CORE_INVITE_H
#define CORE_INVITE_H

#include "request.h"

void invite_on_request(struct request *r);

#endif
