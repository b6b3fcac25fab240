/* SPDX-License-Identifier: ISC */
/* UDP's checksum of a datagram that no socket looked at (RFC 768, RFC 8200 8.1). Pure. */
#ifndef MEDIA_SUM_H
#define MEDIA_SUM_H

#include "base/addr.h"
#include "base/span.h"

/* check: as it stood in the header. True too: there is none, or it was still to be made, as between containers of one host; the sum of the
 * pseudo-header stands in its place then. Of damaged datagrams one in 32,768 passes. */
bool sum_ok(const struct addr *from, const struct addr *to, uint16_t check, struct span payload);

#endif
