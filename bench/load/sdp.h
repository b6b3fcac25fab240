/* SPDX-License-Identifier: ISC */
#ifndef LOAD_SDP_H
#define LOAD_SDP_H

#include <stddef.h>
#include <stdint.h>

enum { SDP_MAX = 512 };

/* PCMU with an SDES key (RFC 4568), fresh each time, at a port of the phone's own. Serves as offer and as
 * answer. The length, without the NUL. */
size_t sdp_write(uint32_t phone, char out[static SDP_MAX]);

#endif
