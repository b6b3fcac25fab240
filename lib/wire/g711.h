/* SPDX-License-Identifier: ISC */
/* From one law of G.711 to the other, an octet for an octet: a line knows the law of its country, and perhaps no other. */
#ifndef WIRE_G711_H
#define WIRE_G711_H

#include "wire/sdp.h"

/* Both are laws, and not the same. */
bool g711_is_other_law(uint8_t codec, uint8_t other);

/* payload, of this law (SDP_PCMU or SDP_PCMA), in the other one; out has room for as much, and may be the same memory. */
void g711_swap_law(uint8_t codec, struct span payload, uint8_t *out);

#endif
