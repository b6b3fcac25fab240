/* SPDX-License-Identifier: ISC */
/* ICE-lite (RFC 8445 2.5): answers the checks of a phone that knows our password; the check proves its address. Pure. */
#ifndef MEDIA_ICE_H
#define MEDIA_ICE_H

#include "ipc/relay.h"
#include "wire/stun.h"

enum ice_result { ICE_IGNORE, ICE_PROVED, ICE_STRANGER };

/* *answer holds what is to be sent back, if anything; *nominates the priority of a pair that is nominated, 0 for none. */
enum ice_result ice_check(const struct relay_side *side, const struct addr *from, struct span packet,
    struct buf *answer, uint32_t *nominates);

#endif
