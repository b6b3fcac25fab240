/* SPDX-License-Identifier: ISC */
/* An INVITE that begins a call. */
#ifndef CORE_INVITE_H
#define CORE_INVITE_H

#include "request.h"

struct leg;

void invite_on_request(struct request *r);

/* For whoever else takes an INVITE in: why its offer can't be taken (static), NULL: it can, or there is none; and what it offered. NULL: our
 * 200 offers. */
const char *invite_bad_offer(const struct request *r);
void invite_take_offer(struct leg *caller, const struct sdp *offer);

#endif
