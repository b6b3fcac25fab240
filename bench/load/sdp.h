/* SPDX-License-Identifier: ISC */
#ifndef LOAD_SDP_H
#define LOAD_SDP_H

#include "base/span.h"

enum { SDP_MAX = 512, SDP_HOST_MAX = 48 };

/* PCMU with an SDES key (RFC 4568), fresh each time, at this port. Serves as offer and as
 * answer. The length, without the NUL. */
size_t sdp_write(uint16_t port, char out[static SDP_MAX]);

/* The port of a phone's media. */
uint16_t sdp_port(uint32_t phone);

/* Where the other side wants media; false if it does not say. */
bool sdp_target(struct span sdp, char host[static SDP_HOST_MAX], uint16_t *port);

#endif
